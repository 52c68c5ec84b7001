"""What a step says when it cannot take a value, and the check of arrays that the steps share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Row = TypeVar("Row")


class StepError(ValueError):
    """A value or parameter that a step does not take."""

    def __init__(self, step: str, expected: str, got: str, cure: str) -> None:
        super().__init__(f"{step}: expected {expected}, got {got}; {cure}")
        self.step, self.expected, self.got, self.cure = step, expected, got, cure


class StepWarning(UserWarning):
    """A value that a step takes, although the model was not made for it."""


def described(value: object) -> str:
    """Say what a value is without printing all of it, for the `got` of an error."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} of shape {list(value.shape)}"
    return type(value).__name__


def choice(step: str, parameter: str, table: Mapping[str, Row], name: str) -> Row:
    """Look up a parameter that has a closed list of values."""
    if name not in table:
        raise StepError(step, f"{parameter} to be one of {', '.join(table)}", repr(name), "use one of these")
    return table[name]


def image_array(step: str, value: object, channels: tuple[int, ...] = (1, 3)) -> NDArray[np.uint8]:
    """Return `value` if it is `[H, W, C] uint8` with no empty side and C among `channels`."""
    fits = isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim == 3 and value.size > 0
    if not fits or value.shape[2] not in channels:  # type: ignore[attr-defined]
        wanted = " or ".join(map(str, channels))
        raise StepError(step, f"[H, W, {wanted}] uint8", described(value), "put decode_image before it")
    return value  # type: ignore[return-value]


def number_array(step: str, value: object) -> Array:
    """Return `value` if it is an array of numbers."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iufb":
        raise StepError(step, "an array of numbers", described(value), "put a step before it that gives one")
    return value
