"""The real graphs that ship with onnx without their weights (`onnx/backend/test/data/light`), given random ones."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from tests.conformance.cases import fetch

NAMES = (
    "bvlc_alexnet",
    "densenet121",
    "inception_v1",
    "inception_v2",
    "resnet50",
    "shufflenet",
    "squeezenet",
    "vgg19",
    "zfnet512",
)


def light_model(name: str, seed: int = 0) -> onnx.ModelProto:
    """Return a model whose placeholder weights are drawn as K. He does (normal, variance 2 / fan-in).

    Batch normalisation gets mean 0 and variance 1, so that activations keep their size from layer to layer.
    """
    model = onnx.load(fetch() / "light" / f"light_{name}.onnx")
    graph, rng = model.graph, np.random.default_rng(seed)
    variances = {node.input[4] for node in graph.node if node.op_type == "BatchNormalization"}
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    drawn = {}
    for node in [node for node in graph.node if node.op_type == "ConstantOfShape"]:
        drawn[node.output[0]] = _draw(rng, stored.pop(node.input[0]))
        graph.node.remove(node)
    stored |= drawn | {name: np.ones_like((stored | drawn)[name]) for name in variances}
    del graph.initializer[:]
    graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in stored.items())
    inputs = [value for value in graph.input if value.name == _data_input(graph)]
    del graph.input[:]
    graph.input.extend(inputs)
    return model


def _data_input(graph: onnx.GraphProto) -> str:
    return next(value.name for value in graph.input if value.name.endswith("data_0"))


def _draw(rng: np.random.Generator, shape: np.ndarray) -> np.ndarray:
    if len(shape) < 2:
        return np.zeros(shape, np.float32)
    fan_in = int(np.prod(shape[1:]))
    return rng.standard_normal(shape, np.float32) * np.float32(math.sqrt(2 / fan_in))


def save(name: str, folder: Path) -> Path:
    """Write a model to a file and return its path."""
    path = folder / f"{name}.onnx"
    onnx.save(light_model(name), path)
    return path
