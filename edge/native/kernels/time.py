"""From scores in time to stretches of sound; see `catalog/vocab/steps/time.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edge.native.kernels.arrays import beginning, refuse_nan, with_rows
from edge.native.language import (
    Ints,
    Strings,
    ceil,
    descending,
    f32,
    f64,
    fail,
    new_doubles,
    new_floats,
    new_ints,
)
from edge.native.records import Segment, Tensor


def mean_over_rows(x: Tensor) -> Tensor:
    """The mean of all rows: `[R, …]` to `[1, …]`."""
    if len(x.shape) == 0 or x.shape[0] == 0:
        fail("mean_over_rows", "[R, …] with R of at least 1", f"{len(x.shape)} axes")
    rows = x.shape[0]
    width = len(x.data) // rows
    data = new_floats(width)
    for i in range(width):
        total = 0.0
        for row in range(rows):
            total += f64(x.data[row * width + i])
        data[i] = f32(total / rows)
    return Tensor(with_rows(x.shape, 1), data)


def rows_in(step: str, x: Tensor, labels: Strings) -> int:
    """How many rows scores `[R, C]` have, one number a label; a single label may come as `[R]`."""
    columns = x.shape[1] if len(x.shape) == 2 else 1
    if len(x.shape) == 0 or len(x.shape) > 2 or columns != len(labels):
        fail(step, f"[R, {len(labels)}] scores, one a label", f"{len(x.data)} numbers")
    refuse_nan(step, x)
    return x.shape[0]


def winners_of(x: Tensor, rows: int, columns: int) -> Ints:
    """The label with the highest score of each row, of equal ones the first."""
    winners = new_ints(rows)
    for row in range(rows):
        for k in range(columns):
            if x.data[row * columns + k] > x.data[row * columns + winners[row]]:
                winners[row] = k
    return winners


def segments(
    x: Tensor,
    step: float,
    threshold: float,
    min_speech: float,
    min_silence: float,
    pad: float,
    labels: Strings,
    seconds: float,
) -> list[Segment]:
    """The stretches in which a label has the highest score and at least the threshold."""
    rows = rows_in("segments", x, labels)
    winners = winners_of(x, rows, len(labels))
    for row in range(rows):
        if f64(x.data[row * len(labels) + winners[row]]) < threshold:
            winners[row] = -1
    runs = long_enough(runs_of(winners, step, min_silence), step, min_speech, seconds)
    found: list[Segment] = []
    for i in range(0, len(runs), 2):
        start = runs[i] * step
        end = stop(runs[i + 1], step, seconds)
        low = 0.0
        high = seconds
        if i > 0:
            low = (stop(runs[i - 1], step, seconds) + start) / 2.0
        if i + 2 < len(runs):
            high = (end + runs[i + 2] * step) / 2.0
        label = winners[runs[i]]
        score = mean_of(x, runs[i], runs[i + 1], len(labels), label)
        found.append(Segment(max(start - pad, low), min(end + pad, high), labels[label], score))
    return found


def runs_of(winners: Ints, step: float, min_silence: float) -> Ints:
    """First row and, after it, one past the last of neighbours of one label, those with short gaps joined."""
    runs = new_ints(2 * len(winners))
    count = 0
    for row in range(len(winners)):
        goes_on = row > 0 and winners[row] == winners[max(0, row - 1)]
        if winners[row] >= 0 and not goes_on:
            is_same = count > 0 and winners[row] == winners[runs[max(0, 2 * count - 2)]]
            if not is_same or (row - runs[2 * count - 1]) * step >= min_silence:
                runs[2 * count] = row
                count += 1
        if winners[row] >= 0:
            runs[2 * count - 1] = row + 1
    return beginning(runs, 2 * count)


def long_enough(runs: Ints, step: float, min_speech: float, seconds: float) -> Ints:
    """The runs that last long enough and begin before the sound ends."""
    kept = new_ints(len(runs))
    count = 0
    for i in range(0, len(runs), 2):
        if (runs[i + 1] - runs[i]) * step >= min_speech and runs[i] * step < seconds:
            kept[count] = runs[i]
            kept[count + 1] = runs[i + 1]
            count += 2
    return beginning(kept, count)


def stop(row: int, step: float, seconds: float) -> float:
    """Where a row begins in time, at most the end of the sound."""
    return min(row * step, seconds)


def mean_of(x: Tensor, first: int, end: int, columns: int, label: int) -> float:
    """The mean of a label's scores over rows, rounded to single precision."""
    total = 0.0
    for row in range(first, end):
        total += f64(x.data[row * columns + label])
    return f64(f32(total / (end - first)))


def peaks(x: Tensor, step: float, threshold: float, distance: float, labels: Strings, seconds: float) -> list[Segment]:
    """The rows with the highest scores, in order of time, none too near to a higher one."""
    rows = rows_in("peaks", x, labels)
    columns = len(labels)
    winners = winners_of(x, rows, columns)
    best = new_doubles(rows)
    state = new_ints(rows)
    for row in range(rows):
        best[row] = f64(x.data[row * columns + winners[row]])
        state[row] = 0 if best[row] >= threshold and row * step < seconds else -1
    reach = max(0, int(min(f64(rows), ceil(distance / step))) - 1)
    order = descending(best)
    for i in range(rows):
        row = order[i]
        if state[row] == 0:
            for near in range(max(0, row - reach), min(rows, row + reach + 1)):
                state[near] = -1
            state[row] = 1
    found: list[Segment] = []
    for row in range(rows):
        if state[row] == 1:
            found.append(Segment(row * step, stop(row + 1, step, seconds), labels[winners[row]], best[row]))
    return found


KERNELS: Mapping[str, tuple[Callable[..., Any], ...]] = {
    "mean_over_rows": (mean_over_rows,),
    "segments": (segments,),
    "peaks": (peaks,),
}
