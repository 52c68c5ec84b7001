"""The converted model gives onnxruntime's numbers, or the model is refused by name: cases that fuzzing found."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest

from converters.to_tflite import export
from scripts.bench.fuzz_agreement import GOOD, judge
from tests.conformance.cases import cases
from tests.conformance.litert import compare, run
from tests.conformance.runner import run_all

HEADER = '<ir_version: 10, opset_import: ["": 21]> '
IMAGE = np.arange(25, dtype=np.float32).reshape(1, 1, 5, 5)
SAME = 'auto_pad = "SAME_UPPER", strides = [2, 2], kernel_shape = [7, 3]'
AGREEING: dict[str, tuple[str, dict[str, Any]]] = {
    "a transposed convolution that is cropped by an odd number": (
        """g (float[1, 1, 5, 5] x) => (float[1, 1, 10, 10] y) <float[1, 1, 3, 3] w = {1, 2, 3, 4, 5, 6, 7, 8, 9}> {
            y = ConvTranspose<output_shape = [10, 10], strides = [2, 2]>(x, w) }""", {"x": IMAGE}),
    "a mean over windows wider than the image": (
        f"g (float[1, 1, 5, 5] x) => (float[1, 1, 3, 3] y) {{ y = AveragePool<{SAME}>(x) }}", {"x": IMAGE}),
    "a quantised constant whose zero point is an input": (
        """g (uint8 z) => (float[4] y) <uint8[4] c = {0, 1, 128, 255}, float s = {0.5}> {
            y = DequantizeLinear(c, s, z) }""", {"z": np.array(128, np.uint8)}),
    "a slice of nothing": (
        """g (float[4, 2] x) => (float[a, 2] y) <int64[1] s = {0}, int64[1] e = {-4}> { y = Slice(x, s, e) }""",
        {"x": np.ones((4, 2), np.float32)}),
    "bits combined with a constant of lower rank": (
        """g (uint8[1, 2, 3] x) => (uint8[1, 2, 3] y) <uint8[2, 3] c = {1, 2, 3, 4, 5, 6}> { y = BitwiseAnd(x, c) }""",
        {"x": np.arange(6, dtype=np.uint8).reshape(1, 2, 3)}),
    "nothing but zeros quantised over their range": (
        """g (float[4] x) => (uint8[4] y, uint8 z) { y, s, z = DynamicQuantizeLinear(x) }""",
        {"x": np.zeros(4, np.float32)}),
}  # fmt: skip


@pytest.mark.parametrize("name", AGREEING)
def test_what_once_differed_agrees(name: str) -> None:
    """Models that were once converted to other numbers, without a word, give onnxruntime's."""
    text, feeds = AGREEING[name]
    model = onnx.parser.parse_model(HEADER + text)
    wanted = list(onnxruntime.InferenceSession(model.SerializeToString()).run(None, feeds))
    assert compare(run(export(ir.from_proto(model), precision="fp32").files[".tflite"], feeds), wanted) is None


def test_models_whose_parts_disagree_are_refused_or_agree(tmp_path: Path) -> None:
    """Of 400 operator tests with one size, index or attribute changed, none is converted to something else."""
    seeds = range(400)
    outcomes = run_all(seeds, partial(judge, cases(), tmp_path))
    assert [(seed, o) for seed, o in zip(seeds, outcomes, strict=True) if o.status not in GOOD] == []
