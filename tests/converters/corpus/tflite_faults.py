"""The table of faults of TFLite files: what is wrong, a word that the message must hold, and the bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import flexbuffers

from converters.edge_graph import Graph, Op
from converters.tflite.writer import serialize
from tests.converters.tflite_files import changed, constant, one_op, tensor
from tests.converters.tflite_rows import POST, ints

FILE, CONV, CONV_NUMBER = "model.tflite", "operator 0 (CONV_2D)", "operator 0"


@dataclass(frozen=True)
class Fault:
    """One broken file."""

    name: str
    says: str
    data: bytes


def valid() -> bytes:
    """A convolution of 8 bits, then a softmax: tensors 0 input, 1 filter, 2 bias, 3 map, 4 result."""
    x, y = (tensor([1, 6, 5, 4], "int8", scale=0.05, zero=3) for _ in range(2))
    z = tensor([1, 6, 5, 4], "int8", scale=1 / 256, zero=-128)
    x.name, y.name, z.name = "x", "map", "z"
    filters = constant(np.arange(144).reshape(4, 3, 3, 4) - 70, "int8", scales=[0.01] * 4)
    window = {"padding": "SAME", "stride_w": 1, "stride_h": 1, "dilation_w_factor": 1, "dilation_h_factor": 1}
    bias = constant([1, 2, 3, 4], "int32", scales=[0.0005] * 4)
    ops = [Op("CONV_2D", [x, filters, bias], [y], window), Op("SOFTMAX", [y], [z], {"beta": 1.0})]
    return serialize(Graph([x], [z], ops))


VALID = valid()


def broken(name: str, says: str, change: Callable[[Any, Any], object]) -> Fault:
    """A fault that a function makes, given the file's model and its graph."""

    def apply(model: Any) -> None:
        change(model, model.subgraphs[0])

    return Fault(name, says, changed(VALID, apply))


def put(target: Any, place: str | int, value: Any) -> None:
    """Set an attribute or an entry, as an expression."""
    setattr(target, place, value) if isinstance(place, str) else target.__setitem__(place, value)


def operand(index: int) -> Callable[[Any, Any], object]:
    return lambda _model, graph: put(graph.operators[0], "inputs", [0, index, 2])


def bomb(operators: int = 50_000, operands: int = 50_000) -> bytes:
    """As many operators as operands, all of them the same table: half a megabyte that unfolds to 20 GB."""
    b = flatbuffers.Builder(1024)
    schema.OperatorStartInputsVector(b, operands)
    for _ in range(operands):
        b.PrependInt32(0)
    inputs = b.EndVector()
    schema.OperatorStart(b)
    schema.OperatorAddInputs(b, inputs)
    operator = schema.OperatorEnd(b)
    schema.SubGraphStartOperatorsVector(b, operators)
    for _ in range(operators):
        b.PrependUOffsetTRelative(operator)
    vector = b.EndVector()
    schema.TensorStart(b)
    one = schema.TensorEnd(b)
    schema.SubGraphStartTensorsVector(b, 1)
    b.PrependUOffsetTRelative(one)
    tensors = b.EndVector()
    schema.SubGraphStart(b)
    schema.SubGraphAddTensors(b, tensors)
    schema.SubGraphAddOperators(b, vector)
    graph = schema.SubGraphEnd(b)
    schema.OperatorCodeStart(b)
    code = schema.OperatorCodeEnd(b)
    schema.ModelStartOperatorCodesVector(b, 1)
    b.PrependUOffsetTRelative(code)
    codes = b.EndVector()
    schema.ModelStartSubgraphsVector(b, 1)
    b.PrependUOffsetTRelative(graph)
    graphs = b.EndVector()
    schema.ModelStart(b)
    schema.ModelAddSubgraphs(b, graphs)
    schema.ModelAddOperatorCodes(b, codes)
    b.Finish(schema.ModelEnd(b), b"TFL3")
    return bytes(b.Output())


def joined(axis: int) -> bytes:
    return one_op("CONCATENATION", [tensor([2, 3]), tensor([2, 3])], [tensor([4, 3])], axis=axis)


def reduced(axis: int) -> bytes:
    return one_op("MEAN", [tensor([2, 3]), ints(axis)], [tensor([2])])


