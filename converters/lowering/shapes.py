"""Functions that move data about: numpy's names and meanings, on values of any layout. Constants are folded."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from converters.edge_graph import Tensor
from converters.errors import MalformedModel
from converters.lowering import tables as t
from converters.lowering.builder import INT32, Builder
from converters.lowering.layout import in_one_piece, in_order, isolate, order_of, wide
from converters.lowering.shape_patterns import equal
from converters.lowering.value import Atom, Atoms, Dim, Value, flatten, size_of


def vector(*entries: int) -> Tensor:
    """Return a constant int32 vector, TFLite's form for axes, sizes and indices."""
    return Tensor(INT32, (len(entries),), np.array(entries, np.int32))


def scalar(entry: int) -> Tensor:
    """Return a constant int32 scalar."""
    return Tensor(INT32, (), np.array(entry, np.int32))


# ---- views: nothing is emitted


def transpose(x: Value, order: Sequence[int]) -> Value:
    """Reorder the dimensions."""
    if x.data is not None:
        return x.rearranged(lambda data: data.transpose(order))
    return x.with_dims(x.dims[dim] for dim in order)


def swap_last(x: Value) -> Value:
    """Swap the last two dimensions."""
    return transpose(x, [*range(x.rank - 2), x.rank - 1, x.rank - 2])


def squeeze(x: Value, dims: Sequence[int]) -> Value:
    """Remove dimensions of size 1 (or, known only at run time, taken to be 1)."""
    gone = {dim % x.rank for dim in dims}
    if x.data is not None:
        return x.rearranged(lambda data: data.squeeze(tuple(gone)))
    view = merge_unknown_units(x, [dim for dim in gone if x.shape[dim] is None])
    return replace(view.with_dims(d for dim, d in enumerate(view.dims) if dim not in gone), elements=x.elements)


def merge_unknown_units(x: Value, dims: Sequence[int]) -> Value:
    """Let dimensions of unknown size count as 1 from here on."""
    if not dims:
        return x
    isolated = isolate(x, dims)
    sizes = [1 if axis in {isolated.axis_of[d] for d in dims} else size_of(g) for axis, g in enumerate(isolated.axes)]
    axes = [(Atom(1),) if s == 1 else g for s, g in zip(sizes, isolated.axes, strict=True)]
    tensor = x.builder.emit("RESHAPE", [isolated.tensor], [x.builder.sizes(axes)], shape=sizes)
    return isolated.result(tensor, changed=dims)


def unsqueeze(x: Value, dims: Sequence[int]) -> Value:
    """Insert dimensions of size 1, at these places of the result."""
    rank = x.rank + len(dims)
    places = {dim % rank for dim in dims}
    if x.data is not None:
        return x.rearranged(lambda data: np.expand_dims(data, tuple(places)))
    old = iter(x.dims)
    return replace(x.with_dims(() if dim in places else next(old) for dim in range(rank)), elements=x.elements)


def merge_dims(x: Value, start: int, stop: int) -> Value:
    """Merge the dimensions `start..stop` (`stop` excluded) into one."""
    if x.data is not None:
        shape = x.data.shape
        return x.builder.constant(x.data.reshape(*shape[:start], int(np.prod(shape[start:stop])), *shape[stop:]))
    return x.with_dims((*x.dims[:start], flatten(x.dims[start:stop]), *x.dims[stop:]))


# ---- a range or a choice of entries


def slice_(x: Value, ranges: Mapping[int, slice]) -> Value:
    """Return `x[start:stop:step]` along some dimensions; what is out of range is clipped, as in numpy."""
    if x.data is not None:
        index = tuple(ranges.get(dim, slice(None)) for dim in range(x.rank))
        return x.builder.constant(x.data[index])
    ranges = {dim: r for dim, r in ranges.items() if not _is_whole(r, x.shape[dim])}
    if not ranges:
        return x
    for dim, r in ranges.items():
        factor = _first_factor(x, dim, r)
        if factor is not None:
            part = merge_dims(slice_(*factor), dim, dim + 2)
            return slice_(part, {other: ranges[other] for other in ranges if other != dim})
    isolated = isolate(x, ranges)
    by_axis = {isolated.axis_of[dim]: r for dim, r in ranges.items()}
    tensor = strided_slice(isolated.view.builder, isolated.tensor, by_axis)
    return isolated.result(tensor, changed=ranges)


