"""ONNX file → ONNX graph in the one form that later steps work on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
from onnx_ir.passes.common import NameFixPass, RemoveInitializersFromInputsPass, ShapeInferencePass

from converters import graph
from converters.errors import in_file
from converters.importing.net import IR_VERSION, OPSET

OLDEST_OPSET = 13  # from which on operators mean what they mean today: Softmax one axis, Squeeze's axes an input
HALF, SINGLE = ir.DataType.FLOAT16, ir.DataType.FLOAT
TYPE_ATTRIBUTES = ("dtype", "to")  # whose number is a type of the result


def load(path: Path) -> ir.Model:
    """Return the model of a file, checked as `graph.load` does and raising what it raises.

    Weights are no inputs, names are unique, what follows of shapes is stated, and an opset below 13 is raised where
    ONNX can. A model that is float16 throughout becomes float32, inputs and outputs too: each weight keeps its value.
    """
    with in_file(path):
        model = graph.load(path)
        RemoveInitializersFromInputsPass()(model)
        model = _raised(model)
        if _is_half(model):
            _widen(model)
        NameFixPass()(model)
        ShapeInferencePass()(model)
        model.ir_version = max(model.ir_version, IR_VERSION)
        model.meta.pop(graph.CHECKED, None)
        graph.ensure_checked(model)
        return model


def _raised(model: ir.Model) -> ir.Model:
    """Return the model in a newer opset, or as it is where ONNX has no way to convert one of its operators."""
    if model.opset_imports.get("", OPSET) >= OLDEST_OPSET:
        return model
    try:
        return ir.from_proto(onnx.version_converter.convert_version(ir.to_proto(model), OPSET))
    except (onnx.version_converter.ConvertError, RuntimeError, ValueError):
        return model


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
    for part in (model.graph, *model.functions.values()):
        for node in part.all_nodes():
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


def _wide(tensor: ir.TensorProtocol) -> ir.Tensor:
    return ir.Tensor(tensor.numpy().astype(np.float32), name=tensor.name)
