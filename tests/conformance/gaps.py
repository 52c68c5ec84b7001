"""The operator tests that a converter is known not to pass, each with its reason. Strict: a row that passes fails."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Gap:
    """One row: tests whose names match a pattern, how they end, and why.

    `refused` tests are refused by name. In `disputed` ones onnxruntime contradicts the test and agrees with the
    converted model: the expectation that ships with onnx 1.20.1 is wrong, or was corrected later.
    """

    pattern: str
    status: str
    reason: str

    def matches(self, name: str) -> bool:
        """Tell whether a test belongs to this row."""
        return fnmatchcase(name, self.pattern)


SCALES = "its scales or region are an input that is computed at run time, so the shape of the result is unknown"
EMPTY = "LiteRT cannot return a constant without entries"
STAGES = "onnx 1.23 corrected the order of bias and softcap that this test expects"

TFLITE = (
    Gap("test_image_decoder_*", "refused", "decoding image files is no tensor operator of TFLite"),
    Gap("test_resize_*_scales_*", "refused", SCALES),
    Gap("test_resize_tf_crop_and_resize*", "refused", SCALES),
    Gap("test_upsample_nearest", "refused", SCALES),
    Gap("test_unique_*", "refused", "TFLite's UNIQUE takes vectors only, does not sort and does not count"),
    Gap("test_constantofshape_int_shape_zero", "refused", EMPTY),
    Gap("test_shape_start_greater_than_end", "refused", EMPTY),
    Gap("test_loop11", "refused", "the loop's condition is an input"),
    Gap("test_range_float_type_positive_delta_expanded", "refused", "the loop's trip count is computed at run time"),
    Gap("test_melweightmatrix", "refused", "the frequencies are inputs; as constants it is folded"),
    Gap("test_pow_types_int64_int64", "refused", "TFLite's POW has no int64"),
    Gap("test_reduce_log_sum_exp_empty_set_expanded", "refused", "it computes in float64, which TFLite lacks"),
    Gap("test_roialign_mode_max", "refused", "the maximum over weighted corners has no counterpart"),
    Gap("test_attention_*_qk_matmul_bias*", "disputed", STAGES),
    Gap("test_attention_*_qk_matmul_softcap", "disputed", STAGES),
    Gap("test_l2normalization_axis_0", "disputed", "expects NaN where the norm is 0; onnxruntime gives 0"),
    Gap("test_qlinearmatmul_*_int8_float*", "disputed", "expects wrapped instead of saturated int8"),
)


def find(gaps: tuple[Gap, ...], name: str, status: str) -> Gap | None:
    """Return the row for a test that ended so, or None when it should have passed."""
    return next((gap for gap in gaps if gap.matches(name) and gap.status == status), None)
