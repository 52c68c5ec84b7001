"""Where the model's picture lies in the original; see `edge.steps.context.Frame`."""

from __future__ import annotations

from edge.native.language import Ints, floor, new_bytes, new_ints
from edge.native.records import Frame, Picture, Rectangle


def cut(frame: Frame, top: int, left: int, rows: int, columns: int) -> Frame:
    """The frame of a cut of so many pixels that begins at top, left; what lies outside is border."""
    offset_y = frame.offset_y + frame.scale_y * top
    offset_x = frame.offset_x + frame.scale_x * left
    return Frame(frame.height, frame.width, rows, columns, frame.scale_y, frame.scale_x, offset_y, offset_x)


def scaled(frame: Frame, rows: int, columns: int) -> Frame:
    """The frame of the picture in another size."""
    scale_y = frame.scale_y * (frame.rows / rows)
    scale_x = frame.scale_x * (frame.columns / columns)
    return Frame(frame.height, frame.width, rows, columns, scale_y, scale_x, frame.offset_y, frame.offset_x)


def whole(height: int, width: int) -> Frame:
    """The frame of a picture that is the original."""
    return Frame(height, width, height, width, 1.0, 1.0, 0.0, 0.0)


def part(x: Picture, top: int, left: int, height: int, width: int) -> Picture:
    """So many pixels of the picture from top, left."""
    length = width * x.channels
    data = new_bytes(height * length)
    for row in range(height):
        for i in range(length):
            data[row * length + i] = x.data[((top + row) * x.width + left) * x.channels + i]
    return Picture(height, width, x.channels, data, cut(x.frame, top, left, height, width))


def laid_on(x: Picture, height: int, width: int, top: int, left: int, fill: int) -> Picture:
    """The picture at top, left of a larger one of a single value."""
    data = new_bytes(height * width * x.channels)
    for i in range(len(data)):
        data[i] = fill
    length = x.width * x.channels
    for row in range(x.height):
        for i in range(length):
            data[((top + row) * width + left) * x.channels + i] = x.data[row * length + i]
    return Picture(height, width, x.channels, data, cut(x.frame, -top, -left, height, width))


def at_y(frame: Frame, y: float) -> float:
    """A place in the model's picture as a fraction of the original's height."""
    return (y * frame.scale_y + frame.offset_y) / frame.height


def at_x(frame: Frame, x: float) -> float:
    """A place in the model's picture as a fraction of the original's width."""
    return (x * frame.scale_x + frame.offset_x) / frame.width


def seen(frame: Frame) -> Rectangle:
    """The pixels of the original that the model saw."""
    rows = span(frame.offset_y, frame.offset_y + frame.scale_y * frame.rows, frame.height)
    columns = span(frame.offset_x, frame.offset_x + frame.scale_x * frame.columns, frame.width)
    return Rectangle(rows[0], columns[0], rows[1], columns[1])


def inside(frame: Frame, height: int, width: int) -> Rectangle:
    """The pixels of a model's output of this size that show the original and no border."""
    by_y = height / frame.rows / frame.scale_y
    by_x = width / frame.columns / frame.scale_x
    rows = span(-frame.offset_y * by_y, (frame.height - frame.offset_y) * by_y, height)
    columns = span(-frame.offset_x * by_x, (frame.width - frame.offset_x) * by_x, width)
    return Rectangle(rows[0], columns[0], rows[1], columns[1])


def span(start: float, end: float, size: int) -> Ints:
    """The whole places nearest to a stretch, at least one pixel and inside 0..size."""
    found = new_ints(2)
    found[0] = min(max(int(floor(start + 0.5)), 0), size - 1)
    found[1] = min(max(int(floor(end + 0.5)), found[0] + 1), size)
    return found
