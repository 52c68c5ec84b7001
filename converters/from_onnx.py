"""ONNX file → ONNX graph in the one form that later steps work on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
from onnx_ir.passes.common import (
    NameFixPass,
    RemoveInitializersFromInputsPass,
    RemoveUnusedNodesPass,
    ShapeInferencePass,
)

from converters import graph
from converters.edge_graph import Array
from converters.errors import in_file
from converters.importing.net import IR_VERSION, OPSET

OLDEST_OPSET = 13  # from which on operators mean what they mean today: Softmax one axis, Squeeze's axes an input
HALF, SINGLE = ir.DataType.FLOAT16, ir.DataType.FLOAT
TYPE_ATTRIBUTES = ("dtype", "to")  # whose number is a type of the result


def load(path: Path) -> ir.Model:
    """Return the model of a file, checked as `graph.load` does and raising what it raises.

    Weights are no inputs, what no output needs is left out, names are unique, what follows of shapes is stated, and an
    opset below 13 is raised where that changes no number. A model that is float16 throughout becomes float32, inputs
    and outputs too; each weight keeps its value.
    """
    with in_file(path):
        model = graph.load(path)
        RemoveInitializersFromInputsPass()(model)
        RemoveUnusedNodesPass()(model)
        model.ir_version = max(model.ir_version, IR_VERSION)
        if _is_half(model):
            _widen(model)
        model = _raised(model)
        NameFixPass()(model)
        ShapeInferencePass()(model)
        model.meta.pop(graph.CHECKED, None)
        graph.ensure_checked(model)
        return model


# ---- opset


def _raised(model: ir.Model) -> ir.Model:
    """Return the model in a newer opset, or as it is where that fails or would change what it computes.

    ONNX's converter alters some meanings, such as where Resize of opset 10 samples; so both models are run once.
    """
    if model.opset_imports.get("", OPSET) >= OLDEST_OPSET:
        return model
    old = ir.to_proto(model)
    try:
        new = onnx.version_converter.convert_version(old, OPSET)
        feeds = _random_feeds(model.graph)
        wanted, got = (_run(proto, feeds) for proto in (old, new))
    except Exception:  # the converter and the runtime raise whatever they meet; the old opset stays valid
        return model
    same = all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in zip(wanted, got, strict=True))
    return ir.from_proto(new) if same else model


def _random_feeds(graph_: ir.Graph) -> dict[str, Array]:
    """Return inputs for one run: numbers from 0 to 1, or 0 and 1; a batch that varies is 1, other sizes are 64."""
    rng, feeds = np.random.default_rng(0), {}
    for value in graph_.inputs:
        if value.shape is None or value.dtype is None:
            raise ValueError(f"input {value.name!r} has no type or shape")
        sizes = [dim if isinstance(dim, int) else 64 if axis else 1 for axis, dim in enumerate(value.shape)]
        drawn = rng.random(sizes) if value.dtype.is_floating_point() else rng.integers(0, 2, sizes)
        feeds[value.name or ""] = drawn.astype(value.dtype.numpy())
    return feeds


def _run(proto: onnx.ModelProto, feeds: Mapping[str, Array]) -> list[Array]:
    """Return the outputs, every node by itself: fusing rounds differently from opset to opset."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return [np.asarray(result) for result in session.run(None, dict(feeds))]


# ---- float16


def _is_half(model: ir.Model) -> bool:
    """Tell whether all that the model is given and holds in floating point is float16."""
    values = [*model.graph.inputs, *model.graph.initializers.values()]
    floats = {value.dtype for value in values if value.dtype is not None and value.dtype.is_floating_point()}
    return floats == {HALF}


def _widen(model: ir.Model) -> None:
    """Make float32 of all float16, in place."""
    for value in [*model.graph.inputs, *model.graph.initializers.values()]:
        _widen_value(value)
    parts: list[ir.Graph | ir.Function] = [model.graph, *model.functions.values()]
    for node in (node for part in parts for node in part.all_nodes()):
        for name, attribute in node.attributes.items():
            node.attributes[name] = _widened(attribute)
        for value in node.outputs:
            _widen_value(value)


def _widen_value(value: ir.Value) -> None:
    if value.const_value is not None and value.const_value.dtype == HALF:
        value.const_value = _wide(value.const_value)
    if value.dtype == HALF:
        value.dtype = SINGLE


def _widened(attribute: ir.Attr) -> ir.Attr:
    """Return an attribute with tensors, and types of results, as float32; subgraphs' nodes come by themselves."""
    if attribute.type == ir.AttributeType.TENSOR and attribute.as_tensor().dtype == HALF:
        return ir.AttrTensor(attribute.name, _wide(attribute.as_tensor()))
    if attribute.type == ir.AttributeType.INT and attribute.name in TYPE_ATTRIBUTES and attribute.as_int() == HALF:
        return ir.AttrInt64(attribute.name, int(SINGLE))
    if attribute.type == ir.AttributeType.GRAPH:
        for value in (*attribute.as_graph().inputs, *attribute.as_graph().initializers.values()):
            _widen_value(value)
    return attribute


def _wide(tensor: ir.TensorProtocol) -> ir.TensorProtocol:
    return ir.Tensor(tensor.numpy().astype(np.float32), name=tensor.name)
