"""What kernels may use: types of arrays, and functions that mean the same in Python, Kotlin and Swift.

`int` is a whole number that fits 32 bits, `long` one of 64, `float` a double; `f32(x)` rounds to single precision, and
what is computed from two such numbers is rounded again. An entry of `Bytes` is read as a whole number 0..255.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = bytearray
Ints = list[int]
Longs = list[int]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Strings = Sequence[str]
Words = dict[str, int]

f32 = np.float32
long = int
exp, log, sqrt, sin, cos, floor, ceil = np.exp, np.log, np.sqrt, np.sin, np.cos, np.floor, np.ceil
rint = np.rint  # of two equally near the even one
PI = math.pi
INFINITY = math.inf
NAN = math.nan


class RefusedError(ValueError):
    """What a kernel raises for a value that its step does not take."""


def fail(step: str, expected: str, got: str) -> None:
    """Refuse a value."""
    raise RefusedError(f"{step}: expected {expected}, got {got}")


def f64(x: Any) -> float:
    """Widen to double precision, which is exact."""
    return float(x)


def is_nan(x: Any) -> bool:
    """Say whether a number is NaN."""
    return bool(np.isnan(x))


def new_bytes(size: int) -> Bytes:
    """Return so many zeros."""
    return bytearray(size)


def new_ints(size: int) -> Ints:
    """Return so many zeros."""
    return [0] * size


def new_longs(size: int) -> Longs:
    """Return so many zeros."""
    return [0] * size


def new_floats(size: int) -> Floats:
    """Return so many zeros."""
    return np.zeros(size, np.float32)


def new_doubles(size: int) -> Doubles:
    """Return so many zeros."""
    return np.zeros(size, np.float64)


def descending(values: Doubles) -> Ints:
    """Return the indices of the values, the largest first; of equal ones the first comes first."""
    order: list[int] = np.argsort(-values, kind="stable").tolist()
    return order


def new_words() -> Words:
    """Return a table from texts to numbers; `words[text] = number` writes into it."""
    return {}


def number_of(words: Words, text: str) -> int:
    """Return the number of a text, -1 where it has none."""
    return words.get(text, -1)


def utf8(text: str) -> Bytes:
    """Return a text as UTF-8; a surrogate without its other half becomes U+FFFD."""
    return bytearray(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode("utf-8"))


def decoded(data: Bytes) -> str:
    """Return a text from UTF-8; what is none becomes U+FFFD."""
    return data.decode("utf-8", "replace")


def code_points(text: str) -> Ints:
    """Return the numbers of a text's characters in Unicode."""
    return [ord(character) for character in text]


def text_of(points: Ints, start: int, end: int) -> str:
    """Return the characters from `start` up to before `end` as a text."""
    return "".join(map(chr, points[start:end]))
