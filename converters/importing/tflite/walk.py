"""Edge graph → ONNX model: each operator by its row in the table, then names, checks and shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import onnx_ir as ir
from onnx_ir.passes.common import RemoveUnusedNodesPass, ShapeInferencePass

from converters.edge_graph import Graph, Op, Tensor
from converters.errors import MalformedModel, Refusal
from converters.graph import ensure_checked
from converters.importing.tflite import operators  # noqa: F401 - fills the table of imports
from converters.importing.tflite.builder import Builder
from converters.importing.tflite.held import Held, Laid, is_quantized, quantized, unsigned
from converters.importing.tflite.node import IMPORTS, Node
from converters.importing.tflite.reader import reading

# Opset and IR version. In opset 21, the first that quantises to 16 bits, onnxruntime 1.31 fails to load some graphs of
# int8: it moves a DequantizeLinear over a Reshape and forgets the zero point.
VERSIONS, VERSIONS_OF_16_BITS = (20, 9), (21, 10)
COMPLEX = {"RFFT2D", "RESHAPE", "COMPLEX_ABS", "REAL", "IMAG"}
ACTIVATIONS: Mapping[str, tuple[float, float]] = {
    "RELU": (0, np.inf),
    "RELU_N1_TO_1": (-1, 1),
    "RELU6": (0, 6),
}


def to_onnx(graph: Graph) -> ir.Model:
    """Return the model: inputs and outputs as the graph names them, in its order, axes and types.

    Raises `Refusal` for an operator without an exact counterpart, `MalformedModel` for a graph that contradicts itself.
    """
    walk = Walk(graph)
    walk.open_inputs()
    for op in graph.ops:
        walk.visit(op)
    walk.close_outputs()
    walk.name_the_rest()
    builder = walk.builder
    half = any(is_quantized(held.tensor) and held.tensor.dtype.itemsize == 2 for held in walk.held.values())
    opset, ir_version = VERSIONS_OF_16_BITS if half else VERSIONS
    inside = ir.Graph(
        walk.inputs,
        walk.outputs,
        nodes=builder.nodes,
        initializers=builder.initializers,
        opset_imports={"": opset},
        name="main",
    )
    model = ir.Model(inside, ir_version=ir_version, producer_name="edgewise")
    RemoveUnusedNodesPass()(model)
    ensure_checked(model)
    ShapeInferencePass(data_prop=False)(model)  # which would count to 2^31 if a Range says so
    _state_outputs(inside, graph.outputs)
    return model


@dataclass
class Walk:
    """One graph on its way into ONNX."""

    graph: Graph
    builder: Builder = field(default_factory=Builder)
    held: dict[int, Held] = field(default_factory=dict)  # by id(tensor)
    inputs: list[ir.Value] = field(default_factory=list)
    outputs: list[ir.Value] = field(default_factory=list)

    def open_inputs(self) -> None:
        """Make the inputs, and keep all public names for what is public."""
        for tensor in (*self.graph.inputs, *self.graph.outputs):
            if tensor.dtype.kind == "c":
                raise Refusal("tensor", repr(tensor.name), "a public tensor is complex, which ONNX lacks", "split it")
        names = [tensor.name for tensor in (*self.graph.inputs, *self.graph.outputs)]
        if len(set(names)) < len(names) or "" in names:
            why = f"the inputs and outputs are called {names}, and names must differ"
            raise Refusal("graph", "inputs and outputs", why, "give each a name of its own in the signature")
        self.builder.taken.update(names)
        for tensor in self.graph.inputs:
            value = ir.Value(
                name=tensor.name,
                type=ir.TensorType(ir.DataType.from_numpy(tensor.dtype)),
                shape=_shape(tensor),
            )
            self.inputs.append(value)
            held = Held(self.builder, tensor, {False: value})
            if tensor.dtype != unsigned(tensor).dtype:
                stored = quantized(self.builder, held.real(), unsigned(tensor))
                held = Held(self.builder, unsigned(tensor), {False: stored})
            self.held[id(tensor)] = held

    def visit(self, op: Op) -> None:
        """Add the nodes of one operator."""
        with reading(op.where):
            if not self._folded(op):
                self._import(op)

    def _import(self, op: Op) -> None:
        function = IMPORTS.get(op.kind)
        if function is None:
            raise Refusal(op.kind, op.where, "it has no row in the table of imports", "use a model without it")
        node = Node(self.builder, op, [None if tensor is None else self._holding(op, tensor) for tensor in op.inputs])
        tensors = [tensor for tensor in (*op.inputs, *op.outputs) if tensor is not None]
        if op.kind not in COMPLEX and any(tensor.dtype.kind == "c" for tensor in tensors):
            raise node.refuse("it works on complex numbers", f"keep them to {', '.join(sorted(COMPLEX))}")
        results = function(node)
        many = [results] if isinstance(results, ir.Value | Laid) else results
        for tensor, result in zip(op.outputs, many, strict=True):
            self._keep(node, tensor, result if isinstance(result, Laid) else Laid(result, second=False))

    def _holding(self, op: Op, tensor: Tensor) -> Held:
        if id(tensor) not in self.held:
            if tensor.data is None:
                why = f"nothing before it writes tensor {tensor.name!r}, which it reads"
                raise MalformedModel(op.where, why, "export the model again")
            self.held[id(tensor)] = Held(self.builder, tensor)
        return self.held[id(tensor)]

    def _folded(self, op: Op) -> bool:
        """Take a constant that is stored in fewer bits for what DEQUANTIZE makes of it."""
        source = op.inputs[0] if op.inputs else None
        if op.kind != "DEQUANTIZE" or source is None or source.data is None or len(op.outputs) != 1:
            return False
        if not is_quantized(source):
            source = replace(source, data=source.data.astype(op.outputs[0].dtype), dtype=op.outputs[0].dtype)
        self.held[id(op.outputs[0])] = Held(self.builder, source)
        return True

    def _keep(self, node: Node, tensor: Tensor, result: Laid) -> None:
        """Apply the fused activation, quantise where the tensor is, name the value and hold it."""
        key, value = id(tensor), self._activated(node, tensor, result.value)
        tensor = unsigned(tensor)
        if is_quantized(tensor):
            value = quantized(self.builder, value, tensor)
        if not value.name:
            value.name = self.builder.unique(tensor.name)
        self.held[key] = Held(self.builder, tensor, {result.second: value})

    def _activated(self, node: Node, tensor: Tensor, value: ir.Value) -> ir.Value:
        name = node.attribute("fused_activation_function", "NONE")
        if name == "NONE" or _is_implied(name, tensor):
            return value
        if name == "RELU":
            return self.builder.op("Relu", value)
        if name in ACTIVATIONS:
            low, high = ACTIVATIONS[name]
            return self.builder.op("Clip", value, self.builder.constant(low), self.builder.constant(high))
        if name == "TANH":
            return self.builder.op("Tanh", value)
        raise node.refuse(f"its activation is {name}", "apply it in an operator of its own")

    def close_outputs(self) -> None:
        """Give each public output a value of its own, which bears its name."""
        for tensor in self.graph.outputs:
            held = self._holding(Op("OUTPUT", [tensor], [], where=f"output {tensor.name!r}"), tensor)
            value = held.real() if tensor.dtype.kind == "f" else held.as_stored()
            if tensor.dtype != held.tensor.dtype and is_quantized(tensor):
                value = quantized(self.builder, held.real(), tensor)
            if value.producer() is None or value in self.outputs:
                value = self.builder.op("Identity", value)
            value.name, value.type = tensor.name, ir.TensorType(ir.DataType.from_numpy(tensor.dtype))
            self.outputs.append(value)

    def name_the_rest(self) -> None:
        """Name the values inside operators."""
        for node in self.builder.nodes:
            for value in node.outputs:
                value.name = value.name or self.builder.unique(node.op_type.lower())


def _is_implied(activation: str, tensor: Tensor) -> bool:
    """Tell whether a quantised tensor can only hold what the activation lets pass."""
    if activation not in ACTIVATIONS or not is_quantized(tensor) or tensor.quantization is None:
        return False
    limits, zero = np.iinfo(tensor.dtype), int(tensor.quantization.zero_point[0])
    low, high = (limit / float(tensor.quantization.scale[0]) + zero for limit in ACTIVATIONS[activation])
    return low <= limits.min + 0.5 and high >= limits.max - 0.5


def _shape(tensor: Tensor) -> ir.Shape:
    return ir.Shape(f"{tensor.name}_{axis}" if size is None else size for axis, size in enumerate(tensor.shape))


def _state_outputs(graph: ir.Graph, tensors: Sequence[Tensor]) -> None:
    """State the sizes that onnx could not infer as the file has them, unless they are those of an input.

    Files without shape signatures state no axes at all for outputs whose sizes depend on data.
    """
    known = {dim for value in graph.inputs for dim in value.shape or ()}
    for value, tensor in zip(graph.outputs, tensors, strict=True):
        stated = _shape(tensor)
        if value.shape is None or len(value.shape) == len(stated):
            inferred = value.shape or [None] * len(stated)
            sizes = zip(inferred, stated, strict=True)
            value.shape = ir.Shape(a if isinstance(a, int) or a in known else b for a, b in sizes)
