"""Pillow's `Image.resize`, bit for bit; see `catalog/vocab/steps/image.yaml`."""

from __future__ import annotations

from edge.native.kernels.places import scaled
from edge.native.language import PI, Ints, ceil, cos, f64, fail, new_bytes, new_doubles, new_ints, sin
from edge.native.records import Picture

PRECISION_BITS = 22  # 32, less 8 of the result, less 2 for the sign and for sums above 1
HALF = 1 << 21
HAMMING_CONSTANT = 0.5400000214576721  # float literals in Pillow's C
HAMMING_COSINE = 0.46000000834465027


def resize(x: Picture, width: int, height: int, filter: str) -> Picture:
    """The picture in another size, antialiased as Pillow 13 does."""
    if reach_of(filter) < 0.0:
        fail("resize", "a filter", filter)
    frame = scaled(x.frame, height, width)
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
