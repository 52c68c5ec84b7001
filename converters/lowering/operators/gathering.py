"""Gathers, scatters and selections."""

from __future__ import annotations

import numpy as np

from converters.lowering import arithmetic as a
from converters.lowering.builder import INT32
from converters.lowering.layout import isolate
from converters.lowering.node import Node, lowers
from converters.lowering.shapes import gather, scalar, transpose
from converters.lowering.value import Atom, Value

INT64 = np.dtype(np.int64)


def from_front(indices: Value, size: int | None) -> Value:
    """Count negative indices from the front."""
    if indices.data is not None and (indices.data >= 0).all():
        return indices
    if size is None:
        raise indices.builder.refuse("negative indices need the size of the axis", "fix the model's input shapes")
    return a.select(a.less(indices, 0), indices + size, indices)


@lowers("Gather")
def gather_(node: Node) -> Value:
    """Entries of one axis at indices of any rank."""
    axis, indices = node.axis(0), node[1]
    result = gather(node.x, from_front(indices, node.x.shape[axis]), axis)
    elements = node.builder.elements_of(node.x) if node.x.data is None else None
    if elements is not None and indices.data is not None:
        return node.builder.symbolic(result, [elements[int(i)] for i in indices.data.reshape(-1)])
    return result


@lowers("TopK")
def top_k(node: Node) -> list[Value]:
    """The largest or smallest k entries of an axis, sorted, and their indices."""
    axis = node.axis(-1)
    k = int((node.ints(1, "k") or [0])[0])
    largest = bool(node.attribute("largest", 1))
    x = node.x if largest else -node.x
    isolated = isolate(x, [axis], last=True)
    builder = node.builder
    shape = (*isolated.tensor.shape[:-1], k)
    from converters.edge_graph import Tensor

    compute = builder.compute_dtype("TOPK_V2", x.dtype)
    values, indices = Tensor(compute, shape), Tensor(INT32, shape)
    builder.append("TOPK_V2", [builder.cast(isolated.tensor, compute), scalar(k)], [values, indices], {})
    best = isolated.result(builder.cast(values, x.dtype), changed=[axis])
    where = isolated.result(builder.cast(indices, INT64), changed=[axis])
    return [best if largest else -best, where]


@lowers("NonZero")
def non_zero(node: Node) -> Value:
    """Coordinates of the entries that are not 0, `[rank, count]`."""
    builder = node.builder
    mask = builder.tensor(a.cast(node.x, a.BOOL))
    found = builder.emit("WHERE", [mask], shape=(None, node.x.rank), dtype=INT64)
    return transpose(builder.value(found), [1, 0])


@lowers("OneHot")
def one_hot(node: Node) -> Value:
    """`on` at the index along a new axis, `off` elsewhere."""
    (depth,) = node.ints(1, "depth") or [0]
    off_on = node[2]
    axis = int(node.attribute("axis", -1)) % (node.x.rank + 1)
    index = a.cast(node.x, INT32)
    index = a.select(a.less(index, 0), index + depth, index)
    from converters.lowering.shapes import unsqueeze

    index = unsqueeze(index, [axis])
    ramp = np.arange(depth, dtype=np.int32).reshape([-1] + [1] * (node.x.rank - axis))
    off, on = (gather(off_on, node.builder.constant(np.array(i)), 0) for i in (0, 1))
    return a.select(a.equal(index, ramp), on, off)


@lowers("Trilu")
def trilu(node: Node) -> Value:
    """The upper or lower triangle."""
    k = (node.ints(1, "k") or [0])[0]
    rows, columns = node.x.shape[-2:]
    if rows is None or columns is None:
        raise node.refuse("its shape is known only at run time", "fix the input shapes of the model")
    mask = np.tri(rows, columns, k - 1, dtype=bool)
    mask = ~mask if node.attribute("upper", 1) else np.tri(rows, columns, k, dtype=bool)
    return a.select(node.builder.constant(mask), node.x, node.builder.constant(0, node.x.dtype))


__all__ = ["Atom"]
