"""What a step may know beside its value: labels, the card's folder, the original picture or sound."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.steps.errors import StepError
from edge.steps.sound import Sound


@dataclass(frozen=True)
class Frame:
    """Where the model's picture of `rows` × `columns` pixels lies in the original one of `height` × `width`.

    A place `y` in the model's picture, in pixels from its upper edge, is `scale_y * y + offset_y` in the original; so
    for `x`. Pixel `i` reaches from `i` to `i + 1`.
    """

    height: int
    width: int
    rows: int
    columns: int
    scale_y: float = 1.0
    scale_x: float = 1.0
    offset_y: float = 0.0
    offset_x: float = 0.0

    def cut(self, top: int, left: int, rows: int, columns: int) -> Frame:
        """Return the frame of a cut of so many pixels that begins at `top`, `left`; what lies outside is border."""
        offset_y, offset_x = self.offset_y + self.scale_y * top, self.offset_x + self.scale_x * left
        return replace(self, rows=rows, columns=columns, offset_y=offset_y, offset_x=offset_x)

    def resized(self, rows: int, columns: int) -> Frame:
        """Return the frame of the picture in another size."""
        scale_y, scale_x = self.scale_y * (self.rows / rows), self.scale_x * (self.columns / columns)
        return replace(self, rows=rows, columns=columns, scale_y=scale_y, scale_x=scale_x)

    def seen(self) -> Box:
        """Return the pixels of the original that the model saw."""
        rows = _span(self.offset_y, self.offset_y + self.scale_y * self.rows, self.height)
        columns = _span(self.offset_x, self.offset_x + self.scale_x * self.columns, self.width)
        return Box(rows[0], columns[0], rows[1], columns[1])

    def inside(self, height: int, width: int) -> Box:
        """Return the pixels of a model's output `[height, width]` that show the original and no border."""
        by_y, by_x = height / self.rows / self.scale_y, width / self.columns / self.scale_x
        rows = _span(-self.offset_y * by_y, (self.height - self.offset_y) * by_y, height)
        columns = _span(-self.offset_x * by_x, (self.width - self.offset_x) * by_x, width)
        return Box(rows[0], columns[0], rows[1], columns[1])


class Box(NamedTuple):
    """Pixels from `top`, `left` up to but without `bottom`, `right`."""

    top: int
    left: int
    bottom: int
    right: int


def _span(start: float, end: float, size: int) -> tuple[int, int]:
    """Return the whole places nearest to a stretch, at least one pixel and inside `0..size`."""
    first = min(max(math.floor(start + 0.5), 0), size - 1)
    return first, min(max(math.floor(end + 0.5), first + 1), size)


@dataclass
class Context:
    """One run of a card's steps: those of the inputs leave here what those of the outputs need."""

    labels: Sequence[str] | None = None
    folder: Path | None = None  # where files that steps name lie
    frame: Frame | None = None  # None: no picture has been decoded
    picture: NDArray[np.uint8] | None = None  # [H, W, 3], the original, upright
    sound: Sound | None = None  # the original, None: no sound has been decoded

    def decoded(self, picture: NDArray[np.uint8]) -> None:
        """Note the original picture."""
        height, width, _ = picture.shape
        self.picture, self.frame = picture, Frame(height, width, height, width)

    def cut(self, top: int, left: int, rows: int, columns: int) -> None:
        """Note that the model's picture was cut; see `Frame.cut`."""
        self.frame = self.frame and self.frame.cut(top, left, rows, columns)

    def resized(self, rows: int, columns: int) -> None:
        """Note that the model's picture was resized."""
        self.frame = self.frame and self.frame.resized(rows, columns)

    def framed(self, step: str) -> Frame:
        """Return the frame for a step that leads back to the original picture."""
        if self.frame is None:
            raise StepError(step, "a picture among the inputs", "none", "use decode_image in the steps of an input")
        return self.frame

    def file(self, step: str, name: str) -> bytes:
        """Read a file of the card that a step names."""
        if self.folder is None or not (self.folder / name).is_file():
            raise StepError(step, f"the card's file {name}", "none", "put it into the card's folder")
        return (self.folder / name).read_bytes()

    def heard(self, step: str) -> Sound:
        """Return the original sound for a step whose result lies in its time."""
        if self.sound is None:
            raise StepError(step, "a sound among the inputs", "none", "use decode_audio in the steps of an input")
        return self.sound
