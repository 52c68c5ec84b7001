"""From pixels to pixels; see `catalog/vocab/steps/image.yaml`. Resizing is Pillow's, bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edge.native.language import PI, Ints, ceil, cos, f64, fail, floor, new_bytes, new_doubles, new_ints, sin
from edge.native.records import Frame, Picture

PRECISION_BITS = 22  # 32, less 8 of the result, less 2 for the sign and for sums above 1
HALF = 1 << 21
HAMMING_CONSTANT = 0.5400000214576721  # float literals in Pillow's C
HAMMING_COSINE = 0.46000000834465027


def to_color_space(x: Picture, space: str) -> Picture:
    """RGB as rgb, bgr or gray (ITU-R BT.601 in 16-bit fixed point)."""
    if x.channels != 3:
        fail("to_color_space", "[H, W, 3]", f"{x.channels} channels")
    if space == "rgb":
        return x
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
    return Picture(side, side, 1, data, moved(x.frame, top - above, left - before))


def moved(frame: Frame, top: int, left: int) -> Frame:
    """The frame of a cut that begins at top, left; negative numbers are borders put around."""
    offset_y = frame.offset_y + frame.scale_y * top
    offset_x = frame.offset_x + frame.scale_x * left
    return Frame(frame.height, frame.width, frame.scale_y, frame.scale_x, offset_y, offset_x)


def scaled(frame: Frame, by_y: float, by_x: float) -> Frame:
    """The frame of a picture each pixel of which covers by_y times by_x pixels of the present one."""
    scale_y = frame.scale_y * by_y
    scale_x = frame.scale_x * by_x
    return Frame(frame.height, frame.width, scale_y, scale_x, frame.offset_y, frame.offset_x)


def fit_within(x: Picture, width: int, height: int, filter: str) -> Picture:
    """The picture shrunk to fit, keeping its aspect ratio; never enlarged."""
    scale = min(1.0, min(width / x.width, height / x.height))
    new_width = max(1, int(floor(x.width * scale + 0.5)))
    new_height = max(1, int(floor(x.height * scale + 0.5)))
    return resize(x, new_width, new_height, filter)


def resize(x: Picture, width: int, height: int, filter: str) -> Picture:
    """The picture in another size, antialiased as Pillow 13 does."""
    if reach_of(filter) < 0.0:
        fail("resize", "a filter", filter)
    frame = scaled(x.frame, x.height / height, x.width / width)
    if filter == "nearest":
        return Picture(height, width, x.channels, nearest(x, width, height).data, frame)
    vertical_first = x.height - height > max(0, 2 * (x.width - width))
    first = vertical(x, height, filter) if vertical_first else horizontal(x, width, filter)
    second = horizontal(first, width, filter) if vertical_first else vertical(first, height, filter)
    return Picture(height, width, x.channels, second.data, frame)


def nearest(x: Picture, width: int, height: int) -> Picture:
    """Of each target pixel the source pixel under its centre."""
    rows = positions(x.height, height)
    columns = positions(x.width, width)
    data = new_bytes(height * width * x.channels)
    for row in range(height):
        for column in range(width):
            for channel in range(x.channels):
                place = (rows[row] * x.width + columns[column]) * x.channels + channel
                data[(row * width + column) * x.channels + channel] = x.data[place]
    return Picture(height, width, x.channels, data, x.frame)


def positions(old_size: int, size: int) -> Ints:
    """Source position of each target pixel; added up, since the rounding of the sum is part of the result."""
    scale = old_size / size
    found = new_ints(size)
    position = scale * 0.5
    for i in range(size):
        found[i] = int(position)
        position += scale
    return found


def reach_of(filter: str) -> float:
    """How far a filter reaches when it does not shrink; negative for one that does not exist."""
    if filter == "nearest":
        return 0.0
    if filter == "box":
        return 0.5
    if filter == "bilinear" or filter == "hamming":
        return 1.0
    if filter == "bicubic":
        return 2.0
    return 3.0 if filter == "lanczos" else -1.0


def weight_at(filter: str, x: float) -> float:
    """A filter's weight at a distance."""
    distance = abs(x)
    if filter == "box":
        return 1.0 if x > -0.5 and x <= 0.5 else 0.0
    if filter == "bilinear":
        return max(1.0 - distance, 0.0)
    if filter == "hamming":
        if x == 0.0:
            return 1.0
        angle = distance * PI
        return 0.0 if distance >= 1.0 else sin(angle) / angle * (HAMMING_CONSTANT + HAMMING_COSINE * cos(angle))
    if filter == "bicubic":
        if distance < 1.0:
            return (1.5 * distance - 2.5) * distance * distance + 1.0
        return (((distance - 5.0) * distance + 8.0) * distance - 4.0) * -0.5 if distance < 2.0 else 0.0
    return sinc(x) * sinc(x / 3.0) if x >= -3.0 and x < 3.0 else 0.0


