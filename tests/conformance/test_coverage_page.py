from __future__ import annotations

import json
from dataclasses import dataclass

from markdown import markdown

from scripts.coverage import DISPUTED, PATH, by_operator, operators_of
from scripts.coverage_page import page
from tests.conformance.runner import Outcome

REFUSED = Outcome("refused", "Resize node 'Y': Resize cannot be converted: TFLite has no <cubic>|a_b_c. Cure: drop it.")
NAMES = ["test_abs", "test_resize_a", "test_resize_b", "test_attention"]
OPERATORS = ["Abs", "Resize", "Resize", "Attention"]


@dataclass(frozen=True)
class Named:
    """A test as far as the page looks at it."""

    name: str
    operators: list[str]


def results(*outcomes):
    tflite = {"runtime": "LiteRT 2.3.0"} | by_operator(NAMES, OPERATORS, outcomes)
    tfjs = {"runtime": "TF.js 4.22.0"} | by_operator(NAMES, OPERATORS, [Outcome("passed")] * 4)
    return {"onnx": "1.20.1", "targets": {"TFLite": tflite, "TF.js": tfjs}}


SOME = results(Outcome("passed"), REFUSED, Outcome("passed"), Outcome("disputed", "output 3: largest difference 0.9"))


def cells(text, first):
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {first} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_an_operators_line_says_how_many_of_its_tests_pass_in_each_target():
    """The counts of both targets stand beside one another."""
    assert cells(page(SOME), "`Resize`")[1:3] == ["1/2", "2/2"]
    assert cells(page(SOME), "`Abs`")[1:] == ["1/1", "1/1", ""]


def test_a_refusal_is_shown_with_its_reason_and_cure_and_cannot_break_the_table():
    """Signs that mean something in Markdown or HTML are text in the rendered page."""
    html = markdown(page(SOME), extensions=["tables"])
    assert "<strong>TFLite</strong>: 1 refused: the target has no &lt;cubic&gt;&#124;a_b_c. Cure: drop it." in html


def test_a_disputed_test_is_told_apart_from_a_refused_one():
    """A reader sees that the converter did answer, and who contradicts the test."""
    assert f"1 disputed: {DISPUTED}" in page(SOME)


def test_the_totals_are_those_of_all_operators():
    """The share of the first table follows from the second one."""
    assert cells(page(SOME), "TFLite")[2:] == ["2", "4", "50.0 %"]


def test_like_refusals_count_as_one_reason():
    """Two tests refused for the same reason at differently named nodes share a line."""
    second = Outcome("refused", REFUSED.detail.replace("'Y'", "'Z'"))
    refused = results(Outcome("passed"), REFUSED, second, Outcome("passed"))
    assert "2 refused: " in cells(page(refused), "`Resize`")[3]


def test_an_expanded_function_counts_for_the_function():
    """The test of an operator's definition is listed under the operator, not under the parts of the definition."""
    tests = [Named("test_gelu", ["Gelu"]), Named("test_gelu_expanded", ["Constant", "Mul"]), Named("test_mul", ["Mul"])]
    assert operators_of(tests) == ["Gelu", "Gelu", "Mul"]


def test_the_kept_results_are_complete_and_make_a_page():
    """The counts by operator in `converters/coverage.json` add up to the totals, and every gap has a reason."""
    kept = json.loads(PATH.read_text())
    for target in kept["targets"].values():
        rows = target["operators"].values()
        assert sum(row["total"] for row in rows) == target["total"]
        assert sum(row["passed"] for row in rows) == target["passed"]
        gaps = [gap for row in rows for gap in row.get("gaps", ())]
        assert target["total"] - target["passed"] == sum(len(gap["tests"]) for gap in gaps)
        assert all(gap["reason"] for gap in gaps)
    assert page(kept).startswith("# Coverage by operator")
