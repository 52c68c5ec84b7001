"""The records that kernels pass on; `translate.py` writes them out as classes."""

from __future__ import annotations

from dataclasses import dataclass

from edge.native.language import Bytes, Floats, Ints, Longs, Strings


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
class IntTensor:
    """Whole numbers of at most 32 bits, the last axis fastest."""

    shape: Ints
    data: Ints


@dataclass(frozen=True)
class LongTensor:
    """Whole numbers of 64 bits, the last axis fastest."""

    shape: Ints
    data: Longs


@dataclass(frozen=True)
class FramedTensor:
    """What the model takes, and where its picture lies in the original."""

    tensor: Tensor
    frame: Frame


@dataclass(frozen=True)
class FramedByteTensor:
    """What the model takes, and where its picture lies in the original."""

    tensor: ByteTensor
    frame: Frame


@dataclass(frozen=True)
class FramedIntTensor:
    """What the model takes, and where its picture lies in the original."""

    tensor: IntTensor
    frame: Frame


@dataclass(frozen=True)
class Rectangle:
    """Pixels from `top`, `left` up to but without `bottom`, `right`."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True)
class Sound:
    """Samples `[T]` or `[T, channels]`, of which `rate` make a second; full scale is -1..1."""

    samples: Tensor
    rate: int


@dataclass(frozen=True)
class Cell:
    """A named value: a number, with an empty text, or a text, with NaN for the number."""

    name: str
    number: float
    text: str


@dataclass(frozen=True)
class Column:
    """A column of numbers, or with categories one of texts."""

    name: str
    unit: str
    categories: Strings


@dataclass(frozen=True)
class Number:
    """A named number; the unit may be empty."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True)
class Boxes:
    """Boxes of four numbers, `(y_min, x_min, y_max, x_max)` in the model's pixels, and each one's score a class."""

    boxes: Floats
    scores: Floats
    classes: int


@dataclass(frozen=True)
class Kept:
    """The boxes kept, best first, each with a score and a class."""

    boxes: Floats
    scores: Floats
    classes: Ints


@dataclass(frozen=True)
class Detection:
    """A thing, and where it lies, in fractions of the original picture."""

    y_min: float
    x_min: float
    y_max: float
    x_max: float
    label: str
    score: float


@dataclass(frozen=True)
class Keypoint:
    """A place in fractions of the original picture; the score is NaN where the model gives none."""

    label: str
    y: float
    x: float
    score: float


@dataclass(frozen=True)
class Mask:
    """The class of each pixel of the original picture."""

    height: int
    width: int
    labels: Strings
    classes: Bytes


@dataclass(frozen=True)
class OpacityMask:
    """The class of each pixel of the original picture, and how opaque it is, 0..255."""

    height: int
    width: int
    labels: Strings
    classes: Bytes
    opacity: Bytes


@dataclass(frozen=True)
class Segment:
    """A stretch of sound, in seconds."""

    start: float
    end: float
    label: str
    score: float


@dataclass(frozen=True)
class ClassScore:
    """A class and how sure the model is of it."""

    label: str
    score: float
