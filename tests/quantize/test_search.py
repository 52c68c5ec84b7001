"""The search for the smallest variant inside an accuracy budget."""

from __future__ import annotations

import numpy as np
import pytest

from quantize.search import Budget, Measured, RefusedError, Variant, refuse_overlap, search
from quantize.sensitivity import sensitivities
from tests.quantize.graphs import CALIBRATION, RELU, depthwise

BUDGET = Budget("accuracy", largest_drop=0.02, minimum_samples=100)
SIZES = {"fp32": 400, "fp16": 200, "w8a8": 110, "w8": 100, "w4": 60}
RIGHT = {"fp32": 98, "fp16": 98, "w8a8": 97, "w8": 96, "w4": 80}  # of 100
VARIANTS = [Variant("onnx", precision, precision) for precision in SIZES]


def size(variant: Variant) -> int:
    return SIZES[variant.precision]


def measure(variant: Variant, count: int = 100) -> Measured:
    """As many right ones of `count` as the table says, in percent."""
    scores = np.arange(count) * 100 < RIGHT[variant.precision] * count
    return Measured(float(scores.mean()), count, lambda places: float(scores[places].mean()))


def test_the_smallest_variant_that_passes_is_recommended_and_the_others_say_why_not():
    """One file a format is recommended; smaller ones dropped too far, larger ones are larger."""
    rows = {row.precision: row for row in search(VARIANTS, BUDGET, size, measure)}
    assert [*rows] == ["w4", "w8", "w8a8", "fp16", "fp32"]
    assert {name: row.status for name, row in rows.items()} == {
        "w4": "failed",
        "w8": "recommended",
        "w8a8": "passed",
        "fp16": "passed",
        "fp32": "baseline",
    }
    assert rows["w4"].reason == "accuracy drops by 0.18, more than 0.02"
    assert rows["w8a8"].reason == "accuracy drops by 0.01, within 0.02, but larger than w8 w8"
    assert rows["w8"].low < rows["w8"].value < rows["w8"].high


def test_too_few_samples_recommend_nothing():
    """Fewer samples than the budget asks for decide nothing, however well they went."""
    rows = search(VARIANTS, BUDGET, size, lambda variant: measure(variant, 50))
    assert {row.status for row in rows if row.precision != "fp32"} == {"undecided"}
    assert "50 samples decide nothing" in rows[0].reason


def test_of_an_error_less_is_better():
    """A variant whose error shrinks passes, one whose error grows past the budget fails."""
    budget = Budget("mae", largest_drop=0.02, minimum_samples=100, lower_is_better=True)
    worse = {"fp32": 0.10, "fp16": 0.05, "w8": 0.13}
    rows = search(
        [Variant("onnx", precision, precision) for precision in worse],
        budget,
        size,
        lambda variant: Measured(worse[variant.precision], 100, lambda _: worse[variant.precision]),
    )
    assert [(row.precision, row.status) for row in rows] == [
        ("w8", "failed"),
        ("fp16", "recommended"),
        ("fp32", "baseline"),
    ]


def test_a_variant_that_cannot_be_made_says_why_and_stops_no_other():
    """A recipe that does not apply to a graph is a row of the table."""

    def make(variant: Variant) -> int:
        if variant.precision == "w4":
            raise RefusedError("no product in this graph")
        return size(variant)

    rows = search(VARIANTS, BUDGET, make, measure)
    assert (rows[-1].status, rows[-1].reason, rows[-1].bytes) == ("refused", "no product in this graph", None)
    assert [row.precision for row in rows if row.status == "recommended"] == ["w8"]


def test_a_file_no_smaller_than_fp32_is_not_recommended():
    """What saves nothing is no smaller variant, though it be exact."""
    rows = search([Variant("onnx", name, name) for name in ("fp32", "fp16")], BUDGET, lambda _: 7, measure)
    assert {row.precision: row.status for row in rows} == {"fp32": "baseline", "fp16": "failed"}


def test_searching_again_gives_the_same_rows():
    """Intervals come from a seeded bootstrap."""
    assert search(VARIANTS, BUDGET, size, measure) == search(VARIANTS, BUDGET, size, measure)


def test_a_calibration_sample_that_is_measured_on_is_refused_by_name():
    """A copy under another name is found, and both names are said."""
    calibration = {"calibration.jsonl:1": {"ash": 1, "hue": 2}, "calibration.jsonl:2": b"picture"}
    evaluation = {"evaluation.jsonl:8": {"ash": 2, "hue": 2}, "evaluation.jsonl:9": b"picture"}
    with pytest.raises(ValueError, match=r"calibration\.jsonl:2.*evaluation\.jsonl:9"):
        refuse_overlap(calibration, evaluation)
    refuse_overlap(calibration, {"evaluation.jsonl:8": {"ash": 2, "hue": 2}})
    with pytest.raises(ValueError, match=r"calibration\.jsonl:1"):
        refuse_overlap(calibration, {"evaluation.jsonl:8": {"hue": 2, "ash": 1}})


def test_sensitivity_names_every_layer_that_rounds_and_repeats():
    """Each layer is listed once, the one that costs the results most first, and the same again."""
    found = sensitivities(depthwise(RELU), CALIBRATION)
    assert {one.layer for one in found} >= {"one", "two", "three", "y"}
    assert [one.snr for one in found] == sorted(one.snr for one in found)
    assert found == sensitivities(depthwise(RELU), CALIBRATION)
