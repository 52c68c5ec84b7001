"""What kernels may use: types of arrays, and functions that mean the same in Python, Kotlin and Swift.

`int` is a whole number that fits 32 bits, `float` a double; `f32(x)` rounds to single precision, and what is computed
from two such numbers is rounded again. An entry of `Bytes` is read as a whole number 0..255.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = bytearray
Ints = list[int]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Strings = Sequence[str]

f32 = np.float32
exp, log, sqrt, sin, cos, floor, ceil = np.exp, np.log, np.sqrt, np.sin, np.cos, np.floor, np.ceil
PI = math.pi
INFINITY = math.inf


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
