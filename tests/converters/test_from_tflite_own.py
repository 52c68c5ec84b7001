"""What our own exporter writes to TFLite comes back as an ONNX model that computes the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

from converters.to_tflite import export
from quantize.recipes import apply
from tests.conformance.light import expected, image, light_model
from tests.conformance.litert import compare, run
from tests.converters.random_graphs import random_model
from tests.converters.tflite_files import imported, run_onnx
from tests.graphs import convnet

CLOSE = {"fp32": 1e-5, "fp16": 1e-5, "w8a8": 0, "int8_dynamic": 0.05}  # of the largest logit


@pytest.mark.parametrize("seed", range(60))
def test_random_graphs_come_back(seed: int, tmp_path: Path):
    """Transposes, joints and convolutions in any order: the same numbers, and again after a second way out."""
    model = random_model(seed)
    [value] = model.graph.input
    shape = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
    feeds = {"x": np.random.default_rng(seed).standard_normal(shape).astype(np.float32)}
    data = export(ir.from_proto(model), precision="fp32").files[".tflite"]
    wanted = run(data, feeds)
    back = imported(data, tmp_path)
    assert compare(run_onnx(back, feeds), wanted) is None
    assert compare(run(export(back, precision="fp32").files[".tflite"], feeds), wanted) is None


@pytest.mark.parametrize("name", ["squeezenet", "shufflenet", "inception_v1"])
def test_real_graphs_come_back(name: str, tmp_path: Path):
    """With random weights: onnxruntime computes what it computed before the way through TFLite."""
    source, picture = light_model(name), image(0)
    back = imported(export(ir.from_proto(source), precision="fp32").files[".tflite"], tmp_path)
    [want] = expected(source, [picture])
    got = run_onnx(back, {back.graph.inputs[0].name: picture})[0].reshape(want.shape)
    assert np.abs(want - got).max() <= 1e-4 * np.abs(want).max()


@pytest.mark.parametrize("precision", CLOSE)
def test_every_precision_comes_back(precision: str, tmp_path: Path):
    """Whole numbers exactly; weights of 8 bits but for the rounding of activations that LiteRT adds."""
    rng = np.random.default_rng(0)
    feeds = [{"image": rng.normal(0, 1, (1, 1, 8, 8)).astype(np.float32)} for _ in range(8)]
    source = apply("w8a8_per_channel_minmax", convnet(), feeds) if precision == "w8a8" else convnet()
    data = export(source, precision=precision).files[".tflite"]
    back = imported(data, tmp_path)
    again = export(back, precision="w8a8" if precision == "w8a8" else "fp32").files[".tflite"]
    for feed in feeds:
        [want] = run(data, feed)
        for got in (run_onnx(back, feed)[0], run(again, feed)[0]):
            assert np.abs(want - got).max() <= CLOSE[precision] * np.abs(want).max()
