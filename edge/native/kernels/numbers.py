"""Arithmetic on numbers; see `catalog/vocab/steps/numbers.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edge.native.language import Doubles, Ints, f32, fail, new_bytes, new_floats, new_ints
from edge.native.records import ByteTensor, Picture, Tensor


def floats_of(x: Picture) -> Tensor:
    """A picture's values as numbers `[height, width, channels]`."""
    return floats_of_bytes(ByteTensor([x.height, x.width, x.channels], x.data))


def floats_of_bytes(x: ByteTensor) -> Tensor:
    """Whole numbers 0..255 in single precision, which is exact."""
    data = new_floats(len(x.data))
    for i in range(len(x.data)):
        data[i] = f32(x.data[i])
    return Tensor(x.shape, data)


def scale_linear(x: Tensor, gain: float, offset: float) -> Tensor:
    """x * gain + offset, each operation rounded to single precision."""
    factor = f32(gain)
    added = f32(offset)
    data = new_floats(len(x.data))
    for i in range(len(x.data)):
        data[i] = x.data[i] * factor + added
    return Tensor(x.shape, data)


def normalize(x: Tensor, mean: Doubles, std: Doubles) -> Tensor:
    """(x - mean) / std along the last axis, each operation rounded to single precision."""
    channels = x.shape[len(x.shape) - 1] if len(x.shape) > 0 else 0
    if len(mean) != channels or len(std) != channels:
        fail("normalize", f"{channels} means and deviations", f"{len(mean)} and {len(std)}")
    data = new_floats(len(x.data))
    for i in range(len(x.data)):
        data[i] = (x.data[i] - f32(mean[i % channels])) / f32(std[i % channels])
    return Tensor(x.shape, data)


def places_of(pixels: int, channels: int, channels_first: bool) -> Ints:
    """Where each value of a picture `[H, W, C]` comes to lie: first its channel counts, or last."""
    places = new_ints(pixels * channels)
    for i in range(len(places)):
        places[i] = i % channels * pixels + i // channels if channels_first else i
    return places


def layout_of(height: int, width: int, channels: int, channels_first: bool) -> Ints:
    """The shape of one picture as `[1, C, H, W]` or `[1, H, W, C]`."""
    if channels_first:
        return [1, channels, height, width]
    return [1, height, width, channels]


def to_layout(x: Tensor, layout: str) -> Tensor:
    """Numbers `[H, W, C]` as `[1, C, H, W]` (nchw) or `[1, H, W, C]` (nhwc)."""
    if len(x.shape) != 3:
        fail("to_layout", "[H, W, C]", f"{len(x.shape)} axes")
    places = places_of(x.shape[0] * x.shape[1], x.shape[2], layout == "nchw")
    data = new_floats(len(x.data))
    for i in range(len(x.data)):
        data[places[i]] = x.data[i]
    return Tensor(layout_of(x.shape[0], x.shape[1], x.shape[2], layout == "nchw"), data)


def picture_to_layout(x: Picture, layout: str) -> ByteTensor:
    """A picture's values as `[1, C, H, W]` (nchw) or `[1, H, W, C]` (nhwc)."""
    places = places_of(x.height * x.width, x.channels, layout == "nchw")
    data = new_bytes(len(x.data))
    for i in range(len(x.data)):
        data[places[i]] = x.data[i]
    return ByteTensor(layout_of(x.height, x.width, x.channels, layout == "nchw"), data)


def clip(x: Tensor, min: float, max: float) -> Tensor:
    """Each value limited to min..max; NaN stays NaN."""
    least = f32(min)
    most = f32(max)
    data = new_floats(len(x.data))
    for i in range(len(x.data)):
        value = x.data[i]
        data[i] = least if value < least else (most if value > most else value)
    return Tensor(x.shape, data)


def reshape(x: Tensor, shape: Ints) -> Tensor:
    """The same elements in another shape; one size may be -1, which takes what is left."""
    return Tensor(filled(shape, len(x.data)), x.data)


def reshape_bytes(x: ByteTensor, shape: Ints) -> ByteTensor:
    """The same elements in another shape; one size may be -1, which takes what is left."""
    return ByteTensor(filled(shape, len(x.data)), x.data)


def filled(shape: Ints, size: int) -> Ints:
    """A shape for so many elements, the size that is -1 filled in."""
    known = 1
    unknown = 0
    for i in range(len(shape)):
        if shape[i] < 0:
            unknown += 1
        else:
            known *= shape[i]
    if unknown > 1 or (unknown == 0 and known != size) or (unknown == 1 and (known == 0 or size % max(known, 1) != 0)):
        fail("reshape", f"{known} elements, or a multiple with a size of -1", f"{size}")
    found = new_ints(len(shape))
    for i in range(len(shape)):
        found[i] = shape[i] if shape[i] >= 0 else size // known
    return found


KERNELS: Mapping[str, tuple[Callable[..., Any], ...]] = {
    "scale_linear": (scale_linear,),
    "normalize": (normalize,),
    "to_layout": (to_layout, picture_to_layout),
    "clip": (clip,),
    "reshape": (reshape, reshape_bytes),
}
WIDENED: Mapping[str, Callable[..., Tensor]] = {"Picture": floats_of, "ByteTensor": floats_of_bytes}
