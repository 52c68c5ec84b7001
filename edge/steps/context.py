"""What a step may know beside its value: labels, the card's folder, where its picture lies in the original."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.steps.errors import StepError


@dataclass(frozen=True)
class Frame:
    """Where the pixels that the model gets lie in the original picture of `height` × `width` pixels.

    A place `y` in the model's picture, in pixels from its upper edge, is `scale_y * y + offset_y` in the original; so
    for `x`. Pixel `i` reaches from `i` to `i + 1`.
    """

    height: int
    width: int
    scale_y: float = 1.0
    scale_x: float = 1.0
    offset_y: float = 0.0
    offset_x: float = 0.0

    def moved(self, top: float, left: float) -> Frame:
        """Return the frame of a cut that begins at `top`, `left`; negative numbers are borders put around."""
        return replace(self, offset_y=self.offset_y + self.scale_y * top, offset_x=self.offset_x + self.scale_x * left)

    def scaled(self, by_y: float, by_x: float) -> Frame:
        """Return the frame of a picture each pixel of which covers `by_y` × `by_x` pixels of the present one."""
        return replace(self, scale_y=self.scale_y * by_y, scale_x=self.scale_x * by_x)


@dataclass
class Context:
    """One run of a card's steps: those of the inputs leave here what those of the outputs need."""

    labels: Sequence[str] | None = None
    folder: Path | None = None  # where files that steps name lie
    frame: Frame | None = None  # None: no picture has been decoded
    picture: NDArray[np.uint8] | None = None  # [H, W, 3], the original, upright

    def decoded(self, picture: NDArray[np.uint8]) -> None:
        """Note the original picture."""
        self.picture, self.frame = picture, Frame(*picture.shape[:2])

    def moved(self, top: float, left: float) -> None:
        """Note a cut, or with negative numbers a border; see `Frame.moved`."""
        self.frame = self.frame and self.frame.moved(top, left)

    def resized(self, old: tuple[int, ...], new: tuple[int, ...]) -> None:
        """Note that `[H, W, …]` became `[h, w, …]`."""
        self.frame = self.frame and self.frame.scaled(old[0] / new[0], old[1] / new[1])

    def framed(self, step: str) -> Frame:
        """Return the frame for a step that leads back to the original picture."""
        if self.frame is None:
            raise StepError(step, "a picture among the inputs", "none", "use decode_image in the steps of an input")
        return self.frame
