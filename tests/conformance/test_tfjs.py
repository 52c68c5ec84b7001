"""ONNX's own operator tests, converted to TF.js and run on the wasm backend of a real browser."""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatch

import pytest

from tests.conformance.cases import cases
from tests.conformance.tfjs import run_cases

pytestmark = pytest.mark.browser

# Tests that do not pass: pattern → how they end, and why. `disputed`: onnxruntime contradicts the test's data and agrees
# with the converted model.
GAPS = {
    "test_attention_*qk_matmul_bias*": ("disputed", "the data hold the scores after the mask, not before"),
    "test_attention_*qk_matmul_softcap": ("disputed", "the data hold the scores after the mask, not before"),
    "test_l2normalization_axis_0": ("disputed", "the data are off by rounding next to 0"),
    "test_qlinearmatmul_?D_int8_*": ("disputed", "the data wrap where the standard saturates"),
    "test_resize_*": ("refused", "the scales are an input of the test"),
}


@pytest.fixture(scope="module")
def outcomes(chromium, tmp_path_factory):
    """How each test ended, by name."""
    tests = cases()
    results = run_cases(tests, chromium, tmp_path_factory.mktemp("tfjs"))
    return {case.name: outcome for case, outcome in zip(tests, results, strict=True)}


def test_nothing_fails_crashes_or_differs_in_silence(outcomes):
    """What was converted computes what ONNX says; everything else was refused by name."""
    ends = {"passed", "refused", "disputed"}
    assert {name: outcome for name, outcome in outcomes.items() if outcome.status not in ends} == {}


def test_the_gaps_are_those_that_are_known(outcomes):
    """A new gap is a regression, and a closed one leaves the table."""
    known = {name: gap[0] for name in outcomes for pattern, gap in GAPS.items() if fnmatch(name, pattern)}
    found = {name: outcome.status for name, outcome in outcomes.items() if outcome.status != "passed"}
    assert found == known


def test_at_least_92_percent_of_the_tests_pass(outcomes):
    """The coverage that the converter promises."""
    counts = Counter(outcome.status for outcome in outcomes.values())
    assert counts["passed"] >= 0.92 * counts.total()