def sinc(x: float) -> float:
    """sin(pi x) / (pi x)."""
    return 1.0 if x == 0.0 else sin(x * PI) / (x * PI)


def starts_of(old_size: int, size: int, reach: float) -> Ints:
    """First and, after it, one past the last source pixel of each target pixel."""
    scale = old_size / size
    found = new_ints(2 * size)
    for i in range(size):
        center = (i + 0.5) * scale
        found[2 * i] = max(int(center - reach + 0.5), 0)
        found[2 * i + 1] = min(int(center + reach + 0.5), old_size)
    return found


def taps_of(old_size: int, size: int, filter: str, spans: Ints, width: int) -> Ints:
    """The weights of each target pixel's sources, `width` places each, in 22-bit fixed point."""
    scale = old_size / size
    inverse = 1.0 / max(scale, 1.0)
    taps = new_ints(size * width)
    for i in range(size):
        count = spans[2 * i + 1] - spans[2 * i]
        row = new_doubles(count)
        total = 0.0
        for t in range(count):
            row[t] = weight_at(filter, (t + spans[2 * i] - (i + 0.5) * scale + 0.5) * inverse)
            total += row[t]
        for t in range(count):
            share = f64(row[t]) if total == 0.0 else row[t] / total
            fixed = share * (1 << PRECISION_BITS)
            taps[i * width + t] = int(fixed - 0.5 if fixed < 0.0 else fixed + 0.5)
    return taps


def byte_of(sum: int) -> int:
    """A sum in fixed point as 0..255."""
    return max(0, min(255, sum >> PRECISION_BITS))


def horizontal(x: Picture, width: int, filter: str) -> Picture:
    """The picture in another width."""
    if width == x.width:
        return x
    reach = reach_of(filter) * max(x.width / width, 1.0)
    spans = starts_of(x.width, width, reach)
    places = int(ceil(reach)) * 2 + 1
    taps = taps_of(x.width, width, filter, spans, places)
    data = new_bytes(x.height * width * x.channels)
    for row in range(x.height):
        for column in range(width):
            start = spans[2 * column]
            for channel in range(x.channels):
                total = HALF
                for t in range(spans[2 * column + 1] - start):
                    value = x.data[(row * x.width + start + t) * x.channels + channel]
                    total += value * taps[column * places + t]
                data[(row * width + column) * x.channels + channel] = byte_of(total)
    return Picture(x.height, width, x.channels, data, x.frame)


def vertical(x: Picture, height: int, filter: str) -> Picture:
    """The picture in another height."""
    if height == x.height:
        return x
    reach = reach_of(filter) * max(x.height / height, 1.0)
    spans = starts_of(x.height, height, reach)
    places = int(ceil(reach)) * 2 + 1
    taps = taps_of(x.height, height, filter, spans, places)
    length = x.width * x.channels
    data = new_bytes(height * length)
    for row in range(height):
        start = spans[2 * row]
        for i in range(length):
            total = HALF
            for t in range(spans[2 * row + 1] - start):
                total += x.data[(start + t) * length + i] * taps[row * places + t]
            data[row * length + i] = byte_of(total)
    return Picture(height, x.width, x.channels, data, x.frame)


KERNELS: Mapping[str, tuple[Callable[..., Any], ...]] = {
    "to_color_space": (to_color_space,),
    "invert": (invert,),
    "crop_to_content": (crop_to_content,),
    "resize": (resize,),
    "fit_within": (fit_within,),
}
