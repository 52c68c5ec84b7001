"""From scores in time to stretches of sound."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.steps.context import Context
from edge.steps.errors import Array, StepError, described, number_array

Segment = dict[str, float | str]


@dataclass
class _Run:
    """Neighbouring rows, from `first` up to before `end`, in which `label` has the highest score."""

    label: int
    first: int
    end: int


def mean_over_rows(value: object) -> NDArray[np.float32]:
    """Return the mean of the rows: `[R, …]` to `[1, …] float32`, in float64."""
    x = number_array("mean_over_rows", value)
    if not x.ndim or not len(x):
        raise StepError("mean_over_rows", "[R, …] with R of at least 1", described(x), "give it the model's scores")
    return np.asarray(x.astype(np.float64).mean(axis=0, keepdims=True), np.float32)


def segments(
    value: object,
    context: Context,
    step: float,
    threshold: float = 0.5,
    min_speech: float = 0.0,
    min_silence: float = 0.0,
    pad: float = 0.0,
) -> list[Segment]:
    """Return the stretches in which a label has the highest score and at least `threshold`; see the vocabulary."""
    scores, labels = _scores("segments", value, context)
    seconds = context.heard("segments").seconds
    joined = _joined(_runs(scores, threshold), step, min_silence)
    kept = [run for run in joined if (run.end - run.first) * step >= min_speech and run.first * step < seconds]
    times = _padded([(run.first * step, min(run.end * step, seconds)) for run in kept], pad, seconds)
    return [
        {"start": start, "end": end, "label": labels[run.label], "score": _mean(scores[run.first : run.end, run.label])}
        for run, (start, end) in zip(kept, times, strict=True)
    ]


def peaks(value: object, context: Context, step: float, threshold: float = 0.5, distance: float = 0.0) -> list[Segment]:
    """Return the rows with the highest scores, in order of time, none within `distance` seconds of a higher one."""
    scores, labels = _scores("peaks", value, context)
    seconds = context.heard("peaks").seconds
    best, winners = scores.max(axis=1, initial=-np.inf), scores.argmax(axis=1)
    reach = max(0, math.ceil(distance / step) - 1)  # rows on each side that are too near
    is_free = (best >= threshold) & (np.arange(len(best)) * step < seconds)
    chosen = []
    for row in np.argsort(-best, kind="stable").tolist():
        if is_free[row]:
            chosen.append(row)
            is_free[max(0, row - reach) : row + reach + 1] = False
    return [
        {
            "start": row * step,
            "end": min((row + 1) * step, seconds),
            "label": labels[winners[row]],
            "score": float(best[row]),
        }
        for row in sorted(chosen)
    ]


def _scores(step: str, value: object, context: Context) -> tuple[NDArray[np.float64], Sequence[str]]:
    """Return scores `[R, C]` and their C labels; a single label may come as `[R]`."""
    x, labels = number_array(step, value), context.labels
    if labels is None:
        raise StepError(step, "labels", "none", "give the output tensor its labels in the card")
    x = x.reshape(-1, 1) if x.ndim == 1 else x
    if x.ndim != 2 or x.shape[1] != len(labels):
        raise StepError(step, f"[R, {len(labels)}] scores, one a label", described(x), "check the labels")
    if np.isnan(x).any():
        raise StepError(step, "scores", "NaN", "check the model's input")
    return x.astype(np.float64), labels


def _runs(scores: NDArray[np.float64], threshold: float) -> list[_Run]:
    winners = np.where(scores.max(axis=1) >= threshold, scores.argmax(axis=1), -1)
    borders = [0, *(np.flatnonzero(np.diff(winners)) + 1).tolist(), len(winners)]
    runs = (_Run(int(winners[first]), first, end) for first, end in pairwise(borders) if first < end)
    return [run for run in runs if run.label >= 0]


def _joined(runs: Sequence[_Run], step: float, min_silence: float) -> list[_Run]:
    """Join neighbours of one label with less than `min_silence` seconds between them."""
    joined: list[_Run] = []
    for run in runs:
        last = joined[-1] if joined else None
        if last and last.label == run.label and (run.first - last.end) * step < min_silence:
            last.end = run.end
        else:
            joined.append(run)
    return joined


def _padded(times: Sequence[tuple[float, float]], pad: float, seconds: float) -> list[tuple[float, float]]:
    """Widen each stretch by `pad` seconds, at most to the middle of the gap to its neighbour."""
    starts, ends = [start for start, _ in times], [end for _, end in times]
    middles = [(end + start) / 2 for end, start in zip(ends, starts[1:], strict=False)]
    lows, highs = [0.0, *middles], [*middles, seconds]
    return [
        (max(start - pad, low), min(end + pad, high))
        for start, end, low, high in zip(starts, ends, lows, highs, strict=False)
    ]


def _mean(scores: Array) -> float:
    """Add in order, so that another language comes to the same number."""
    return float(np.float32(np.cumsum(scores)[-1] / len(scores)))


STEPS: Mapping[str, Callable[..., Any]] = {
    "mean_over_rows": mean_over_rows,
    "segments": segments,
    "peaks": peaks,
}