def _first_factor(x: Value, dim: int, r: slice) -> tuple[Value, dict[int, slice]] | None:
    """Return x with a dimension cut in two, and the range of the first part that means the same.

    None where there is none, or where the dimension lies in one piece anyway.
    """
    atoms, size = wide(x.dims[dim]), x.shape[dim]
    count = size_of(atoms[1:])
    if size is None or count is None or r.step not in (None, 1) or in_one_piece(x, atoms):
        return None
    start, stop, _ = r.indices(size)
    if start % count or stop % count:
        return None
    cut = x.with_dims([*x.dims[:dim], atoms[:1], atoms[1:], *x.dims[dim + 1 :]])
    return cut, {dim: slice(start // count, stop // count)}


def _is_whole(r: slice, size: Dim) -> bool:
    if size is None:
        return r.start in (None, 0) and r.stop is None and r.step in (None, 1)
    return r.indices(size) == (0, size, 1)


def strided_slice(builder: Builder, tensor: Tensor, ranges: Mapping[int, slice]) -> Tensor:
    """Emit the slice of a tensor along some of its axes."""
    rank = len(tensor.shape)
    rows = [_slice_row(ranges.get(axis, slice(None)), size) for axis, size in enumerate(tensor.shape)]
    return builder.emit(
        "STRIDED_SLICE",
        [tensor],
        [vector(*(row.begin for row in rows)), vector(*(row.end for row in rows)), vector(*(row.step for row in rows))],
        shape=[row.size for row in rows],
        begin_mask=sum(1 << axis for axis in range(rank) if rows[axis].open_begin),
        end_mask=sum(1 << axis for axis in range(rank) if rows[axis].open_end),
    )


class _Row(NamedTuple):
    """A range along one axis as TFLite wants it, and the size of the result."""

    begin: int
    end: int
    step: int
    open_begin: bool
    open_end: bool
    size: Dim


def _slice_row(r: slice, size: Dim) -> _Row:
    step = r.step or 1
    if size is None:
        limit = 2**31 - 1
        start, stop = (min(max(v or 0, -limit), limit) for v in (r.start, r.stop))
        return _Row(start, stop, step, r.start is None, r.stop is None or r.stop >= limit, None)
    start, stop, _ = r.indices(size)
    length = len(range(start, stop, step))
    if not length:  # LiteRT takes 0..0 for the whole
        return _Row(size, size, 1, False, False, 0)
    return _Row(start, max(stop, 0), step, False, stop < 0, length)


def gather(x: Value, indices: Value, dim: int) -> Value:
    """Return the entries of dimension `dim` at `indices` (any rank, not negative), whose dimensions take its place."""
    dim %= x.rank
    if x.data is not None and indices.data is not None:
        return x.builder.constant(t.take(x.data, indices.data, dim))
    builder = x.builder
    if indices.data is not None and indices.rank == 0:
        index = int(indices.data)
        return squeeze(slice_(x, {dim: slice(index, index + 1)}), [dim])
    isolated = isolate(x, [dim])
    axis, where = isolated.axis_of[dim], builder.view(indices)
    index_tensor = builder.tensor(where)
    index_tensor = index_tensor if index_tensor.dtype == INT32 else builder.cast(index_tensor, INT32)
    inner = tuple((builder.twin(a),) if a.size is None else (Atom(a.size),) for a in flatten(_single(where)))
    axes = (*isolated.axes[:axis], *inner, *isolated.axes[axis + 1 :])
    shape = tuple(size_of(group) for group in axes)
    tensor = builder.emit("GATHER", [isolated.tensor], [index_tensor], shape=shape, axis=axis, batch_dims=0)
    dims = (*isolated.view.dims[:dim], *inner, *isolated.view.dims[dim + 1 :])
    return builder.laid_out(tensor, dims, axes)


def _single(view: Value) -> list[tuple[Atom, ...]]:
    return [d if len(d) == 1 else (Atom(size_of(d)),) for d in view.dims]


def concat(values: Sequence[Value], dim: int) -> Value:
    """Join values along a dimension."""
    builder, dim = values[0].builder, dim % values[0].rank
    rest = [(*value.shape[:dim], *value.shape[dim + 1 :]) for value in values if value.shape != (0,)]
    if not all(equal(first, second) for first, second in itertools.pairwise(rest)):
        shapes = ", ".join(str(list(value.shape)) for value in values)
        raise MalformedModel(builder.where, f"{shapes} cannot be joined along axis {dim}", "correct the model's shapes")
    values = [value for value in values if value.shape[dim] != 0] or [values[0]]
    if all(value.data is not None for value in values):
        return builder.constant(np.concatenate([value.array for value in values], dim))
    if len(values) == 1:
        return values[0]
    leader = max((builder.view(v) for v in values), key=lambda v: v.tensor is not None and v.tensor.data is None)
    order = order_of(leader)
    tensors = [in_order(value, order) for value in values]
    axis = order.index(dim)
    sizes = [tensor.shape[axis] for tensor in tensors]
    total = None if None in sizes else sum(size for size in sizes if size is not None)
    shape = tuple(total if i == axis else size for i, size in enumerate(tensors[0].shape))
    tensor = builder.emit("CONCATENATION", tensors, shape=shape, axis=axis, fused_activation_function="NONE")
    dims = [*leader.dims[:dim], (builder.atom(tensor, axis),), *leader.dims[dim + 1 :]]
    return builder.laid_out(tensor, dims, [dims[d] for d in order])


def stack(values: Sequence[Value], dim: int) -> Value:
    """Join values along a new dimension."""
    return concat([unsqueeze(value, [dim]) for value in values], dim)


def split(x: Value, sizes: Sequence[int], dim: int) -> list[Value]:
    """Cut a dimension into pieces of these sizes."""
    bounds = np.cumsum([0, *sizes]).tolist()
    return [slice_(x, {dim % x.rank: slice(a, b)}) for a, b in itertools.pairwise(bounds)]


def unstack(x: Value, dim: int) -> list[Value]:
    """Return the entries along a dimension of known size."""
    return [squeeze(piece, [dim]) for piece in split(x, [1] * (x.shape[dim] or 0), dim)]


def reverse(x: Value, dim: int) -> Value:
    """Reverse the order along a dimension."""
    return slice_(x, {dim % x.rank: slice(None, None, -1)})


# ---- more entries than before


def broadcast_to(x: Value, wanted: Sequence[Atoms]) -> Value:
    """Repeat dimensions of size 1 to the sizes of `wanted`, by numpy's rule."""
    builder, rank = x.builder, max(x.rank, len(wanted))
    sizes = [size_of(group) for group in wanted]
    if x.data is not None and None not in sizes:
        shape = np.broadcast_shapes(x.data.shape, tuple(size for size in sizes if size is not None))
        return builder.constant(np.broadcast_to(x.data, shape))
    x = unsqueeze(x, range(rank - x.rank))
    groups = [*((),) * (rank - len(wanted)), *wanted]
    target = [mine if size_of(group) == 1 else group for mine, group in zip(builder.view(x).dims, groups, strict=True)]
    if [size_of(group) for group in target] == list(x.shape) and None not in x.shape:
        return x
    tensor = builder.emit(
        "BROADCAST_TO", [builder.tensor(x)], [builder.exact_sizes(target)], shape=[size_of(group) for group in target]
    )
    return builder.value(tensor)


def tile(x: Value, repeats: Sequence[int]) -> Value:
    """Repeat the value as a whole along each dimension."""
    if x.data is not None:
        return x.builder.constant(t.tile(x.data, repeats))
    counts = {dim: count for dim, count in enumerate(repeats) if count != 1}
    if not counts:
        return x
    isolated = isolate(x, counts)
    by_axis = {isolated.axis_of[dim]: count for dim, count in counts.items()}
    multiples = [by_axis.get(axis, 1) for axis in range(len(isolated.axes))]
    shape = [None if s is None else s * m for s, m in zip(isolated.tensor.shape, multiples, strict=True)]
    tensor = x.builder.emit("TILE", [isolated.tensor], [vector(*multiples)], shape=shape)
    return isolated.result(tensor, changed=counts)
