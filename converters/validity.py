"""What must be right in an ONNX message before anything reads its tensors or runs its nodes.

Files come from strangers: a kilobyte may claim gigabytes, name a file that is not the model's, or define a function by
itself. Those are sought here; the rest of the standard is checked by onnx's own checker and shape inference.
"""

from __future__ import annotations

import math
import re
from collections.abc import Container, Iterable, Iterator
from pathlib import Path

import onnx
import onnx_ir as ir
from onnx import FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto

from converters.errors import MalformedModel, Refusal

AGAIN = "download or export it again"
MOST_NODES = 120_000  # that a model may have once its functions are written out
# Not inferred, since onnx 1.23 refuses valid ones, or reads beyond its memory when an axis is large.
NOT_INFERRED = {"LayerNormalization", "MeanVarianceNormalization", "RMSNormalization"}
# Numbers of which a lowering may make as many operators.
WIDEST = {
    **dict.fromkeys(("dilations", "kernel_shape", "output_padding", "pads", "strides"), 2**16),
    **dict.fromkeys(("max_gram_length", "max_skip_count", "size"), 2**10),
    **dict.fromkeys(("output_height", "output_width", "sampling_ratio"), 2**10),
}
# Numbers that mean yes or no.
FLAGS = {
    "align_corners", "allowzero", "antialias", "ceil_mode", "center_point_box", "count_include_pad", "detect_negative",
    "detect_positive", "exclude_outside", "exclusive", "fmod", "input_forget", "interleaved", "inverse", "is_causal",
    "keepdims", "largest", "layout", "linear_before_reset", "noop_with_empty_axes", "onesided", "periodic", "reverse",
    "saturate", "select_last_index", "sorted", "storage_order", "training_mode", "transA", "transB", "upper",
}  # fmt: skip
# The least that some numbers may be. onnx's shape inference reads before its memory where `batch_dims` is negative, and
# LiteRT where `size` is.
LEAST = {
    **dict.fromkeys(("batch_dims", "block_size"), 0),
    **dict.fromkeys(
        ("blocksize", "group", "hidden_size", "num_groups", "output_height", "output_width", "p", "size"), 1
    ),
}
TERM = rb"[A-Za-z]*(\.\.\.)?[A-Za-z]*"
EQUATION = re.compile(rb"%b(,%b)*(->%b)?" % (TERM, TERM, TERM))  # on others, shape inference may never end
FUNCTION = tuple[str, str]


def check(model: ModelProto, folder: Path, left_out: Container[str]) -> None:
    """Raise `MalformedModel`, or `Refusal` for what is valid but not read, at the first fault.

    `folder` is where the file lies; `left_out` holds the names of top-level initializers that came without their bytes.
    """
    if not model.graph.output:
        raise MalformedModel("graph", "not an ONNX model (it has no outputs)", AGAIN)
    _check_opset(model)
    _check_values(model.graph)
    _check_functions(model)
    for node in _nodes(model):
        _check_node(node)
    for where, tensor, is_weight in _tensors(model):
        if min(tensor.dims, default=0) < 0:
            raise MalformedModel(where, f"its shape is {list(tensor.dims)}", AGAIN)
        if tensor.data_location == TensorProto.EXTERNAL:
            _check_external(folder, where, tensor, is_weight)
        elif not (is_weight and tensor.name in left_out):
            _check_size(where, tensor)
    _check_standard(model, left_out)


def _check_opset(model: ModelProto) -> None:
    newest = onnx.defs.onnx_opset_version()
    for entry in model.opset_import:
        if entry.domain in ("", "ai.onnx") and not 1 <= entry.version <= newest:
            why = f"its opset is {entry.version}, and known are 1 to {newest}"
            raise MalformedModel("graph", why, "export the model with an opset that is known")


def _check_values(graph: GraphProto) -> None:
    for value in (*graph.input, *graph.output):
        where = f"input or output {value.name!r}"
        _check_text(where, [value.name])
        sizes = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        if min(sizes, default=0) < 0:
            raise MalformedModel(where, f"its shape is {sizes}", "give sizes that vary a name")


def _check_text(where: str, names: Iterable[str | bytes]) -> None:
    """See that names are UTF-8; protobuf hands over others as bytes."""
    for name in names:
        if isinstance(name, bytes):
            raise MalformedModel(where, f"the name {name!r} is not UTF-8", AGAIN)


