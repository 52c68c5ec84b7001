"""ONNX's operator tests through TFLite, in LiteRT."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest

from tests.conformance.cases import Case, cases, fetch
from tests.conformance.gaps import TFLITE, find
from tests.conformance.litert import run_case
from tests.conformance.runner import Outcome, run_all

Results = list[tuple[Case, Outcome]]


@pytest.fixture(scope="module")
def results() -> Results:
    """Every eligible test with its outcome."""
    eligible = cases()
    return list(zip(eligible, run_all(eligible, run_case), strict=True))


def test_every_outcome_is_a_pass_or_a_known_gap(results: Results) -> None:
    """Nothing crashes, hangs, fails to run or differs silently: what does not pass is a row of the table of gaps."""
    unknown = [
        f"{case.name}: {outcome.status}: {outcome.detail}"
        for case, outcome in results
        if outcome.status != "passed" and find(TFLITE, case.name, outcome.status) is None
    ]
    assert not unknown, "\n".join(unknown)


def test_every_gap_is_real(results: Results) -> None:
    """A row of the table of gaps that no test needs any more is removed."""
    ended = [(case.name, outcome.status) for case, outcome in results]
    stale = [gap.pattern for gap in TFLITE if not any(find((gap,), name, status) for name, status in ended)]
    assert not stale


def test_at_least_95_percent_pass(results: Results) -> None:
    """Of the 1,296 tests that dense tensors can state, 95 % give the expected outputs in LiteRT."""
    counts = Counter(outcome.status for _, outcome in results)
    assert len(results) == 1296
    assert counts["passed"] >= 0.95 * len(results), counts


@pytest.mark.parametrize("folder", ["pytorch-converted", "pytorch-operator"])
def test_models_that_pytorch_exported(folder: str) -> None:
    """Old exports (opset 6 and later) pass; one that broadcasts as opset 6 did is refused by name."""
    models = [case for case in map(Case, sorted((fetch() / folder).iterdir())) if case.eligible()]
    outcomes = zip(models, run_all(models, run_case), strict=True)
    others = {case.name: outcome.status for case, outcome in outcomes if outcome.status != "passed"}
    assert others in ({}, {"test_Softsign": "refused"})


def test_resize_with_constant_scales() -> None:
    """Every mode of Resize is right once its scales are constants, as they are in real models."""
    resizing = [case for case in cases() if case.name.startswith(("test_resize", "test_upsample"))]
    outcomes = run_all(resizing, partial(run_case, further=("scales", "roi")))
    assert [(c.name, o) for c, o in zip(resizing, outcomes, strict=True) if o.status != "passed"] == []