FAULTS = [
    Fault("empty file", "empty", b""),
    Fault("random bytes", "not a TFLite model", np.random.default_rng(0).bytes(4096)),
    Fault("zeros", "not a TFLite model", bytes(4096)),
    Fault("HTML", "b'TFL3'", b"<!doctype html><html><head><title>404</title></head><body>Not found</body></html>"),
    Fault("another identifier", "b'TFL9'", VALID[:4] + b"TFL9" + VALID[8:]),
    Fault("nothing but a beginning", "truncated", VALID[:16]),
    Fault("half of the file", FILE, VALID[: len(VALID) // 2]),
    Fault("shared tables that unfold without end", "more entries than", bomb()),
    broken("no graph", "no graph", lambda model, _graph: put(model, "subgraphs", [])),
    broken("a tensor that does not exist", "it names tensor 99, and there are 5", operand(99)),
    broken("a negative tensor", "it names tensor -7", operand(-7)),
    broken("no filter", "lacks its input 1", operand(-1)),
    broken("operands left out", "lacks its input 0", lambda _m, graph: put(graph.operators[0], "inputs", [])),
    broken("an output that does not exist", "the graph's outputs", lambda _m, graph: put(graph, "outputs", [12])),
    broken("two results of one", "operator 1 (SOFTMAX)", lambda _m, g: put(g.operators[1], "outputs", [4, 3])),
    broken("nothing written yet", "nothing before it writes tensor 'map'", lambda _m, g: g.operators.reverse()),
    broken("an output that nothing writes", "output 'map'",
           lambda _m, g: (put(g, "outputs", [3]), put(g.operators[0], "outputs", [4]), g.operators.pop())),
    broken("an unknown operator", "builtin operator 9999",
           lambda model, _g: (put(model.operatorCodes[0], "builtinCode", 9999))),
    broken("an operator without a code", "its code is entry 9 of a table of 2",
           lambda _m, g: put(g.operators[0], "opcodeIndex", 9)),
    broken("a buffer that does not exist", "buffer 77", lambda _m, g: put(g.tensors[1], "buffer", 77)),
    broken("a buffer too short", "takes 144 bytes, and it has 100",
           lambda model, g: put(model.buffers[g.tensors[1].buffer], "data", [1] * 100)),
    broken("a buffer too long", "takes 144 bytes, and it has 200",
           lambda model, g: put(model.buffers[g.tensors[1].buffer], "data", [1] * 200)),
    broken("a shape beyond all memory", "bytes, and it has 144",
           lambda _m, g: put(g.tensors[1], "shape", [2**31 - 1] * 4)),
    broken("a negative size", "its shape is [1, -5]", lambda _m, g: put(g.tensors[0], "shape", [1, -5])),
    broken("too many axes", "at most 8 sizes", lambda _m, g: put(g.tensors[0], "shape", [1] * 9)),
    broken("a signature of another rank", "with the signature [1]",
           lambda _m, g: put(g.tensors[0], "shapeSignature", [1])),
    broken("an image without channels", f"{CONV}: input [1, 6] and filter",
           lambda _m, g: put(g.tensors[0], "shape", [1, 6])),
    broken("a filter of another depth", "model.tflite", lambda _m, g: put(g.tensors[1], "shape", [8, 3, 3, 2])),
    broken("a type without counterpart", "type STRING", lambda _m, g: put(g.tensors[0], "type", 5)),
    broken("a type that does not exist", "type 99", lambda _m, g: put(g.tensors[0], "type", 99)),
    broken("a padding that does not exist", "7 stands where one of SAME, VALID should",
           lambda _m, g: put(g.operators[0].builtinOptions, "padding", 7)),
    broken("an activation that has no counterpart", "its activation is SIGN_BIT",
           lambda _m, g: put(g.operators[0].builtinOptions, "fusedActivationFunction", 5)),
    broken("a state", "a state that calls share", lambda _m, g: put(g.tensors[0], "isVariable", True)),
    broken("too few scales", "3 scales", lambda _m, g: put(g.tensors[1].quantization, "scale", [1.0] * 3)),
    broken("too few zero points", "2 zero points", lambda _m, g: put(g.tensors[1].quantization, "zeroPoint", [0] * 2)),
    broken("scales along no axis", "along axis 9",
           lambda _m, g: put(g.tensors[1].quantization, "quantizedDimension", 9)),
    broken("an endless scale", "tensor 1", lambda _m, g: put(g.tensors[1].quantization, "scale", [np.inf] * 4)),
    broken("no scale", "its scale is 0", lambda _m, g: put(g.tensors[3].quantization, "scale", [0.0])),
    broken("a scale for each channel of a result", "has a scale for each channel", lambda _m, g: (
        put(g.tensors[3].quantization, "scale", [1.0] * 4), put(g.tensors[3].quantization, "zeroPoint", [0] * 4),
        put(g.tensors[3].quantization, "quantizedDimension", 3))),
    broken("a name twice", "names must differ", lambda model, _g: put(model.signatureDefs[0].outputs[0], "name", b"x")),
    Fault("a joint along no axis", "axis 5 does not exist in rank 2", joined(5)),
    Fault("a mean over no axis", "axis -3 does not exist in rank 2", reduced(-3)),
    Fault("options that are no map", "TFLite_Detection_PostProcess", one_op(
        "CUSTOM:TFLite_Detection_PostProcess", [tensor([1, 9, 4]), tensor([1, 9, 2]), constant(np.ones((9, 4)))],
        [tensor([1, 9, 4]), tensor([1, 9]), tensor([1, 9]), tensor([1])], options=b"\x07\xff\x01")),
    Fault("more detections than memory holds", "it selects 2,147,483,647 boxes", one_op(
        "CUSTOM:TFLite_Detection_PostProcess", [tensor([1, 9, 4]), tensor([1, 9, 2]), constant(np.ones((9, 4)))],
        [tensor([1, 9, 4]), tensor([1, 9]), tensor([1, 9]), tensor([1])],
        options=bytes(flexbuffers.Dumps(POST | {"max_detections": 2**31 - 1, "num_classes": 1})))),
    Fault("more classes than scores", "it names 1 of 5 classes for each box, and there are 2 scores", one_op(
        "CUSTOM:TFLite_Detection_PostProcess", [tensor([1, 9, 4]), tensor([1, 9, 2]), constant(np.ones((9, 4)))],
        [tensor([1, 9, 4]), tensor([1, 9]), tensor([1, 9]), tensor([1])], options=bytes(flexbuffers.Dumps(POST)))),
    Fault("options of another length", "Convolution2DTransposeBias", one_op(
        "CUSTOM:Convolution2DTransposeBias", [tensor([1, 2, 2, 1]), constant(np.ones((1, 2, 2, 1))), constant([0.0])],
        [tensor([1, 4, 4, 1])], options=b"\x01\x00")),
    Fault("a shape that does not hold the entries", "[2, 3] does not fit into [4, 2]", one_op(
        "RESHAPE", [tensor([2, 3]), ints(4, 2)], [tensor([4, 2])])),
]  # fmt: skip
