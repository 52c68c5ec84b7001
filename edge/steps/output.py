"""From a model's tensors to the task's result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge.steps.context import Context
from edge.steps.errors import StepError, choice, described, image_array, number_array
from edge.steps.image import resample

# [C, H, W] or [H, W, C] → order of the axes that gives [H, W, C]
LAYOUTS: Mapping[str, tuple[int, int, int]] = {"nchw": (1, 2, 0), "nhwc": (0, 1, 2)}


def softmax(value: object) -> NDArray[np.float32]:
    """Return `exp(x - max(x)) / sum` along the last axis, in float64, rounded to float32: `[…, C]` in 0..1."""
    x = number_array("softmax", value)
    if not x.ndim or not x.shape[-1]:
        raise StepError("softmax", "[…, C] with C of at least 1", described(x), "give it the model's scores")
    x = x.astype(np.float64)
    largest = x.max(axis=-1, keepdims=True)
    if not np.isfinite(largest).all():
        raise StepError("softmax", "scores with a finite maximum", "NaN or infinity", "check the model's input")
    powers = np.exp(x - largest)
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)


def sigmoid(value: object) -> NDArray[np.float32]:
    """Return `1 / (1 + exp(-x))` of any shape, in float64, rounded to float32."""
    x = number_array("sigmoid", value).astype(np.float64)
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-x)), np.float32)


def top_k(value: object, context: Context, k: int = 5) -> list[dict[str, str | float]]:
    """Return the `k` highest of `[1, C]` scores as `{label, score}`, best first; equal scores keep label order."""
    scores, labels = number_array("top_k", value), context.labels
    if labels is None:
        raise StepError("top_k", "labels", "none", "give the output tensor its labels in the card")
    if scores.shape != (1, len(labels)):
        raise StepError("top_k", f"[1, {len(labels)}] scores, one a label", described(scores), "check the labels")
    if np.isnan(scores).any():
        raise StepError("top_k", "scores", "NaN", "check the model's input")
    order = np.argsort(-(scores[0].astype(np.float64)), kind="stable")[:k]
    return [{"label": labels[index], "score": float(scores[0, index])} for index in order]


def to_image(value: object, layout: str) -> NDArray[np.uint8]:
    """Turn `[1, C, H, W]` or `[1, H, W, C]` (C 1 or 3), limited to 0..1, into `[H, W, C] uint8`."""
    x = number_array("to_image", value)
    order = choice("to_image", "layout", LAYOUTS, layout)
    if x.ndim != 4 or x.shape[0] != 1 or x[0].transpose(order).shape[2] not in (1, 3):
        wanted = f"one image of 1 or 3 channels, {layout}"
        raise StepError("to_image", wanted, described(x), "check the layout")
    if np.isnan(x).any():
        raise StepError("to_image", "numbers", "NaN", "check the model's input")
    limited = np.clip(x[0].transpose(order).astype(np.float32), np.float32(0), np.float32(1))
    return np.ascontiguousarray(np.floor(limited * np.float32(255) + np.float32(0.5)).astype(np.uint8))


def image_to_original(value: object, context: Context, filter: str = "bilinear") -> NDArray[np.uint8]:  # noqa: A002 - the card's word
    """Cut the borders of the input steps off `[h, w, C] uint8`, and resize the rest to its size in the original."""
    pixels = image_array("image_to_original", value)
    frame = context.framed("image_to_original")
    inner, seen = frame.inside(*pixels.shape[:2]), frame.seen()
    part = pixels[inner.top : inner.bottom, inner.left : inner.right]
    return resample("image_to_original", part, seen.right - seen.left, seen.bottom - seen.top, filter)


def recolor(value: object, context: Context) -> NDArray[np.uint8]:
    """Give luma `[h, w, 1] uint8` the Cb and Cr of what the model saw of the original: `[h, w, 3] uint8`, RGB.

    Borders that input steps put around the picture stay without colour.
    """
    luma = image_array("recolor", value, channels=(1,))
    frame = context.framed("recolor")
    inner, seen = frame.inside(*luma.shape[:2]), frame.seen()
    part = np.asarray(context.picture)[seen.top : seen.bottom, seen.left : seen.right]
    colours = np.asarray(Image.fromarray(part).convert("YCbCr"))
    size = (inner.right - inner.left, inner.bottom - inner.top)
    ycbcr = np.full((*luma.shape[:2], 3), NO_COLOUR, np.uint8)
    ycbcr[inner.top : inner.bottom, inner.left : inner.right] = resample("recolor", colours, *size, "bicubic")
    ycbcr[..., :1] = luma
    bands = [Image.fromarray(np.ascontiguousarray(band)) for band in np.moveaxis(ycbcr, 2, 0)]
    return np.asarray(Image.merge("YCbCr", bands).convert("RGB"))


NO_COLOUR = 128  # Cb and Cr of grey

POOLS: Mapping[str, Callable[..., Any]] = {"mean": np.mean, "max": np.max}
POOLED: Mapping[str, tuple[int, int, int] | None] = {**LAYOUTS, "rows": None}


def pool(value: object, layout: str, kind: str = "mean") -> NDArray[np.float32]:
    """Return the mean or the largest value of each channel: `[1, C]`.

    `value` is one picture `[1, C, h, w]` or `[1, h, w, C]`, or with `rows` vectors `[…, C]`: tokens, patches, chunks.
    """
    x = number_array("pool", value)
    order = choice("pool", "layout", POOLED, layout)
    taken = choice("pool", "kind", POOLS, kind)
    fits = x.ndim >= 2 if order is None else x.ndim == 4 and x.shape[0] == 1
    if not fits or not x.size:
        raise StepError("pool", f"channels, {layout}", described(x), "check the layout")
    moved = x if order is None else x[0].transpose(order)
    return np.asarray(taken(moved.reshape(-1, moved.shape[-1]).astype(np.float64), axis=0)[None], np.float32)


def l2_normalize(value: object) -> NDArray[np.float32]:
    """Divide each row of `[…, D]` by its length; a row of zeros stays."""
    x = number_array("l2_normalize", value)
    if not x.ndim or not x.shape[-1] or not np.isfinite(x).all():
        raise StepError("l2_normalize", "[…, D] finite numbers", described(x), "check the model's output")
    rows = x.astype(np.float64)
    lengths = np.sqrt((rows**2).sum(axis=-1, keepdims=True))
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), np.float32)


def to_numbers(value: object, columns: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Name the numbers of `[1, N]` in order: `edge.results.Number`s."""
    x = number_array("to_numbers", value)
    if x.shape != (1, len(columns)) or not np.isfinite(x).all():
        expected = f"[1, {len(columns)}] finite numbers, one a column"
        raise StepError("to_numbers", expected, described(x), "check the columns")
    named = zip(columns, x[0], strict=True)
    return [{"name": column["name"], "value": float(number), "unit": column.get("unit")} for column, number in named]


STEPS: Mapping[str, Callable[..., Any]] = {
    "softmax": softmax,
    "sigmoid": sigmoid,
    "top_k": top_k,
    "to_image": to_image,
    "image_to_original": image_to_original,
    "recolor": recolor,
    "pool": pool,
    "l2_normalize": l2_normalize,
    "to_numbers": to_numbers,
}