def _check_node(node: NodeProto) -> None:
    """See to what onnx's shape inference and the lowerings take on trust."""
    where = f"{node.op_type} node {node.name or ', '.join(map(str, node.output))!r}"
    _check_text(where, (node.op_type, node.domain, node.name, *node.input, *node.output))
    for attribute in node.attribute:
        widest, limit = max(abs(number) for number in (attribute.i, *attribute.ints)), WIDEST.get(attribute.name)
        if limit is not None and widest > limit:
            raise MalformedModel(where, f"its attribute {attribute.name} holds {widest:,}", f"stay below {limit:,}")
        if attribute.i < LEAST.get(attribute.name, attribute.i):
            why = f"its attribute {attribute.name} is {attribute.i}"
            raise MalformedModel(where, why, f"make it at least {LEAST[attribute.name]}")
        if attribute.name in FLAGS and attribute.i not in (0, 1):
            raise MalformedModel(where, f"its attribute {attribute.name} is {attribute.i}", "make it 0 or 1")
        if node.op_type == "Einsum" and not EQUATION.fullmatch(attribute.s.replace(b" ", b"")):
            raise MalformedModel(where, f"its equation is {attribute.s!r}", "correct the model")
        if attribute.name == "num_outputs" and attribute.i != len(node.output):
            why = f"it has {len(node.output)} outputs, and its num_outputs is {attribute.i}"
            raise MalformedModel(where, why, "correct the model")


# ---- functions


def _check_functions(model: ModelProto) -> None:
    """See that no function calls itself, and that writing them out ends at a moderate number of nodes."""
    bodies: dict[FUNCTION, FunctionProto] = {(body.domain, body.name): body for body in model.functions}
    sizes: dict[FUNCTION, int] = {}

    def size(nodes: Iterable[NodeProto], around: tuple[FUNCTION, ...]) -> int:
        total = 0
        for node in _all_nodes(nodes):
            key = (node.domain, node.op_type)
            where = f"{node.op_type} node {node.name!r}"
            if key in around or len(around) > 100:
                raise MalformedModel(where, "the function calls itself or nests too deep", "write the function out")
            if key in bodies and key not in sizes:
                sizes[key] = size(bodies[key].node, (*around, key))
            total += 1 + sizes.get(key, 0)
            if total > MOST_NODES:
                raise MalformedModel(where, f"its functions make more than {MOST_NODES:,} nodes", "use fewer functions")
        return total

    size(model.graph.node, ())
    for key, body in bodies.items():
        size(body.node, (key,))


# ---- tensors


def _graphs(graph: GraphProto) -> Iterator[GraphProto]:
    yield graph
    for node in graph.node:
        for inner in _subgraphs(node):
            yield from _graphs(inner)


def _subgraphs(node: NodeProto) -> Iterator[GraphProto]:
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _all_nodes(nodes: Iterable[NodeProto]) -> Iterator[NodeProto]:
    for node in nodes:
        yield node
        for graph in _subgraphs(node):
            yield from _all_nodes(graph.node)


def _nodes(model: ModelProto) -> Iterator[NodeProto]:
    for nodes in (model.graph.node, *(body.node for body in model.functions)):
        yield from _all_nodes(nodes)


def _tensors(model: ModelProto) -> Iterator[tuple[str, TensorProto, bool]]:
    """Yield every tensor, in subgraphs and functions as well: its place, and if it is a weight of the main graph."""
    for order, graph in enumerate(_graphs(model.graph)):
        for sparse in graph.sparse_initializer:
            where = f"initializer {sparse.values.name!r}"
            raise Refusal("sparse tensor", where, "its entries are stored sparsely", "export it as a dense tensor")
        for tensor in graph.initializer:
            yield f"initializer {tensor.name!r}", tensor, order == 0
    for node in _nodes(model):
        for attribute in node.attribute:
            for tensor in (*attribute.tensors, *([attribute.t] if attribute.HasField("t") else [])):
                yield f"{node.op_type} node {node.name!r}: attribute {attribute.name!r}", tensor, False


def _check_size(where: str, tensor: TensorProto) -> None:
    """See that the tensor has as many bytes or numbers as its type and shape say."""
    try:
        expected, got, unit = _sizes(tensor)
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedModel(where, f"{tensor.data_type} is no type of a tensor", AGAIN) from error
    if expected != got:
        why = f"its shape {list(tensor.dims)} takes {expected:,} {unit}, and it has {got:,}"
        raise MalformedModel(where, why, AGAIN)


