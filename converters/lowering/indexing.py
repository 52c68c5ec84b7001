"""Reading and writing entries by position in a flattened tensor: what gathers and scatters come down to."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from converters.edge_graph import Array, Tensor
from converters.errors import MalformedModel
from converters.lowering import arithmetic as a
from converters.lowering import tables as t
from converters.lowering.builder import INT32
from converters.lowering.reshaping import flatten_all, reshape
from converters.lowering.shapes import gather
from converters.lowering.value import Value

SEGMENT = {"max": "UNSORTED_SEGMENT_MAX", "min": "UNSORTED_SEGMENT_MIN", "mul": "UNSORTED_SEGMENT_PROD"}


def static_shape(x: Value) -> tuple[int, ...]:
    """Return the shape; refuses one that is known only at run time."""
    sizes = tuple(size for size in x.shape if size is not None)
    if len(sizes) < x.rank:
        raise x.builder.refuse("it needs shapes that are known beforehand", "fix the input shapes of the model")
    return sizes


def strides_of(shape: Sequence[int]) -> list[int]:
    """Return how far apart neighbours along each axis lie in a row-major tensor, in entries."""
    return [int(np.prod(shape[axis + 1 :], dtype=np.int64)) for axis in range(len(shape))]


def from_front(indices: Value, size: int | None) -> Value:
    """Count negative indices from the front; constant ones must lie within the axis."""
    if indices.data is not None and size is not None and not ((-size <= indices.data) & (indices.data < size)).all():
        why = f"its indices {_extremes(indices.data)} lie outside an axis of {size} entries"
        raise MalformedModel(indices.builder.where, why, "correct the indices")
    if indices.data is not None and (indices.data >= 0).all():
        return indices
    if size is None:
        raise indices.builder.refuse("negative indices need the size of the axis", "fix the model's input shapes")
    return a.select(a.less(indices, 0), indices + size, indices)


def _extremes(data: Array) -> str:
    return f"from {data.min()} to {data.max()}"


def positions_along(indices: Value, shape: Sequence[int], axis: int) -> Value:
    """Return flat positions in a tensor of `shape` of the entries that replace coordinate `axis` by `indices`."""
    sizes = static_shape(indices)
    if len(sizes) != len(shape) or any(n > shape[dim] for dim, n in enumerate(sizes) if dim != axis):
        why = f"its indices have the shape {list(sizes)}, which exceeds {list(shape)}"
        raise MalformedModel(indices.builder.where, why, "correct the shape of the indices")
    grid = np.zeros((), np.int32)
    for dim, (size, stride) in enumerate(zip(sizes, strides_of(shape), strict=True)):
        steps = t.arange(size, dtype=np.int32) * stride if dim != axis else t.zeros([size], np.int32)
        grid = t.outer(np.add, grid, steps)
    index = a.cast(from_front(indices, shape[axis]), INT32)
    return index * strides_of(shape)[axis] + grid


def rows_of(indices: Value, shape: Sequence[int]) -> Value:
    """Return flat positions `[...]` of coordinates `[..., k]` in a tensor of `shape` (k axes)."""
    columns = [gather(indices, indices.builder.constant(np.array(i)), -1) for i in range(len(shape))]
    rows = zip(columns, shape, strides_of(shape), strict=True)
    terms = [a.cast(from_front(column, size), INT32) * stride for column, size, stride in rows]
    return functools.reduce(operator.add, terms)


def take(x: Value, positions: Value) -> Value:
    """Return the entries of the flattened value at flat positions, in their shape."""
    return gather(flatten_all(x), positions, 0)


def scatter_rows(data: Value, rows: Value, updates: Value, reduction: str) -> Value:
    """Write `updates` `[n, c]` to rows `[n]` of `data` `[r, c]`: replacing them, or by add, mul, max or min."""
    if reduction in SEGMENT:
        return _combine(data, _segments(SEGMENT[reduction], rows, updates, data.shape[0] or 0), reduction)
    if reduction == "none" and rows.data is not None and len(np.unique(rows.data)) < rows.data.size:
        raise data.builder.refuse("it writes to one place twice, in no stated order", "make its indices differ")
    index = reshape(rows, [-1, 1])
    written = _scatter(index, updates, data.shape)
    if reduction == "add":
        return data + written
    ones = data.builder.constant(t.ones((updates.shape[0] or 0, 1), np.int32))
    touched = a.greater(_scatter(index, ones, (data.shape[0], 1)), 0)
    return a.select(touched, written, data)


def _combine(data: Value, reduced: Value, reduction: str) -> Value:
    return COMBINE[reduction](data, reduced)


COMBINE: Mapping[str, Callable[[Value, Value], Value]] = {"max": a.maximum, "min": a.minimum, "mul": operator.mul}


def _scatter(index: Value, updates: Value, shape: Sequence[int | None]) -> Value:
    builder = updates.builder
    sizes = Tensor(INT32, (len(shape),), np.array(shape, np.int32))
    compute = builder.compute_dtype("SCATTER_ND", updates.dtype)
    result = Tensor(compute, tuple(shape))
    operands = [builder.tensor(index), builder.cast(builder.tensor(updates), compute), sizes]
    builder.append("SCATTER_ND", list(operands), [result], {})
    return builder.value(builder.cast(result, updates.dtype))


def _segments(kind: str, rows: Value, updates: Value, count: int) -> Value:
    builder = updates.builder
    size = Tensor(INT32, (), np.array(count, np.int32))
    shape = (count, *updates.shape[1:])
    return builder.value(builder.emit(kind, [builder.tensor(updates)], [builder.tensor(rows), size], shape=shape))
