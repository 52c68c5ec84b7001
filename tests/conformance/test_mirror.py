"""Real models with their trained weights, from a folder beside this repository: `../shared/mirror`.

Its `index.json` lists the files, which lie in `sha256/` under their digests.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest

from converters.lowering.fusion import fuse
from converters.lowering.interpreter import lower
from converters.tfjs.rewriting import rewrite
from converters.tfjs.target import TARGET as TFJS
from converters.tflite.shuffles import without_shuffles
from converters.tflite.target import TARGET as TFLITE
from converters.to_tfjs import export as export_tfjs
from converters.to_tflite import export
from tests.conformance.litert import run
from tests.conformance.tfjs import run as run_tfjs

pytestmark = pytest.mark.shared

MIRROR = Path(__file__).parents[3] / "shared" / "mirror"
SIZES = {"silero-vad-16k": {"input": (1, 576), "state": (2, 1, 128)}}  # an LSTM needs its number of steps beforehand
FEEDS = {"sr": np.array(16_000, np.int64)}
DTYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int32)": np.int32}
# Largest difference relative to the largest output, where it is not 5e-4.
LOOSE = {
    "selfie-segmentation-landscape-onnx": 1e-2,  # onnxruntime's optimiser alone makes a difference of 3e-3
    "squeezenet-1.0-fp16": 2e-3,  # computed in float32 here, in float16 there
}
# Transposes for shuffles that move half an image's channels.
SHUFFLES = {"TFLite": {"shufflenet-v2-int8": 13}, "TF.js": {"shufflenet-v2-int8": 13, "nanodet-m-416": 13}}


@dataclass(frozen=True)
class Mirrored:
    """One model of the folder."""

    name: str
    path: Path

    @cached_property
    def proto(self) -> onnx.ModelProto:
        """The model, with the sizes of `SIZES`."""
        model = onnx.load(self.path)
        for value in model.graph.input:
            for dim, size in zip(
                value.type.tensor_type.shape.dim, SIZES.get(self.name, {}).get(value.name, ()), strict=False
            ):
                dim.dim_value = size
        return model

    @property
    def graph(self) -> ir.Model:
        """The model as converters take it."""
        return ir.from_proto(self.proto)

    @property
    def is_quantized(self) -> bool:
        """Tell whether the file computes in 8 bits."""
        return any("QLinear" in node.op_type for node in self.proto.graph.node)

    @cached_property
    def session(self) -> onnxruntime.InferenceSession:
        """The reference, which computes what the graph says, node by node."""
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(self.proto.SerializeToString(), options)

    @cached_property
    def feeds(self) -> dict[str, Any]:
        """Random inputs: 0..1, or whole numbers 0..255; a batch of 1 where the size is open."""
        rng = np.random.default_rng(0)
        drawn = {}
        for given in self.session.get_inputs():
            shape = [size if isinstance(size, int) else 1 for size in given.shape]
            drawn[given.name] = FEEDS.get(given.name)
            if drawn[given.name] is None:
                array = rng.integers(0, 256, shape) if "int" in given.type else rng.random(shape)
                drawn[given.name] = array.astype(DTYPES[given.type])
        return drawn

    @cached_property
    def wanted(self) -> list[Any]:
        """What onnxruntime returns."""
        return list(self.session.run(None, self.feeds))

    def check(self, outputs: list[Any]) -> None:
        """Compare with onnxruntime; rounding to 8 bits goes its own way after a difference of one step."""
        for got, want in zip(outputs, self.wanted, strict=True):
            assert got.shape == want.shape
            x, y = got.astype(np.float64).ravel(), want.astype(np.float64).ravel()
            if self.is_quantized:
                assert x @ y / np.linalg.norm(x) / np.linalg.norm(y) >= 0.98
            else:
                assert np.abs(x - y).max() <= LOOSE.get(self.name, 5e-4) * np.abs(y).max()


def mirrored() -> list[Any]:
    """Every ONNX file of the folder as a parameter, or one that says why there is none."""
    if not MIRROR.is_dir():
        return [pytest.param(None, marks=pytest.mark.skip(reason="the folder ../shared/mirror is not there"))]
    rows = [row for row in json.loads((MIRROR / "index.json").read_text()) if row["format"] == "onnx"]
    return [pytest.param(Mirrored(row["id"], MIRROR / "sha256" / row["sha256"]), id=row["id"]) for row in rows]


@pytest.mark.parametrize("model", mirrored())
def test_litert_computes_what_onnxruntime_does(model: Mirrored) -> None:
    """A published model converts as it was downloaded, and keeps its numbers."""
    precision = "w8a8" if model.is_quantized else "fp32"
    model.check(run(export(model.graph, precision=precision).files[".tflite"], model.feeds))


@pytest.mark.browser
@pytest.mark.parametrize("model", mirrored())
def test_tfjs_computes_what_onnxruntime_does(model: Mirrored, tmp_path) -> None:
    """The same in a real browser."""
    result = run_tfjs(tmp_path / "model", export_tfjs(model.graph, precision="fp32").files, model.feeds)
    assert result.error == ""
    model.check([result.outputs[output.name] for output in model.session.get_outputs()])


@pytest.mark.parametrize(
    ("target", "finish"),
    [(TFLITE, lambda graph: without_shuffles(fuse(graph))), (TFJS, rewrite)],
    ids=["tflite", "tfjs"],
)
@pytest.mark.parametrize("model", mirrored())
def test_images_are_transposed_at_the_boundary_only(model: Mirrored, target, finish) -> None:
    """One transpose at most takes an image to the runtime's order or back; only channel shuffles add theirs."""
    counts = Counter(op.kind for op in finish(lower(model.graph, target)).ops)
    assert counts["TRANSPOSE"] <= 1 + SHUFFLES[target.name].get(model.name, 0)
