"""From a model's numbers to the result; see `catalog/vocab/steps/output.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edge.native.kernels.numbers import doubles_of
from edge.native.language import (
    INFINITY,
    Strings,
    descending,
    exp,
    f32,
    f64,
    fail,
    is_nan,
    new_bytes,
    new_doubles,
    new_floats,
)
from edge.native.records import ClassScore, Frame, Picture, Tensor


def softmax(x: Tensor) -> Tensor:
    """exp(x - max(x)) / sum along the last axis, in double precision."""
    classes = x.shape[len(x.shape) - 1] if len(x.shape) > 0 else 0
    if classes == 0:
        fail("softmax", "[..., C] with C of at least 1", "no scores")
    data = new_floats(len(x.data))
    for start in range(0, len(x.data), classes):
        largest = -INFINITY
        for i in range(start, start + classes):
            if is_nan(x.data[i]):
                fail("softmax", "scores with a finite maximum", "NaN")
            largest = max(largest, f64(x.data[i]))
        if largest == INFINITY or largest == -INFINITY:
            fail("softmax", "scores with a finite maximum", "infinity")
        total = 0.0
        powers = new_doubles(classes)
        for i in range(classes):
            powers[i] = exp(f64(x.data[start + i]) - largest)
            total += powers[i]
        for i in range(classes):
            data[start + i] = f32(powers[i] / total)
    return Tensor(x.shape, data)


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + exp(-x)) in double precision."""
    data = new_floats(len(x.data))
    for i in range(len(x.data)):
        data[i] = f32(1.0 / (1.0 + exp(-f64(x.data[i]))))
    return Tensor(x.shape, data)


def top_k(x: Tensor, k: int, labels: Strings) -> list[ClassScore]:
    """The k highest scores with their labels; equal scores keep label order."""
    if len(x.data) != len(labels):
        fail("top_k", f"{len(labels)} scores, one a label", f"{len(x.data)}")
    for i in range(len(x.data)):
        if is_nan(x.data[i]):
            fail("top_k", "scores", "NaN")
    order = descending(doubles_of(x))
    found: list[ClassScore] = []
    for i in range(min(k, len(order))):
        found.append(ClassScore(labels[order[i]], f64(x.data[order[i]])))
    return found


def to_image(x: Tensor, layout: str) -> Picture:
    """Numbers 0..1 of one image `[1, C, H, W]` (nchw) or `[1, H, W, C]` (nhwc) as pixels."""
    if len(x.shape) != 4 or x.shape[0] != 1:
        fail("to_image", "one image", f"{len(x.shape)} axes")
    first = layout == "nchw"
    channels = x.shape[1] if first else x.shape[3]
    height = x.shape[2] if first else x.shape[1]
    width = x.shape[3] if first else x.shape[2]
    if channels != 1 and channels != 3:
        fail("to_image", "1 or 3 channels", f"{channels}")
    pixels = height * width
    data = new_bytes(len(x.data))
    for pixel in range(pixels):
        for channel in range(channels):
            value = x.data[channel * pixels + pixel if first else pixel * channels + channel]
            if is_nan(value):
                fail("to_image", "numbers", "NaN")
            limited = max(f32(0.0), min(f32(1.0), value))
            data[pixel * channels + channel] = int(limited * f32(255.0) + f32(0.5))
    whole = Frame(height, width, height, width, 1.0, 1.0, 0.0, 0.0)
    return Picture(height, width, channels, data, whole)


KERNELS: Mapping[str, tuple[Callable[..., Any], ...]] = {
    "softmax": (softmax,),
    "sigmoid": (sigmoid,),
    "top_k": (top_k,),
    "to_image": (to_image,),
}
