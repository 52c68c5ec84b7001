"""Functions of arithmetic: numpy's names and meanings, on values of any layout. Constants are folded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from converters.edge_graph import DType
from converters.lowering.builder import Builder
from converters.lowering.layout import arrange, isolate
from converters.lowering.shapes import scalar, vector
from converters.lowering.tables import broadcast
from converters.lowering.value import Atom, Atoms, Operand, Value, flatten, size_of

BOOL = np.dtype(bool)
FLOAT32 = np.dtype(np.float32)

Unary = Callable[[Value], Value]
Binary = Callable[[Operand, Operand], Value]


def _unary(kind: str, dtype: DType | None = None) -> Unary:
    return lambda x: x.builder.unary(kind, x, dtype=dtype)


def _binary(kind: str, dtype: DType | None = None) -> Binary:
    def call(x: Operand, y: Operand) -> Value:
        return _builder(x, y).binary(kind, x, y, dtype=dtype)

    return call


def _builder(*operands: Operand) -> Builder:
    return next(operand.builder for operand in operands if isinstance(operand, Value))


abs_ = _unary("ABS")
ceil = _unary("CEIL")
cos = _unary("COS")
exp = _unary("EXP")
floor = _unary("FLOOR")
log = _unary("LOG")
logical_not = _unary("LOGICAL_NOT", BOOL)
relu = _unary("RELU")
round_ = _unary("ROUND")  # half to even
rsqrt = _unary("RSQRT")
sigmoid = _unary("LOGISTIC")
sign = _unary("SIGN")
sin = _unary("SIN")
sqrt = _unary("SQRT")
square = _unary("SQUARE")
tanh = _unary("TANH")

atan2 = _binary("ATAN2")
equal = _binary("EQUAL", BOOL)
floor_div = _binary("FLOOR_DIV")
floor_mod = _binary("FLOOR_MOD")
greater = _binary("GREATER", BOOL)
greater_equal = _binary("GREATER_EQUAL", BOOL)
less = _binary("LESS", BOOL)
less_equal = _binary("LESS_EQUAL", BOOL)
logical_and = _binary("LOGICAL_AND", BOOL)
logical_or = _binary("LOGICAL_OR", BOOL)
maximum = _binary("MAXIMUM")
minimum = _binary("MINIMUM")
not_equal = _binary("NOT_EQUAL", BOOL)
power = _binary("POW")


def cast(x: Value, dtype: DType) -> Value:
    """Convert the element type as C does: towards zero, keeping low bits."""
    if x.dtype == dtype:
        return x
    if x.data is not None:
        with np.errstate(invalid="ignore"):
            return x.builder.constant(x.data.astype(dtype))
    if dtype == BOOL:
        return not_equal(x, 0)
    return x.builder.unary("CAST", x, dtype=dtype, in_data_type=x.dtype, out_data_type=dtype)


def select(condition: Value, x: Operand, y: Operand) -> Value:
    """Return x where the condition holds and y elsewhere."""
    builder = condition.builder
    first, second = builder.operands(x, y)
    if all(v.data is not None for v in (condition, first, second)):
        chosen = broadcast(np.where, condition.array, first.array, second.array)
        return builder.constant(chosen.astype(first.dtype, copy=False))
    return builder.elementwise("SELECT_V2", [condition, first, second], typeless=1)


def clip(x: Value, low: Operand, high: Operand) -> Value:
    """Limit to `low..high`."""
    return minimum(maximum(x, low), high)


# ---- along dimensions

REDUCE: Mapping[str, Callable[..., Any]] = {
    "SUM": np.sum,
    "MEAN": np.mean,
    "REDUCE_MAX": np.max,
    "REDUCE_MIN": np.min,
    "REDUCE_PROD": np.prod,
    "REDUCE_ANY": np.any,
    "REDUCE_ALL": np.all,
}


def reduce(kind: str, x: Value, dims: Sequence[int], *, keepdims: bool = True) -> Value:
    """Reduce over some dimensions, wherever in memory their atoms lie."""
    gone = {dim % x.rank for dim in dims}
    if x.data is not None:
        return x.builder.constant(REDUCE[kind](x.data, tuple(gone), keepdims=keepdims).astype(x.dtype))
    atoms = {atom for dim in gone for atom in x.dims[dim]}
    axes = _uniform_axes(x, atoms)
    if len(axes) > x.builder.target.max_rank(kind):
        axes = _uniform_axes(replace(x, axes=(flatten(axes),)), atoms)
    reduced = [axis for axis, group in enumerate(axes) if group and group[0] in atoms]
    kept = [(Atom(1),) if axis in reduced else group for axis, group in enumerate(axes)]
    result = x.builder.emit(
        kind,
        [arrange(x, axes)],
        [vector(*reduced)],
        shape=[size_of(group) for group in kept],
        keep_dims=True,
    )
    unit = {dim: () if not x.dims[dim] else _kept_atom(x.dims[dim], axes, kept) for dim in gone}
    dims_now = [unit.get(dim, group) for dim, group in enumerate(x.dims) if keepdims or dim not in gone]
    return x.builder.laid_out(result, dims_now, kept)


def _kept_atom(dim: Atoms, axes: Sequence[Atoms], kept: Sequence[Atoms]) -> Atoms:
    """Return the atom of size 1 that stands where a reduced dimension was, unless several share one axis."""
    return next((kept[axis] for axis, group in enumerate(axes) if group == dim), ())


def _uniform_axes(x: Value, atoms: set[Atom]) -> list[Atoms]:
    """Split the axes so that each lies wholly inside or outside `atoms`."""
    axes: list[Atoms] = []
    for group in x.axes:
        start = len(axes)
        for atom in group:
            if len(axes) > start and (axes[-1][0] in atoms) == (atom in atoms):
                axes[-1] = (*axes[-1], atom)
            else:
                axes.append((atom,))
    return axes


def sum_(x: Value, dims: Sequence[int], *, keepdims: bool = True) -> Value:
    """Sum over dimensions."""
    return reduce("SUM", x, dims, keepdims=keepdims)


def mean(x: Value, dims: Sequence[int], *, keepdims: bool = True) -> Value:
    """Mean over dimensions."""
    return reduce("MEAN", x, dims, keepdims=keepdims)


def max_(x: Value, dims: Sequence[int], *, keepdims: bool = True) -> Value:
    """Largest entry over dimensions."""
    return reduce("REDUCE_MAX", x, dims, keepdims=keepdims)


def softmax(x: Value, dim: int) -> Value:
    """exp(x) / sum(exp(x)) along a dimension."""
    isolated = isolate(x, [dim % x.rank], last=True)
    shape = isolated.tensor.shape
    return isolated.result(x.builder.emit("SOFTMAX", [isolated.tensor], shape=shape, beta=1.0))


def arg(kind: str, x: Value, dim: int, *, keepdims: bool) -> Value:
    """Return the int64 index of the largest (`ARG_MAX`) or smallest (`ARG_MIN`) entry, the first of equals."""
    dim %= x.rank
    isolated = isolate(x, [dim])
    axis = isolated.axis_of[dim]
    shape = [size for i, size in enumerate(isolated.tensor.shape) if i != axis]
    index = x.builder.emit(
        kind, [isolated.tensor], [scalar(axis)], shape=shape, dtype=np.dtype(np.int64), output_type=np.dtype(np.int64)
    )
    result = isolated.result(index, removed=[dim])
    return result.with_dims([*result.dims[:dim], (), *result.dims[dim:]]) if keepdims else result


def cumsum(x: Value, dim: int, *, exclusive: bool = False, reverse: bool = False) -> Value:
    """Sum what stands before each entry along a dimension, and the entry itself unless `exclusive`."""
    dim %= x.rank
    isolated = isolate(x, [dim])
    axis = scalar(isolated.axis_of[dim])
    tensor = isolated.tensor
    total = x.builder.emit("CUMSUM", [tensor], [axis], shape=tensor.shape, exclusive=exclusive, reverse=reverse)
    return isolated.result(total)
