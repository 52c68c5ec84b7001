"""Gathers, scatters and selections."""

from __future__ import annotations

import numpy as np

from converters.edge_graph import Tensor
from converters.lowering import arithmetic as a
from converters.lowering import tables as t
from converters.lowering.builder import INT32
from converters.lowering.indexing import from_front, positions_along, rows_of, scatter_rows, static_shape, take
from converters.lowering.layout import isolate
from converters.lowering.node import Node, lowers
from converters.lowering.reshaping import flatten_all, reshape
from converters.lowering.shapes import broadcast_to, gather, scalar, squeeze, transpose, unsqueeze
from converters.lowering.value import Atom, Value

INT64 = np.dtype(np.int64)


@lowers("Gather")
def gather_(node: Node) -> Value:
    """Pick entries of one axis at indices of any rank."""
    axis, indices = node.axis(0), node[1]
    result = gather(node.x, from_front(indices, node.x.shape[axis]), axis)
    elements = node.builder.elements_of(node.x) if node.x.data is None else None
    if elements is not None and indices.data is not None:
        return node.builder.symbolic(result, [elements[int(i)] for i in indices.data.reshape(-1)])
    return result


@lowers("TopK")
def top_k(node: Node) -> list[Value]:
    """Return the largest or smallest k entries of an axis, sorted, and their indices."""
    axis = node.axis(-1)
    k = int((node.ints(1, "k") or [0])[0])
    largest = bool(node.attribute("largest", 1))
    x = node.x if largest else -node.x
    isolated = isolate(x, [axis], last=True)
    builder = node.builder
    shape = (*isolated.tensor.shape[:-1], k)
    compute = builder.compute_dtype("TOPK_V2", x.dtype)
    values, indices = Tensor(compute, shape), Tensor(INT32, shape)
    builder.append("TOPK_V2", [builder.cast(isolated.tensor, compute), scalar(k)], [values, indices], {})
    best = isolated.result(builder.cast(values, x.dtype), changed=[axis])
    where = isolated.result(builder.cast(indices, INT64), changed=[axis])
    return [best if largest else -best, where]


@lowers("NonZero")
def non_zero(node: Node) -> Value:
    """Return the coordinates of the entries that are not 0, `[rank, count]`."""
    builder = node.builder
    mask = builder.tensor(a.cast(node.x, a.BOOL))
    found = builder.emit("WHERE", [mask], shape=(None, node.x.rank), dtype=INT64)
    return transpose(builder.value(found), [1, 0])


@lowers("OneHot")
def one_hot(node: Node) -> Value:
    """Put `on` at the index along a new axis, `off` elsewhere."""
    off_on, axis = node[2], int(node.attribute("axis", -1)) % (node.x.rank + 1)
    declared = None if node.declared is None else node.declared[axis]
    depth = declared if node[1].data is None and declared is not None else (node.ints(1, "depth") or [0])[0]
    index = a.cast(node.x, INT32)
    index = a.select(a.less(index, 0), index + depth, index)
    index = unsqueeze(index, [axis])
    ramp = t.arange(depth, dtype=np.int32).reshape([-1] + [1] * (node.x.rank - axis))
    off, on = (gather(off_on, node.builder.constant(np.array(i)), 0) for i in (0, 1))
    return a.select(a.equal(index, ramp), on, off)


@lowers("Trilu")
def trilu(node: Node) -> Value:
    """Keep the upper or lower triangle."""
    k = (node.ints(1, "k") or [0])[0]
    rows, columns = node.x.shape[-2:]
    if rows is None or columns is None:
        raise node.refuse("its shape is known only at run time", "fix the input shapes of the model")
    mask = ~t.tri(rows, columns, k - 1) if node.attribute("upper", 1) else t.tri(rows, columns, k)
    return a.select(node.builder.constant(mask), node.x, node.builder.constant(0, node.x.dtype))


@lowers("GatherElements")
def gather_elements(node: Node) -> Value:
    """Pick entries along an axis, each with an index of its own."""
    x, axis = node.x, node.axis(0)
    return take(x, positions_along(node[1], static_shape(x), axis))


