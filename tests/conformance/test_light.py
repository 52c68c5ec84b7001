"""The real graphs that ship with onnx, with random weights, in every precision of TFLite."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from converters.lowering.fusion import fuse
from converters.lowering.interpreter import lower
from converters.tfjs.rewriting import rewrite
from converters.tfjs.target import TARGET as TFJS
from converters.tflite.target import TARGET as TFLITE
from tests.conformance.light import NAMES, converted, cosine, expected, image, light_model, quantized, save

FORMATS = (("TFLite", TFLITE, fuse), ("TF.js", TFJS, rewrite))
IMAGES = [image(seed) for seed in range(10)]
KEPT = 9  # winners of these
MEASURE = """
import sys
from pathlib import Path
from converters.to_tflite import convert_file
convert_file(Path(sys.argv[1]), Path(sys.argv[2]))
print(Path("/proc/self/status").read_text())
"""


@dataclass(frozen=True)
class Light:
    """One model, and what onnxruntime computes with it."""

    name: str
    model: onnx.ModelProto

    @cached_property
    def wanted(self) -> list[np.ndarray]:
        """The outputs for each image."""
        return expected(self.model, IMAGES)


@pytest.fixture(scope="module", params=NAMES)
def light(request: pytest.FixtureRequest) -> Light:
    """Each of the models in turn; up to 575 MB, so one at a time."""
    return Light(request.param, light_model(request.param))


def winners_kept(wanted: list[np.ndarray], got: list[np.ndarray]) -> int:
    """Return for how many images the largest logit is the same."""
    return sum(int(w.argmax() == g.argmax()) for w, g in zip(wanted, got, strict=True))


def test_fp32_is_the_same_model(light: Light) -> None:
    """The float file gives onnxruntime's numbers to 1e-4 of the largest."""
    for want, got in zip(light.wanted, converted(light.model, "fp32", IMAGES), strict=True):
        assert np.abs(want - got).max() <= 1e-4 * np.abs(want).max()
        assert cosine(want, got) >= 0.99999


@pytest.mark.parametrize(("precision", "least"), [("fp16", 0.9999), ("int8_dynamic", 0.999)])
def test_smaller_weights_stay_close(light: Light, precision: str, least: float) -> None:
    """16-bit and 8-bit weights load, run, point the same way, and name the same winner for nine images in ten."""
    results = converted(light.model, precision, IMAGES)
    assert min(map(cosine, light.wanted, results)) >= least
    assert winners_kept(light.wanted, results) >= KEPT


def test_w8a8_computes_what_the_quantised_graph_says(light: Light) -> None:
    """The native 8-bit operators agree with onnxruntime's reading of the same QDQ graph, and with the float model."""
    graph = quantized(light.model)
    results = converted(graph, "w8a8", IMAGES)
    assert min(map(cosine, expected(graph, IMAGES), results)) >= 0.999
    assert min(map(cosine, light.wanted, results)) >= 0.999
    assert winners_kept(light.wanted, results) >= KEPT


def test_transposes_stand_at_the_boundary(light: Light) -> None:
    """A convolutional network is transposed once, at its input; ShuffleNet's 16 channel shuffles add none."""
    graphs = {name: finish(lower(ir.from_proto(light.model), target)) for name, target, finish in FORMATS}
    found = {name: Counter(op.kind for op in graph.ops)["TRANSPOSE"] for name, graph in graphs.items()}
    assert found == {"TFLite": 1, "TF.js": 1}


def test_memory_is_bounded_by_the_size_of_the_model(tmp_path: Path) -> None:
    """Converting VGG19 (575 MB) peaks below 2.5 times its size and 200 MB."""
    source = save("vgg19", tmp_path)
    command = [sys.executable, "-c", MEASURE, str(source), str(tmp_path / "vgg19.tflite")]
    status = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    assert int(peak) * 1024 <= 2.5 * source.stat().st_size + 200e6
