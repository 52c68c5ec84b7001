"""ONNX's own operator tests, converted to TF.js and run on the wasm backend of a real browser."""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatch

import pytest

from tests.conformance.cases import cases
from tests.conformance.tfjs import run_cases

pytestmark = pytest.mark.browser

# Tests that do not pass: pattern → how they end, and why. `disputed`: onnxruntime contradicts the test's data and
# agrees with the converted model.
GAPS = {
    **dict.fromkeys(
        [f"test_attention_*_qk_matmul_{end}" for end in ("bias", "bias_?d_mask", "bias_?d_mask_causal", "softcap")],
        ("disputed", "later versions of onnx apply the soft cap before the mask"),
    ),
    "test_constantofshape_int_shape_zero": ("refused", "the result has no entries"),
    "test_image_decoder_*": ("refused", "decoding a picture is no tensor operation"),
    "test_l2normalization_axis_0": ("disputed", "the data hold NaN where the norm is 0"),
    "test_loop11": ("refused", "the number of rounds is known only at run time"),
    "test_melweightmatrix": ("refused", "the limits of the bands are inputs of the test"),
    "test_qlinearmatmul_?D_int8_*": ("disputed", "the data wrap around where the standard saturates"),
    "test_range_float_type_positive_delta_expanded": ("refused", "the number of rounds is known only at run time"),
    "test_reduce_log_sum_exp_empty_set_expanded": ("refused", "computed in float64, which TF.js lacks"),
    "test_resize_*_scales_*": ("refused", "the scales are an input of the test"),
    "test_resize_tf_crop_and_resize*": ("refused", "the region is an input of the test"),
    "test_roialign_mode_max": ("refused", "the sampling depends on each region"),
    "test_scatter_elements_with_reduction_m??": ("refused", "TF.js has no scatter of extremes"),
    "test_scatternd_m*": ("refused", "TF.js has no scatter of extremes and products"),
    "test_shape_start_greater_than_end": ("refused", "the result has no entries"),
    "test_unique_*": ("refused", "the size of the result depends on values"),
    "test_upsample_nearest": ("refused", "the scales are an input of the test"),
}
SCALES = ("scales", "roi")  # inputs of Resize that exported models hold as constants


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """How each test ended, by name."""
    tests = cases()
    ends = run_cases(tests, tmp_path_factory.mktemp("tfjs"))
    return {case.name: end for case, end in zip(tests, ends, strict=True)}


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


def test_every_mode_of_resize_is_exact_once_the_scales_are_constant(tmp_path):
    """Exported models hold the scales, so that the gaps in the table are gaps of the tests only."""
    tests = [case for case in cases() if case.name.startswith(("test_resize", "test_upsample"))]
    assert {end.status for end in run_cases(tests, tmp_path, SCALES)} == {"passed"}
