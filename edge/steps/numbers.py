"""Arithmetic on arrays of numbers. What is float32 here is rounded to float32 after each operation."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.steps.errors import Array, StepError, choice, described, number_array

DTYPES: Mapping[str, type[np.generic]] = {
    "float32": np.float32,
    "float16": np.float16,
    "int8": np.int8,
    "uint8": np.uint8,
    "int16": np.int16,
    "int32": np.int32,
    "int64": np.int64,
}

# [H, W, C] → order of the axes after the batch dimension
LAYOUTS: Mapping[str, tuple[int, int, int]] = {"nchw": (2, 0, 1), "nhwc": (0, 1, 2)}


def scale_linear(value: object, gain: float = 1.0, offset: float = 0.0) -> NDArray[np.float32]:
    """Return `x * gain + offset` of any shape, float32; too large a product is infinite, as in IEEE 754."""
    x = number_array("scale_linear", value)
    with np.errstate(over="ignore", invalid="ignore"):
        return x.astype(np.float32) * np.float32(gain) + np.float32(offset)


def normalize(value: object, mean: Sequence[float], std: Sequence[float]) -> NDArray[np.float32]:
    """Return `(x - mean) / std` along the last axis: `[…, C]` to `[…, C] float32`."""
    x = number_array("normalize", value)
    channels = x.shape[-1] if x.ndim else 0
    if not len(mean) == len(std) == channels:
        got = f"{len(mean)} means and {len(std)} deviations for {described(x)}"
        raise StepError("normalize", f"{channels} means and deviations", got, "give one of each a channel")
    with np.errstate(over="ignore", invalid="ignore"):
        return np.divide(x.astype(np.float32) - np.asarray(mean, np.float32), np.asarray(std, np.float32))


def to_layout(value: object, layout: str) -> Array:
    """Turn `[H, W, C]` into `[1, C, H, W]` (`nchw`) or `[1, H, W, C]` (`nhwc`), any type."""
    x = number_array("to_layout", value)
    order = choice("to_layout", "layout", LAYOUTS, layout)
    if x.ndim != 3:
        raise StepError("to_layout", "[H, W, C]", described(x), "use it once, on an image")
    return np.ascontiguousarray(x.transpose(order)[None])


def cast(value: object, dtype: str) -> Array:
    """Convert the type; to an integer type round half to even, then clip. NaN has no integer and is an error."""
    x = number_array("cast", value)
    target = np.dtype(choice("cast", "dtype", DTYPES, dtype))
    if target.kind == "f":
        with np.errstate(over="ignore"):
            return x.astype(target)
    return _saturated(x, target)


def _saturated(x: Array, target: np.dtype[np.generic]) -> Array:
    limits = np.iinfo(target)  # type: ignore[type-var]
    if x.dtype.kind != "f":
        return np.clip(x.astype(np.int64), limits.min, limits.max).astype(target)
    rounded = np.rint(x.astype(np.float64))
    if np.isnan(rounded).any():
        raise StepError("cast", "numbers", "NaN", "find the step or model that made it")
    low, high = rounded <= limits.min, rounded >= limits.max  # float64(limits.max) is 2**63 for int64
    inside = np.where(low | high, 0, rounded).astype(target)
    return np.where(high, limits.max, np.where(low, limits.min, inside)).astype(target)


def clip(value: object, min: float, max: float) -> Array:  # noqa: A002 - the card's words
    """Limit each value to `min..max`, keeping shape and type; NaN stays NaN."""
    x = number_array("clip", value)
    if x.dtype.kind == "f":
        return np.clip(x, x.dtype.type(min), x.dtype.type(max))
    limits = np.iinfo(x.dtype)
    low = limits.min if min < limits.min else math.ceil(min)
    high = limits.max if max > limits.max else math.floor(max)
    return np.clip(x, low, high)


def constant(_: object, value: float, dtype: str, shape: Sequence[int] = ()) -> Array:
    """Return an array filled with `value`, whatever comes in; without `shape` a scalar."""
    return np.full(tuple(shape), value, choice("constant", "dtype", DTYPES, dtype))


def reshape(value: object, shape: Sequence[int]) -> Array:
    """Give the elements another shape in the same order; one size may be -1, which takes what is left."""
    x = number_array("reshape", value)
    try:
        return x.reshape(tuple(shape))
    except ValueError as error:
        cure = "correct the sizes, one of which may be -1"
        raise StepError("reshape", f"as many elements as {list(shape)} holds", described(x), cure) from error


STEPS: Mapping[str, Callable[..., Any]] = {
    "scale_linear": scale_linear,
    "normalize": normalize,
    "to_layout": to_layout,
    "cast": cast,
    "clip": clip,
    "constant": constant,
    "reshape": reshape,
}