@lowers("GatherND")
def gather_nd(node: Node) -> Value:
    """Pick entries or slices at coordinates; the first `batch_dims` dimensions go together."""
    x, indices = node.x, node[1]
    batch, shape = int(node.attribute("batch_dims", 0)), static_shape(node.x)
    depth = static_shape(indices)[-1]
    rows = rows_of(indices, shape[batch : batch + depth])
    count = int(np.prod(shape[batch : batch + depth]))
    if batch:
        outer = int(np.prod(shape[:batch]))
        offsets = t.arange(outer, dtype=np.int32).reshape(*shape[:batch], *[1] * (rows.rank - batch)) * count
        rows, count = rows + offsets, count * outer
    return gather(reshape(x, [count, *shape[batch + depth :]]), rows, 0)


@lowers("ScatterElements", "Scatter")
def scatter_elements(node: Node) -> Value:
    """Write entries along an axis, each at an index of its own."""
    x, axis, shape = node.x, node.axis(0), static_shape(node.x)
    rows = flatten_all(positions_along(node[1], shape, axis))
    updates = reshape(flatten_all(node[2]), [-1, 1])
    result = scatter_rows(reshape(x, [-1, 1]), rows, updates, node.attribute("reduction", "none"))
    return reshape(result, shape)


@lowers("ScatterND")
def scatter_nd(node: Node) -> Value:
    """Write entries or slices at coordinates."""
    x, indices, shape = node.x, node[1], static_shape(node.x)
    depth = static_shape(indices)[-1]
    inner = int(np.prod(shape[depth:]))
    rows = flatten_all(rows_of(indices, shape[:depth]))
    updates = reshape(node[2], [-1, inner])
    result = scatter_rows(reshape(x, [-1, inner]), rows, updates, node.attribute("reduction", "none"))
    return reshape(result, shape)


@lowers("Compress")
def compress(node: Node) -> Value:
    """Keep the entries of an axis (or of the flattened value) for which a condition holds."""
    x = flatten_all(node.x) if "axis" not in node.attributes else node.x
    axis = node.axis(0, x.rank)
    builder, condition = node.builder, node[1]
    size = x.shape[axis]
    if size is not None and (condition.shape[0] or 0) > size:
        raise node.refuse(f"its condition is longer than the {size} entries of its axis", "shorten the condition")
    if condition.data is not None:
        return gather(x, builder.constant(np.flatnonzero(condition.data)), axis)
    found = builder.emit("WHERE", [builder.tensor(condition)], shape=(None, 1), dtype=INT64)
    return gather(x, squeeze(builder.value(found), [1]), axis)


@lowers("TensorScatter")
def tensor_scatter(node: Node) -> Value:
    """Write an update into a cache from an index on, one for each batch entry."""
    cache, update, start = node.x, node[1], node.get(2)
    axis = int(node.attribute("axis", -2)) % cache.rank
    shape, length = static_shape(cache), static_shape(update)[axis]
    steps = t.arange(length, dtype=np.int32).reshape([-1] + [1] * (cache.rank - 1 - axis))
    index = node.builder.constant(t.expand(steps, static_shape(update)))
    if start is not None:
        index = index + reshape(a.cast(start, INT32), [-1] + [1] * (cache.rank - 1))
    if node.attribute("mode", "linear") == "circular":
        index = a.floor_mod(index, shape[axis])
    rows = flatten_all(positions_along(index, shape, axis))
    result = scatter_rows(reshape(cache, [-1, 1]), rows, reshape(flatten_all(update), [-1, 1]), "none")
    return reshape(result, shape)


@lowers("ReverseSequence")
def reverse_sequence(node: Node) -> Value:
    """Reverse the first entries of each sequence."""
    time, batch = int(node.attribute("time_axis", 0)), int(node.attribute("batch_axis", 1))
    shape = static_shape(node.x)
    steps = t.arange(shape[time], dtype=np.int32)
    lengths = unsqueeze(a.cast(node[1], INT32), [0])
    steps_column = node.builder.constant(steps[:, None])
    index = a.select(a.less(steps_column, lengths), lengths - 1 - steps_column, steps_column)  # [time, batch]
    index = transpose(index, [0, 1] if time < batch else [1, 0])
    index = unsqueeze(index, [dim for dim in range(node.x.rank) if dim not in (time, batch)])
    whole = broadcast_to(index, [(Atom(size),) for size in shape])
    return take(node.x, positions_along(whole, shape, time))
