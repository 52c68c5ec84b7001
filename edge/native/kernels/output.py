"""From a model's numbers to the result; see `catalog/vocab/steps/output.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edge.native.kernels.arrays import doubles_of
from edge.native.kernels.colours import to_rgb, to_ycbcr
from edge.native.kernels.numbers import places_of
from edge.native.kernels.places import inside, laid_on, part, seen, whole
from edge.native.kernels.resampling import resize
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
    sqrt,
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
    places = places_of(height * width, channels, first)
    data = new_bytes(len(x.data))
    for i in range(len(x.data)):
        if is_nan(x.data[places[i]]):
            fail("to_image", "numbers", "NaN")
        data[i] = pixel_of(x.data[places[i]])
    return Picture(height, width, channels, data, whole(height, width))


def pixel_of(x: f32) -> int:
    """A number limited to 0..1 as one of 0..255."""
    limited = max(f32(0.0), min(f32(1.0), x))
    return int(limited * f32(255.0) + f32(0.5))


def image_to_original(x: Picture, filter: str, frame: Frame) -> Picture:
    """The picture without the borders of the input steps, in the size that it has in the original."""
    inner = inside(frame, x.height, x.width)
    outer = seen(frame)
    shown = part(x, inner.top, inner.left, inner.bottom - inner.top, inner.right - inner.left)
    found = resize(shown, outer.right - outer.left, outer.bottom - outer.top, filter)
    return Picture(found.height, found.width, found.channels, found.data, x.frame)


def recolor(x: Picture, picture: Picture, frame: Frame) -> Picture:
    """A luma picture with the colours of what the model saw of the original; borders stay without."""
    if x.channels != 1:
        fail("recolor", "one channel", f"{x.channels}")
    inner = inside(frame, x.height, x.width)
    outer = seen(frame)
    shown = part(picture, outer.top, outer.left, outer.bottom - outer.top, outer.right - outer.left)
    colours = resize(to_ycbcr(shown, 3), inner.right - inner.left, inner.bottom - inner.top, "bicubic")
    return to_rgb(x, laid_on(colours, x.height, x.width, inner.top, inner.left, 128))


def pool(x: Tensor, layout: str, kind: str) -> Tensor:
    """The mean or the largest value of each channel."""
    first = layout == "nchw"
    if len(x.shape) < 2 or len(x.data) == 0 or (layout != "rows" and (len(x.shape) != 4 or x.shape[0] != 1)):
        fail("pool", f"channels, {layout}", f"{len(x.shape)} axes")
    channels = x.shape[1] if first else x.shape[len(x.shape) - 1]
    places = len(x.data) // channels
    data = new_floats(channels)
    for channel in range(channels):
        largest = -INFINITY
        total = 0.0
        for i in range(places):
            value = f64(x.data[channel * places + i if first else i * channels + channel])
            largest = max(largest, value)
            total += value
        data[channel] = f32(largest if kind == "max" else total / places)
    return Tensor([1, channels], data)


def l2_normalize(x: Tensor) -> Tensor:
    """Each row divided by its length; a row of zeros stays."""
    width = x.shape[len(x.shape) - 1] if len(x.shape) > 0 else 0
    if width == 0:
        fail("l2_normalize", "[…, D] with D of at least 1", "no numbers")
    data = new_floats(len(x.data))
    for start in range(0, len(x.data), width):
        total = 0.0
        for i in range(start, start + width):
            total += f64(x.data[i]) * f64(x.data[i])
        if is_nan(total) or total == INFINITY:
            fail("l2_normalize", "finite numbers", "NaN or infinity")
        for i in range(start, start + width):
            data[i] = f32(f64(x.data[i]) / sqrt(total)) if total > 0.0 else x.data[i]
    return Tensor(x.shape, data)


KERNELS: Mapping[str, tuple[Callable[..., Any], ...]] = {
    "softmax": (softmax,),
    "sigmoid": (sigmoid,),
    "top_k": (top_k,),
    "to_image": (to_image,),
    "image_to_original": (image_to_original,),
    "recolor": (recolor,),
    "pool": (pool,),
    "l2_normalize": (l2_normalize,),
}
