"""From a model's tensors to places in the picture.

*Points* are `[N, 3] float32`, `(y, x, score)` in pixels of the model's picture; the score is NaN where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.steps.context import Context
from edge.steps.errors import StepError, choice, described, number_array

Points = NDArray[np.float32]

ORDERS: Mapping[str, tuple[int, int]] = {"yx": (0, 1), "xy": (1, 0)}  # where y and x stand
THIRDS: Mapping[str, bool] = {"score": True, "depth": False}
LAYOUTS: Mapping[str, tuple[int, int, int]] = {"nchw": (0, 1, 2), "nhwc": (2, 0, 1)}  # [1, …] → [N, h, w]


def take_points(
    value: object, columns: int = 2, order: str = "xy", third: str = "score", width: float = 1, height: float = 1
) -> Points:
    """Take `N · columns` coordinates, times `width` and `height`: `[N, 3]`."""
    x = number_array("take_points", value)
    y_at, x_at = choice("take_points", "order", ORDERS, order)
    is_score = choice("take_points", "third", THIRDS, third)
    if x.size % columns or not x.size:
        raise StepError("take_points", f"a multiple of {columns} numbers", described(x), "correct `columns`")
    rows = x.reshape(-1, columns).astype(np.float64)
    if np.isnan(rows).any():
        raise StepError("take_points", "numbers", "NaN", "check the model's input")
    scores = rows[:, 2] if columns == 3 and is_score else np.full(len(rows), np.nan)
    return np.stack([rows[:, y_at] * height, rows[:, x_at] * width, scores], axis=1).astype(np.float32)


def find_peaks(value: object, layout: str, width: int, height: int) -> Points:
    """Find the highest place of each map of `[1, N, h, w]` or `[1, h, w, N]`, to a quarter of a cell: `[N, 3]`."""
    x = number_array("find_peaks", value)
    order = choice("find_peaks", "layout", LAYOUTS, layout)
    if x.ndim != 4 or x.shape[0] != 1 or not x.size:
        raise StepError("find_peaks", "maps of one picture", described(x), "check the layout")
    if np.isnan(x).any():
        raise StepError("find_peaks", "numbers", "NaN", "check the model's input")
    maps = x[0].transpose(order).astype(np.float64)
    _, rows, cols = maps.shape
    found = []
    for scores in maps:
        row, column = np.unravel_index(scores.argmax(), scores.shape)
        y = row + 0.5 + _quarter(scores[:, column], int(row))
        x_ = column + 0.5 + _quarter(scores[row], int(column))
        found.append((y * height / rows, x_ * width / cols, scores[row, column]))
    return np.array(found, np.float32)


def _quarter(line: NDArray[np.float64], place: int) -> float:
    """Return a quarter of a cell towards the higher neighbour of a place that has two."""
    if not 0 < place < len(line) - 1:
        return 0.0
    return 0.25 * float(np.sign(line[place + 1] - line[place - 1]))


def place_points(value: object, context: Context) -> list[dict[str, Any]]:
    """Return points `[N, 3]` as `edge.results.Keypoint`s, in fractions of the original picture."""
    points = number_array("place_points", value)
    if context.labels is None or points.ndim != 2 or points.shape != (len(context.labels), 3):
        expected = "[N, 3] points" if context.labels is None else f"[{len(context.labels)}, 3] points, one a label"
        raise StepError("place_points", expected, described(points), "check the labels of the output")
    frame = context.framed("place_points")
    rows = points.astype(np.float64)
    ys = (rows[:, 0] * frame.scale_y + frame.offset_y) / frame.height
    xs = (rows[:, 1] * frame.scale_x + frame.offset_x) / frame.width
    scores = [None if np.isnan(score) else float(score) for score in rows[:, 2]]
    named = zip(context.labels, ys, xs, scores, strict=True)
    return [{"label": label, "y": float(y), "x": float(x), "score": score} for label, y, x, score in named]


STEPS: Mapping[str, Callable[..., Any]] = {
    "take_points": take_points,
    "find_peaks": find_peaks,
    "place_points": place_points,
}