def _sizes(tensor: TensorProto) -> tuple[int, int, str]:
    """Return how much the shape takes, how much there is, and of what."""
    count, dtype = math.prod(tensor.dims), ir.DataType(tensor.data_type)
    if dtype == ir.DataType.STRING:
        return count, len(tensor.string_data), "strings"
    if tensor.HasField("raw_data"):
        return (count * dtype.bitwidth + 7) // 8, len(tensor.raw_data), "bytes"
    field = onnx.helper.tensor_dtype_to_field(tensor.data_type)
    if dtype.bitwidth in (2, 4):  # several in each number
        count = (count * dtype.bitwidth + 7) // 8
    if dtype.name.startswith("COMPLEX"):
        count *= 2
    return count, len(getattr(tensor, field)), "numbers"


# ---- data in other files


def _check_external(folder: Path, where: str, tensor: TensorProto, is_weight: bool) -> None:
    """Let data lie in the model's folder only, and be there in the length that the shape takes."""
    entries = {entry.key: entry.value for entry in tensor.external_data}
    try:
        location, offset = entries["location"], int(entries.get("offset", 0))
        size = (math.prod(tensor.dims) * ir.DataType(tensor.data_type).bitwidth + 7) // 8
        length = int(entries.get("length", 0)) or size
        target = (folder / location).resolve()
    except (KeyError, TypeError, ValueError, OSError, RuntimeError) as error:
        raise MalformedModel(where, f"where its data lies is not well stated ({error})", AGAIN) from error
    if not target.is_relative_to(folder):
        raise MalformedModel(where, f"its data {location!r} lies outside the folder", "move it beside the model")
    if not target.is_file() or target.stat().st_nlink > 1:
        raise MalformedModel(where, f"its data {location!r} is missing or no plain file", "put it beside the model")
    there = target.stat().st_size
    if offset < 0 or length != size or offset + size > there:
        why = f"it takes {size:,} bytes, and is stated to have {length:,} from {offset:,} on in a file of {there:,}"
        raise MalformedModel(where, why, "download its data again")
    if not is_weight:
        why = "only weights of the main graph may lie in other files"
        raise Refusal("external data", where, why, "save the model in one file")


# ---- the standard


def _check_standard(model: ModelProto, left_out: Container[str]) -> None:
    """Run onnx's checker, and its shape inference on what follows from the inputs and weights alone."""
    bare = ModelProto()
    bare.CopyFrom(model)
    _weights_to_inputs(bare.graph, left_out)
    del bare.graph.value_info[:]
    tensors = [value.type.tensor_type for value in (*bare.graph.input, *bare.graph.output) if _is_tensor(value)]
    shapeless = [tensor for tensor in tensors if not tensor.HasField("shape")]
    for tensor in shapeless:
        tensor.shape.SetInParent()  # the checker asks for shapes, which may be left out
    try:
        onnx.checker.check_model(bare)
        for tensor in (*shapeless, *(value.type.tensor_type for value in bare.graph.output if _is_tensor(value))):
            tensor.ClearField("shape")  # exporters state wrong ones of outputs
        _infer(bare)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, RuntimeError, ValueError) as error:
        raise MalformedModel("graph", one_line(error), "correct the model, or export it again") from error


def _is_tensor(value: ValueInfoProto) -> bool:
    return bool(value.type.HasField("tensor_type"))


def _infer(model: ModelProto) -> None:
    nodes = [node for node in model.graph.node if node.op_type not in NOT_INFERRED]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    if not any(node.op_type in NOT_INFERRED for node in _nodes(model)):  # nor in subgraphs and functions
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)


def _weights_to_inputs(graph: GraphProto, left_out: Container[str]) -> None:
    """State weights whose bytes lie elsewhere as inputs, so that the checker does not ask for the bytes."""
    declared = {value.name for value in graph.input}
    kept = []
    for tensor in graph.initializer:
        if tensor.name not in left_out and tensor.data_location != TensorProto.EXTERNAL:
            kept.append(tensor)
        elif tensor.name not in declared:
            graph.input.append(onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    del graph.initializer[:]
    graph.initializer.extend(kept)


def one_line(error: Exception) -> str:
    """Return what onnx says over several lines as one."""
    return re.sub(r"\s+", " ", str(error)).strip(" .")
