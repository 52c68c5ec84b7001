"""Arithmetic on numbers; see `catalog/vocab/steps/numbers.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edge.native.language import Doubles, f32, f64, fail, new_bytes, new_doubles, new_floats, new_ints
from edge.native.records import ByteTensor, Picture, Tensor


def floats_of(x: Picture) -> Tensor:
    """A picture's values as numbers `[height, width, channels]`."""
    shape = new_ints(3)
    shape[0] = x.height
    shape[1] = x.width
    shape[2] = x.channels
    data = new_floats(len(x.data))
    for i in range(len(x.data)):
        data[i] = f32(x.data[i])
    return Tensor(shape, data)


def scale_linear(x: Tensor, gain: float, offset: float) -> Tensor:
    """x * gain + offset, each operation rounded to single precision."""
    factor = f32(gain)
    added = f32(offset)
    data = new_floats(len(x.data))
    for i in range(len(x.data)):
        data[i] = x.data[i] * factor + added
    return Tensor(x.shape, data)


def scale_picture(x: Picture, gain: float, offset: float) -> Tensor:
    """x * gain + offset of a picture's values."""
    return scale_linear(floats_of(x), gain, offset)


def normalize(x: Tensor, mean: Doubles, std: Doubles) -> Tensor:
    """(x - mean) / std along the last axis, each operation rounded to single precision."""
    channels = x.shape[len(x.shape) - 1]
    if len(mean) != channels or len(std) != channels:
        fail("normalize", f"{channels} means and deviations", f"{len(mean)} and {len(std)}")
    data = new_floats(len(x.data))
    for i in range(len(x.data)):
        data[i] = (x.data[i] - f32(mean[i % channels])) / f32(std[i % channels])
    return Tensor(x.shape, data)


def normalize_picture(x: Picture, mean: Doubles, std: Doubles) -> Tensor:
    """(x - mean) / std of a picture's values."""
    return normalize(floats_of(x), mean, std)


def to_layout(x: Tensor, layout: str) -> Tensor:
    """Numbers `[H, W, C]` as `[1, C, H, W]` (nchw) or `[1, H, W, C]` (nhwc)."""
    if len(x.shape) != 3:
        fail("to_layout", "[H, W, C]", f"{len(x.shape)} axes")
    pixels = x.shape[0] * x.shape[1]
    channels = x.shape[2]
    shape = new_ints(4)
    shape[0] = 1
    first = layout == "nchw"
    shape[1] = channels if first else x.shape[0]
    shape[2] = x.shape[0] if first else x.shape[1]
    shape[3] = x.shape[1] if first else channels
    data = new_floats(len(x.data))
    for pixel in range(pixels):
        for channel in range(channels):
            to = channel * pixels + pixel if first else pixel * channels + channel
            data[to] = x.data[pixel * channels + channel]
    return Tensor(shape, data)


def picture_to_layout(x: Picture, layout: str) -> ByteTensor:
    """A picture's values as `[1, C, H, W]` (nchw) or `[1, H, W, C]` (nhwc)."""
    pixels = x.height * x.width
    channels = x.channels
    shape = new_ints(4)
    shape[0] = 1
    first = layout == "nchw"
    shape[1] = channels if first else x.height
    shape[2] = x.height if first else x.width
    shape[3] = x.width if first else channels
    data = new_bytes(len(x.data))
    for pixel in range(pixels):
        for channel in range(channels):
            to = channel * pixels + pixel if first else pixel * channels + channel
            data[to] = x.data[pixel * channels + channel]
    return ByteTensor(shape, data)


def clip(x: Tensor, min: float, max: float) -> Tensor:
    """Each value limited to min..max; NaN stays NaN."""
    least = f32(min)
    most = f32(max)
    data = new_floats(len(x.data))
    for i in range(len(x.data)):
        value = x.data[i]
        data[i] = least if value < least else (most if value > most else value)
    return Tensor(x.shape, data)


def doubles_of(x: Tensor) -> Doubles:
    """The values in double precision."""
    data = new_doubles(len(x.data))
    for i in range(len(x.data)):
        data[i] = f64(x.data[i])
    return data


KERNELS: Mapping[str, tuple[Callable[..., Any], ...]] = {
    "scale_linear": (scale_linear, scale_picture),
    "normalize": (normalize, normalize_picture),
    "to_layout": (to_layout, picture_to_layout),
    "clip": (clip,),
}
