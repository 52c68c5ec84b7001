"""The real graphs that ship with onnx without their weights (`onnx/backend/test/data/light`), given random ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
from ai_edge_litert.interpreter import Interpreter
from onnx import numpy_helper

from converters.to_tflite import export
from quantize.recipes import apply
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

    Batch normalisation gets mean 0 and variance 1, so that activations keep their size from layer to layer. A final
    softmax is left out: with random weights it gives 0.001 or 1 for everything, which hides differences.
    """
    model = onnx.load(fetch() / "light" / f"light_{name}.onnx")
    model.ir_version = 8  # in which initializers need not be inputs
    graph, rng = model.graph, np.random.default_rng(seed)
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    ones = _multipliers(graph)
    for node in [node for node in graph.node if node.op_type == "ConstantOfShape"]:
        stored[node.output[0]] = _draw(rng, stored.pop(node.input[0]), one=node.output[0] in ones)
        graph.node.remove(node)
    for node in graph.node:
        if node.op_type == "BatchNormalization":
            stored[node.input[4]] = np.ones_like(stored[node.input[4]])
    if graph.node[-1].op_type == "Softmax":
        graph.output[0].name = graph.node[-1].input[0]
        del graph.node[-1]
    used = {name for node in graph.node for name in node.input}
    del graph.initializer[:]
    graph.initializer.extend(numpy_helper.from_array(array, key) for key, array in stored.items() if key in used)
    inputs = [value for value in graph.input if value.name.endswith("data_0")]
    del graph.input[:]
    graph.input.extend(inputs)
    return model


def _multipliers(graph: onnx.GraphProto) -> set[str]:
    """Return the names of vectors that scale activations: with zeros for them the whole model would return zeros."""
    names = {node.input[1] for node in graph.node if node.op_type in ("BatchNormalization", "Mul")}
    return names | {node.input[0] for node in graph.node if node.op_type == "Unsqueeze" and node.output[0] in names}


def _draw(rng: np.random.Generator, shape: np.ndarray, *, one: bool) -> np.ndarray:
    if len(shape) < 2:
        return np.full(shape, float(one), np.float32)
    fan_in = int(np.prod(shape[1:]))
    return rng.standard_normal(shape, np.float32) * np.float32(math.sqrt(2 / fan_in))


def save(name: str, folder: Path) -> Path:
    """Write a model to a file and return its path."""
    path = folder / f"{name}.onnx"
    onnx.save(light_model(name), path)
    return path


def image(seed: int) -> np.ndarray:
    """Return a random image `[1, 3, 224, 224]`, standard normal."""
    return np.random.default_rng(seed).standard_normal((1, 3, 224, 224), np.float32)


def quantized(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model in QDQ form, calibrated on four random images; per-channel scales need opset 13."""
    modern = onnx.version_converter.convert_version(model, 13)
    name = modern.graph.input[0].name
    calibration = [{name: image(seed)} for seed in range(100, 104)]
    return ir.to_proto(apply("w8a8_per_channel_minmax", ir.from_proto(modern), calibration))


def expected(model: onnx.ModelProto, images: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the logits `[1000]` that onnxruntime computes for each image."""
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return [session.run(None, {model.graph.input[0].name: x})[0].reshape(-1) for x in images]


def converted(model: onnx.ModelProto, precision: str, images: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the logits `[1000]` that LiteRT computes for each image from the converted model."""
    interpreter = Interpreter(model_content=export(ir.from_proto(model), precision=precision).files[".tflite"])
    interpreter.allocate_tensors()
    (given,), (result,) = interpreter.get_input_details(), interpreter.get_output_details()

    def run(x: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(given["index"], x)
        interpreter.invoke()
        return np.array(interpreter.get_tensor(result["index"])).reshape(-1)

    return [run(x) for x in images]


def cosine(x: np.ndarray, y: np.ndarray) -> float:
    """Return the cosine of the angle between two vectors."""
    return float(x @ y / np.linalg.norm(x) / np.linalg.norm(y))
