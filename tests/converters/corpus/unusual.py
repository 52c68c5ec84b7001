"""The table of unusual models that break no rule, or none that matters: they are converted, or refused by name."""

from __future__ import annotations

import itertools

import numpy as np
from onnx import AttributeProto, ModelProto, NodeProto, TensorProto, TrainingInfoProto, helper

from tests.converters.corpus.models import call, function, model, node, tensor, value, with_attribute

W = np.ones((4, 4), np.float32)
RELU = node("Relu", "x")


def _named(name: str) -> ModelProto:
    nodes = [helper.make_node("Relu", ["x"], [name], name=name), helper.make_node("Neg", [name], ["y"], name=name)]
    return model(*nodes)


def _chain(length: int) -> ModelProto:
    names = ["x", *(f"v{i}" for i in range(length - 1)), "y"]
    nodes = [helper.make_node("Neg", [a], [b]) for a, b in itertools.pairwise(names)]
    return model(*nodes)


def _trained() -> ModelProto:
    result = model(RELU)
    result.training_info.append(TrainingInfoProto(algorithm=result.graph, initialization=result.graph))
    return result


def _of_whole_numbers(op: NodeProto) -> ModelProto:
    result = model(op)
    result.graph.output[0].CopyFrom(value("y", None, TensorProto.INT64))
    return result


UNUSUAL: dict[str, ModelProto] = {
    "attribute that is not a number": model(node("LeakyRelu", "x", alpha=float("nan"))),
    "attribute without end": model(node("Elu", "x", alpha=float("inf"))),
    "clip to what is not a number": model(node("Clip", "x w"), tensors={"w": np.array(np.nan, np.float32)}),
    "attribute nobody knows": model(with_attribute(RELU, "colour", AttributeProto.STRING, s=b"\xff\xfe")),
    "size zero": model(RELU, inputs={"x": [0, 4]}),
    "weight of size zero": model(node("MatMul", "x w"), inputs={"x": [1, 0]}, tensors={"w": W[:0]}),
    "mean of nothing": model(node("ReduceMean", "x", axes=[1]), inputs={"x": [1, 0]}),
    "rank 1000": model(RELU, inputs={"x": [1] * 1000}),
    "input without a shape": model(RELU, inputs={"x": None}),
    "no input": model(node("Identity", "w"), inputs={}, tensors={"w": W}),
    "no node": model(inputs={"y": [1]}),
    "weight as output": model(inputs={}, tensors={"y": W}),
    "empty name": _named("the name is \0"),
    "name that turns the text": _named("\u202e\u2066\n\r\x1b[31m"),
    "name of a path": _named("../../etc/passwd"),
    "name of a megabyte": _named("n" * 2**20),
    "fault beside a name of a megabyte": model(helper.make_node("Frobnicate", ["x"], ["y"], name="n" * 2**20)),
    "20,000 nodes": _chain(20_000),
    "training": _trained(),
    "function": model(call("f", "x", "y"), functions=[function("f", helper.make_node("Relu", ["a"], ["b"]))]),
    "whole numbers as output": _of_whole_numbers(node("Shape", "x")),
    "numbers of 4 bits": model(node("DequantizeLinear", "w s"), opset=21, tensors={
        "w": tensor("w", [3], TensorProto.INT4, raw_data=b"\x21\x03"), "s": np.array(0.5, np.float32)}),
}  # fmt: skip
