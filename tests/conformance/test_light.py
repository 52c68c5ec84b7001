"""The real graphs that ship with onnx, with random weights, in every precision of TFLite."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest

from converters.lowering.fusion import fuse
from converters.lowering.interpreter import lower
from converters.tflite.target import TARGET
from converters.to_tflite import export
from tests.conformance.light import NAMES, image, light_model, quantized, save
from tests.conformance.litert import run

IMAGES = [image(seed) for seed in range(3)]
MEASURE = """
import resource, sys
from pathlib import Path
from converters.to_tflite import convert_file
convert_file(Path(sys.argv[1]), Path(sys.argv[2]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def outputs(model: onnx.ModelProto) -> list[np.ndarray]:
    """Return what onnxruntime computes for each image."""
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return [session.run(None, {model.graph.input[0].name: x})[0].reshape(-1) for x in IMAGES]


def converted(model: onnx.ModelProto, precision: str) -> list[np.ndarray]:
    """Return what LiteRT computes for each image from the converted model."""
    data = export(ir.from_proto(model), precision=precision).files[".tflite"]
    return [run(data, {model.graph.input[0].name: x})[0].reshape(-1) for x in IMAGES]


def cosine(x: np.ndarray, y: np.ndarray) -> float:
    """Return the cosine of the angle between two vectors."""
    return float(x @ y / np.linalg.norm(x) / np.linalg.norm(y))


@pytest.mark.parametrize("name", NAMES)
def test_fp32_is_the_same_model(name: str) -> None:
    """The float file gives onnxruntime's numbers to 1e-4 of the largest."""
    model = light_model(name)
    for want, got in zip(outputs(model), converted(model, "fp32"), strict=True):
        assert np.abs(want - got).max() <= 1e-4 * np.abs(want).max()
        assert cosine(want, got) >= 0.99999


@pytest.mark.parametrize("precision", ["fp16", "int8_dynamic"])
@pytest.mark.parametrize("name", NAMES)
def test_smaller_weights_stay_close(name: str, precision: str) -> None:
    """16-bit and 8-bit weights load, run and point the same way."""
    model = light_model(name)
    for want, got in zip(outputs(model), converted(model, precision), strict=True):
        assert cosine(want, got) >= (0.9999 if precision == "fp16" else 0.999)


@pytest.mark.parametrize("name", NAMES)
def test_w8a8_computes_what_the_quantised_graph_says(name: str) -> None:
    """The native 8-bit operators agree with onnxruntime's reading of the same QDQ graph, and with the float model."""
    model = light_model(name)
    graph = quantized(model)
    for real, want, got in zip(outputs(model), outputs(graph), converted(graph, "w8a8"), strict=True):
        assert cosine(want, got) >= 0.999
        assert cosine(real, got) >= 0.99


@pytest.mark.parametrize("name", [name for name in NAMES if name != "shufflenet"])
def test_convolutions_need_no_transpose_between_them(name: str) -> None:
    """A plain convolutional network holds one transpose, at its input; its output is a vector of classes."""
    kinds = Counter(op.kind for op in fuse(lower(ir.from_proto(light_model(name)), TARGET)).ops)
    assert kinds["TRANSPOSE"] == 1


def test_shufflenet_transposes_only_to_shuffle_channels() -> None:
    """Each of its 16 units shuffles channels once, which is a transpose by definition."""
    kinds = Counter(op.kind for op in fuse(lower(ir.from_proto(light_model("shufflenet")), TARGET)).ops)
    assert kinds["TRANSPOSE"] == 1 + 16


def test_memory_is_bounded_by_the_size_of_the_model(tmp_path: Path) -> None:
    """Converting VGG19 (575 MB) peaks below 2.5 times its size and 200 MB."""
    source = save("vgg19", tmp_path)
    command = [sys.executable, "-c", MEASURE, str(source), str(tmp_path / "vgg19.tflite")]
    peak = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert peak <= 2.5 * source.stat().st_size + 200e6
