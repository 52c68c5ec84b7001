"""From pixels to pixels; see `catalog/vocab/steps/image.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edge.native.kernels.colours import to_ycbcr
from edge.native.kernels.places import cut, laid_on, part
from edge.native.kernels.resampling import resize
from edge.native.language import fail, floor, new_bytes
from edge.native.records import Picture


def to_color_space(x: Picture, space: str) -> Picture:
    """RGB as rgb, bgr or gray (ITU-R BT.601 in 16-bit fixed point)."""
    if x.channels != 3:
        fail("to_color_space", "[H, W, 3]", f"{x.channels} channels")
    if space == "rgb":
        return x
    if space == "ycbcr" or space == "y":
        return to_ycbcr(x, 3 if space == "ycbcr" else 1)
    channels = 1 if space == "gray" else 3
    data = new_bytes(x.height * x.width * channels)
    for pixel in range(x.height * x.width):
        red = x.data[3 * pixel]
        green = x.data[3 * pixel + 1]
        blue = x.data[3 * pixel + 2]
        if space == "gray":
            data[pixel] = (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16
        else:
            data[3 * pixel] = blue
            data[3 * pixel + 1] = green
            data[3 * pixel + 2] = red
    return Picture(x.height, x.width, channels, data, x.frame)


def invert(x: Picture) -> Picture:
    """255 minus each value."""
    data = new_bytes(len(x.data))
    for i in range(len(x.data)):
        data[i] = 255 - x.data[i]
    return Picture(x.height, x.width, x.channels, data, x.frame)


def crop_to_content(x: Picture, threshold: int) -> Picture:
    """The smallest box that holds every value above the threshold, centred on 0 in a square."""
    if x.channels != 1:
        fail("crop_to_content", "one channel", f"{x.channels}")
    top = x.height
    bottom = -1
    left = x.width
    right = -1
    for i in range(len(x.data)):
        if x.data[i] > threshold:
            top = min(top, i // x.width)
            bottom = i // x.width
            left = min(left, i % x.width)
            right = max(right, i % x.width)
    if bottom < 0:
        top = 0
        bottom = x.height - 1
        left = 0
        right = x.width - 1
    height = bottom - top + 1
    width = right - left + 1
    side = max(height, width)
    above = (side - height) // 2
    before = (side - width) // 2
    data = new_bytes(side * side)
    for row in range(height):
        for column in range(width):
            data[(above + row) * side + before + column] = x.data[(top + row) * x.width + left + column]
    return Picture(side, side, 1, data, cut(x.frame, top - above, left - before, side, side))


def fit_within(x: Picture, width: int, height: int, filter: str) -> Picture:
    """The picture shrunk to fit, keeping its aspect ratio; never enlarged."""
    scale = min(1.0, min(width / x.width, height / x.height))
    new_width = max(1, int(floor(x.width * scale + 0.5)))
    new_height = max(1, int(floor(x.height * scale + 0.5)))
    return resize(x, new_width, new_height, filter)


MAX_PIXELS = 16000000
LARGEST_INT = 2147483647


def resize_short_side(x: Picture, size: int, filter: str) -> Picture:
    """The picture with a shorter side of so many pixels."""
    if max(x.height, x.width) > LARGEST_INT // size:
        fail("resize_short_side", f"a result of at most {MAX_PIXELS} pixels", f"{x.width} x {x.height}")
    short = min(x.height, x.width)
    width = max(1, x.width * size // short)
    height = max(1, x.height * size // short)
    if width > MAX_PIXELS // height:
        fail("resize_short_side", f"a result of at most {MAX_PIXELS} pixels", f"{width} x {height}")
    return resize(x, width, height, filter)


def center_crop(x: Picture, width: int, height: int) -> Picture:
    """The middle of the picture."""
    top = (x.height - height) // 2
    left = (x.width - width) // 2
    if x.height < height or x.width < width:
        fail("center_crop", f"a picture of at least {width} x {height} pixels", f"{x.width} x {x.height}")
    return part(x, top, left, height, width)


def letterbox(x: Picture, width: int, height: int, filter: str, fill: int, align: str) -> Picture:
    """All of the picture in a box, its aspect ratio kept, with a border."""
    scale = min(width / x.width, height / x.height)
    new_width = max(1, int(floor(x.width * scale + 0.5)))
    new_height = max(1, int(floor(x.height * scale + 0.5)))
    inner = resize(x, new_width, new_height, filter)
    top = 0 if align == "start" else (height - new_height) // 2
    left = 0 if align == "start" else (width - new_width) // 2
    return laid_on(inner, height, width, top, left, fill)


KERNELS: Mapping[str, tuple[Callable[..., Any], ...]] = {
    "to_color_space": (to_color_space,),
    "invert": (invert,),
    "crop_to_content": (crop_to_content,),
    "resize": (resize,),
    "fit_within": (fit_within,),
    "resize_short_side": (resize_short_side,),
    "center_crop": (center_crop,),
    "letterbox": (letterbox,),
}
