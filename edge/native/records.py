"""The records that kernels pass on; `translate.py` writes them out as classes."""

from __future__ import annotations

from dataclasses import dataclass

from edge.native.language import Bytes, Floats, Ints


@dataclass(frozen=True)
class Frame:
    """Where the model's picture lies in the original; see `edge.steps.context.Frame`."""

    height: int
    width: int
    rows: int
    columns: int
    scale_y: float
    scale_x: float
    offset_y: float
    offset_x: float


@dataclass(frozen=True)
class Picture:
    """An upright picture, `[height, width, channels]` bytes, and where it lies in the original."""

    height: int
    width: int
    channels: int
    data: Bytes
    frame: Frame


@dataclass(frozen=True)
class Tensor:
    """Numbers in single precision, the last axis fastest."""

    shape: Ints
    data: Floats


@dataclass(frozen=True)
class ByteTensor:
    """Whole numbers 0..255, the last axis fastest."""

    shape: Ints
    data: Bytes


@dataclass(frozen=True)
class ClassScore:
    """A class and how sure the model is of it."""

    label: str
    score: float
