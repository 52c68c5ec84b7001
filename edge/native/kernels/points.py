"""From a model's tensors to places in the picture; see `catalog/vocab/steps/points.yaml`.

Points are `[N, 3]`, `(y, x, score)` in pixels of the model's picture; the score is NaN where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edge.native.kernels.arrays import refuse_nan
from edge.native.kernels.places import at_x, at_y
from edge.native.language import NAN, Strings, f32, f64, fail, new_floats
from edge.native.records import Frame, Keypoint, Tensor


def take_points(x: Tensor, columns: int, order: str, third: str, width: float, height: float) -> Tensor:
    """Coordinates that the model gives itself, point by point."""
    if len(x.data) == 0 or len(x.data) % columns != 0:
        fail("take_points", f"a multiple of {columns} numbers", f"{len(x.data)}")
    refuse_nan("take_points", x)
    count = len(x.data) // columns
    y_at = 0 if order == "yx" else 1
    data = new_floats(3 * count)
    for i in range(count):
        data[3 * i] = f32(f64(x.data[columns * i + y_at]) * height)
        data[3 * i + 1] = f32(f64(x.data[columns * i + 1 - y_at]) * width)
        data[3 * i + 2] = x.data[columns * i + 2] if columns == 3 and third == "score" else f32(NAN)
    return Tensor([count, 3], data)


def find_peaks(x: Tensor, layout: str, width: int, height: int) -> Tensor:
    """The highest place of each map, moved by a quarter of a cell towards the higher neighbours."""
    if len(x.shape) != 4 or x.shape[0] != 1 or len(x.data) == 0:
        fail("find_peaks", "maps of one picture", f"{len(x.shape)} axes")
    refuse_nan("find_peaks", x)
    first = layout == "nchw"
    maps = x.shape[1] if first else x.shape[3]
    rows = x.shape[2] if first else x.shape[1]
    columns = x.shape[3] if first else x.shape[2]
    apart = 1 if first else maps
    data = new_floats(3 * maps)
    for m in range(maps):
        start = m * rows * columns if first else m
        best = 0
        for i in range(rows * columns):
            if x.data[start + i * apart] > x.data[start + best * apart]:
                best = i
        row = best // columns
        column = best % columns
        y = row + 0.5 + quarter(x, start + column * apart, columns * apart, rows, row)
        x_ = column + 0.5 + quarter(x, start + row * columns * apart, apart, columns, column)
        data[3 * m] = f32(y * height / rows)
        data[3 * m + 1] = f32(x_ * width / columns)
        data[3 * m + 2] = x.data[start + best * apart]
    return Tensor([maps, 3], data)


def quarter(x: Tensor, start: int, apart: int, count: int, place: int) -> float:
    """A quarter of a cell towards the higher neighbour of a place that has two, in a line of so many cells."""
    if place == 0 or place == count - 1:
        return 0.0
    before = x.data[start + (place - 1) * apart]
    after = x.data[start + (place + 1) * apart]
    return 0.25 if after > before else (-0.25 if after < before else 0.0)


def place_points(x: Tensor, labels: Strings, frame: Frame) -> list[Keypoint]:
    """The points in fractions of the original picture; they may lie outside."""
    if len(x.shape) != 2 or x.shape[0] != len(labels) or x.shape[1] != 3:
        fail("place_points", f"[{len(labels)}, 3] points, one a label", f"{len(x.data)} numbers")
    found: list[Keypoint] = []
    for i in range(len(labels)):
        y = at_y(frame, f64(x.data[3 * i]))
        found.append(Keypoint(labels[i], y, at_x(frame, f64(x.data[3 * i + 1])), f64(x.data[3 * i + 2])))
    return found


KERNELS: Mapping[str, tuple[Callable[..., Any], ...]] = {
    "take_points": (take_points,),
    "find_peaks": (find_peaks,),
    "place_points": (place_points,),
}
