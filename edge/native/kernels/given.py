"""What an app gives, as the records that its functions take."""

from __future__ import annotations

from edge.native.kernels.places import whole
from edge.native.language import NAN, Bytes, Floats
from edge.native.records import Cell, Picture, Sound, Tensor


def picture_of(height: int, width: int, rgb: Bytes) -> Picture:
    """An upright picture as the platform decodes it, three bytes a pixel, row by row."""
    return Picture(height, width, 3, rgb, whole(height, width))


def sound_of(samples: Floats, channels: int, rate: int) -> Sound:
    """A sound as the platform decodes it, the channels of a sample side by side, full scale -1..1."""
    return Sound(Tensor([len(samples) // channels, channels], samples), rate)


def number_cell(name: str, value: float) -> Cell:
    """A named number."""
    return Cell(name, value, "")


def text_cell(name: str, value: str) -> Cell:
    """A named category."""
    return Cell(name, NAN, value)
