"""The smallest variant inside an accuracy budget: every one is made and measured, and the rejected ones say why.

It knows neither formats nor metrics: what makes a file and what measures it are given as functions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

Given = bytes | str | Mapping[str, Any]  # an encoded image or sound, a text, or named values
RESAMPLES = 1000
SEED = 0
INTERVAL = (2.5, 97.5)  # percentiles: 95 %
BASELINE = "fp32"
ROUNDING = 1e-9  # of sums of floats: a drop of exactly the budget passes


@dataclass(frozen=True)
class Budget:
    """The largest loss of a metric; fewer samples than `minimum_samples` decide nothing."""

    metric: str
    largest_drop: float  # in units of the metric
    minimum_samples: int
    lower_is_better: bool = False


@dataclass(frozen=True)
class Variant:
    """A file that can be made; `fp32` is what the others of its format are held against."""

    format: str
    precision: str
    recipe: str


@dataclass(frozen=True)
class Measured:
    """What the metric gives over all samples, and over those at the places `[samples]` that `of` is called with."""

    value: float
    samples: int
    of: Callable[[npt.NDArray[np.int64]], float]

    def interval(self) -> tuple[float, float]:
        """Return the 95 % confidence interval, by a seeded bootstrap over samples (Efron, 1979; percentiles)."""
        rng = np.random.default_rng(SEED)
        found = [self.of(rng.integers(0, self.samples, self.samples)) for _ in range(RESAMPLES)]
        low, high = np.percentile(found, INTERVAL)
        return float(low), float(high)


@dataclass(frozen=True)
class Row:
    """A variant with what became of it; what is None was not measured, for the reason given.

    `status` is `baseline`, `recommended`, `passed` (within budget, and not the smallest), `failed`, `undecided` (too
    few samples) or `refused` (there is no such file).
    """

    format: str
    precision: str
    recipe: str
    bytes: int | None
    value: float | None
    low: float | None
    high: float | None
    samples: int | None
    status: str
    reason: str


class RefusedError(Exception):
    """A variant cannot be made; says why."""


Make = Callable[[Variant], int]  # returns the size in bytes, or raises RefusedError
Measure = Callable[[Variant], Measured]


def search(variants: Sequence[Variant], budget: Budget, make: Make, measure: Measure) -> list[Row]:
    """Make and measure all variants; of each format, recommend the smallest that keeps the budget.

    Rows come by format, from the smallest file to the largest, refused ones last.
    """
    by_format = groupby(sorted(variants, key=lambda one: one.format), key=lambda one: one.format)
    return [row for _, group in by_format for row in _of_format(list(group), budget, make, measure)]


def _of_format(variants: Sequence[Variant], budget: Budget, make: Make, measure: Measure) -> list[Row]:
    sizes, refused = {}, []
    for variant in variants:
        try:
            sizes[variant] = make(variant)
        except RefusedError as error:
            refused.append(_row(variant, None, None, "refused", str(error)))
    base = next((variant for variant in sizes if variant.precision == BASELINE), None)
    if base is None:
        return refused
    exact = measure(base)
    rows: list[Row] = []
    for variant in sorted(sizes, key=lambda one: (sizes[one], one.recipe)):
        measured = exact if variant is base else measure(variant)
        status, reason = _judge(variant, measured, exact, budget)
        smallest = next((row for row in rows if row.status == "recommended"), None)
        if status == "passed" and sizes[variant] >= sizes[base]:
            status, reason = "failed", "no smaller than fp32"
        elif status == "passed" and smallest:
            reason = f"{reason}, but larger than {smallest.precision} {smallest.recipe}"
        elif status == "passed":
            status = "recommended"
        rows.append(_row(variant, sizes[variant], measured, status, reason))
    return rows + refused


def _judge(variant: Variant, measured: Measured, exact: Measured, budget: Budget) -> tuple[str, str]:
    if variant.precision == BASELINE:
        return "baseline", "what the others are held against"
    if measured.samples < budget.minimum_samples:
        return "undecided", f"{measured.samples} samples decide nothing: the budget asks for {budget.minimum_samples}"
    high, low = (measured, exact) if budget.lower_is_better else (exact, measured)
    drop = high.value - low.value
    inside = drop <= budget.largest_drop + ROUNDING
    verb = "rise" if budget.lower_is_better else "drop"
    change = f"{budget.metric} {verb}s by {drop:.4g}" if drop > 0 else f"{budget.metric} does not {verb}"
    comparison = "within" if inside else "more than"
    return ("passed" if inside else "failed"), f"{change}, {comparison} {budget.largest_drop:g}"


def _row(variant: Variant, size: int | None, measured: Measured | None, status: str, reason: str) -> Row:
    low, high = measured.interval() if measured else (None, None)
    return Row(
        variant.format,
        variant.precision,
        variant.recipe,
        size,
        measured.value if measured else None,
        low,
        high,
        measured.samples if measured else None,
        status,
        reason,
    )


def refuse_overlap(calibration: Mapping[str, Given], evaluation: Mapping[str, Given]) -> None:
    """Raise ValueError, with the names, where a sample that sets ranges is also one that is measured on.

    Samples are compared as a person has them, so a copy under another name is found too.
    """
    measured = {_comparable(given): name for name, given in evaluation.items()}
    for name, given in calibration.items():
        other = measured.get(_comparable(given))
        if other is not None:
            raise ValueError(
                f"calibration sample {name}: expected one that is not measured on, got the same as evaluation sample "
                f"{other}: what sets the ranges would flatter the figure, take it out of one of the two"
            )


def _comparable(given: Given) -> bytes | str:
    return given if isinstance(given, bytes | str) else json.dumps(given, sort_keys=True)
