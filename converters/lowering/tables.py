"""Numpy's functions that make much of little, for the constants that a conversion computes.

A file of a kilobyte may name any size. So nothing in this package makes an array of a size that a model states, or of
the product of two sizes, but by these functions: they raise `TooLarge` before they allocate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from converters.edge_graph import Array

MOST = 2**24  # entries of a table that is made of sizes alone
GROWTH = 8  # how many times the operands' entries a table may have beyond that


class TooLarge(Exception):  # noqa: N818 - the interpreter turns it into a refusal that names the node
    """A table would have more entries than a conversion may make."""


def sized(shape: Sequence[int], *operands: Array) -> tuple[int, ...]:
    """Return the shape if there may be a table of it, made from these operands."""
    entries, most = math.prod(int(size) for size in shape), max(MOST, GROWTH * sum(array.size for array in operands))
    if entries > most:
        raise TooLarge(f"it needs a table of {entries:,} entries beforehand, and {most:,} are the most")
    return tuple(shape)


# ---- made of sizes


def zeros(shape: Sequence[int], dtype: Any = np.float32) -> Array:
    """Return zeros."""
    return np.zeros(sized(shape), dtype)


def ones(shape: Sequence[int], dtype: Any = np.float32) -> Array:
    """Return ones."""
    return np.ones(sized(shape), dtype)


def arange(stop: int, *, start: int = 0, dtype: Any = np.int64) -> Array:
    """Return the whole numbers from `start` on, `stop` excluded."""
    sized([stop - start])
    return np.arange(start, stop, dtype=dtype)


def eye(rows: int, columns: int, k: int, dtype: Any) -> Array:
    """Return ones on a diagonal, zeros elsewhere."""
    height, width = sized([rows, columns])
    return np.eye(height, width, k, dtype)


def tri(rows: int, columns: int, k: int) -> Array:
    """Return which entries lie on or below a diagonal."""
    height, width = sized([rows, columns])
    return np.tri(height, width, k, dtype=bool)


# ---- made of arrays


def outer(function: np.ufunc, x: Array, y: Array) -> Array:
    """Apply an elementwise function to each entry of x with each of y: `[*x.shape, *y.shape]`."""
    sized([*x.shape, *y.shape])
    return np.asarray(function.outer(x, y))


def broadcast(function: Callable[..., Array], *operands: Array) -> Array:
    """Apply an elementwise function to operands that are broadcast."""
    sized(np.broadcast_shapes(*(array.shape for array in operands)), *operands)
    return function(*operands)


def expand(x: Array, shape: Sequence[int]) -> Array:
    """Return a copy that is broadcast to a shape."""
    return np.broadcast_to(x, sized(shape, x)).copy()


def take(x: Array, indices: Array, axis: int) -> Array:
    """Return the entries of an axis at indices, whose dimensions take its place."""
    sized([*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]], x, indices)
    return np.take(x, indices, axis)


def pad(x: Array, widths: Sequence[tuple[int, int]], **options: Any) -> Array:
    """Put entries before and after each axis, as numpy's function does."""
    sized([size + sum(width) for size, width in zip(x.shape, widths, strict=True)], x)
    return np.pad(x, widths, **options)


def tile(x: Array, repeats: Sequence[int]) -> Array:
    """Repeat the array as a whole along each axis."""
    sized([x.size, *repeats], x)
    return np.tile(x, repeats)
