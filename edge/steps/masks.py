"""From a model's tensors to a class or an opacity for each pixel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.steps.context import Context, Frame
from edge.steps.errors import StepError, choice, described, number_array
from edge.steps.image import resample

Classes = NDArray[np.uint8]

CLASS_AXIS: Mapping[str, int] = {"nchw": 0, "nhwc": 2}  # after the batch dimension
MOST_CLASSES = 256


def argmax_mask(value: object, layout: str) -> Classes:
    """Return the class with the highest score of `[1, C, h, w]` or `[1, h, w, C]`: `[h, w] uint8`."""
    x = number_array("argmax_mask", value)
    axis = choice("argmax_mask", "layout", CLASS_AXIS, layout)
    if x.ndim != 4 or x.shape[0] != 1 or not x.size or x.shape[1 + axis] > MOST_CLASSES:
        wanted = f"scores of one picture, {layout}, of at most {MOST_CLASSES} classes"
        raise StepError("argmax_mask", wanted, described(x), "check the layout")
    if np.isnan(x).any():
        raise StepError("argmax_mask", "scores", "NaN", "check the model's input")
    return np.asarray(x[0].argmax(axis), np.uint8)


def place_mask(value: object, context: Context) -> dict[str, Any]:
    """Return classes `[h, w] uint8` as an `edge.results.Mask` of the original picture's size."""
    classes = value
    if not isinstance(classes, np.ndarray) or classes.dtype != np.uint8 or classes.ndim != 2 or not classes.size:
        raise StepError("place_mask", "[h, w] uint8", described(value), "put argmax_mask before it")
    labels = _labels("place_mask", context, int(classes.max()) + 1)
    frame = context.framed("place_mask")
    height, width = classes.shape
    rows = _shown(frame.height, frame.offset_y, frame.scale_y, frame.rows, height)
    columns = _shown(frame.width, frame.offset_x, frame.scale_x, frame.columns, width)
    padded = np.pad(classes, ((0, 1), (0, 1)))  # row and column of what was not seen
    return {"labels": labels, "classes": padded[np.ix_(rows, columns)]}


def _shown(size: int, offset: float, scale: float, cells: int, places: int) -> NDArray[np.intp]:
    """Return which of `places` shows the middle of each of `size` pixels; `places` for those that none shows."""
    found = np.floor((np.arange(size) + 0.5 - offset) / scale * places / cells)
    return np.where((found >= 0) & (found < places), found, places).astype(np.intp)


def _labels(step: str, context: Context, least: int) -> list[str]:
    if context.labels is None or len(context.labels) < least:
        got = "none" if context.labels is None else f"{len(context.labels)}"
        raise StepError(step, f"at least {least} labels", got, "give the output its labels in the card")
    return list(context.labels)


def place_opacity(value: object, context: Context, threshold: float = 0.5) -> dict[str, Any]:
    """Return opacities of one picture in 0..1 as an `edge.results.Mask` of the original picture's size."""
    x = number_array("place_opacity", value)
    if x.ndim != 4 or x.shape[0] != 1 or 1 not in (x.shape[1], x.shape[3]) or not x.size:
        expected = "[1, h, w, 1] or [1, 1, h, w]"
        raise StepError("place_opacity", expected, described(x), "check the card's outputs")
    if np.isnan(x).any():
        raise StepError("place_opacity", "numbers", "NaN", "check the model's input")
    labels = _labels("place_opacity", context, 2)
    plane = x[0, :, :, 0] if x.shape[3] == 1 else x[0, 0]
    limited = np.clip(plane.astype(np.float32), np.float32(0), np.float32(1))
    opacity = _placed(
        np.floor(limited * np.float32(255) + np.float32(0.5)).astype(np.uint8), context.framed("place_opacity")
    )
    return {"labels": labels, "classes": (opacity >= 255 * threshold).astype(np.uint8), "opacity": opacity}


def _placed(opacity: Classes, frame: Frame) -> Classes:
    inner, seen = frame.inside(*opacity.shape), frame.seen()
    part = opacity[inner.top : inner.bottom, inner.left : inner.right, None]
    whole = np.zeros((frame.height, frame.width), np.uint8)
    size = (seen.right - seen.left, seen.bottom - seen.top)
    whole[seen.top : seen.bottom, seen.left : seen.right] = resample("place_opacity", part, *size, "bilinear")[..., 0]
    return whole


STEPS: Mapping[str, Callable[..., Any]] = {
    "argmax_mask": argmax_mask,
    "place_mask": place_mask,
    "place_opacity": place_opacity,
}
