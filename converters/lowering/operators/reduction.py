"""Reductions, softmax and their kin."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from converters.lowering import arithmetic as a
from converters.lowering import tables as t
from converters.lowering.node import Node, lowers
from converters.lowering.reshaping import reshape_to
from converters.lowering.shapes import merge_dims, reverse
from converters.lowering.value import Value


def _log_sum_exp(x: Value, dims: Sequence[int], keepdims: bool) -> Value:
    top = a.max_(x, dims)
    total = a.log(a.sum_(a.exp(x - top), dims)) + top
    return total if keepdims else a.reduce("SUM", total, dims, keepdims=False)


def _kind(kind: str) -> Callable[[Value, Sequence[int], bool], Value]:
    return lambda x, dims, keepdims: a.reduce(kind, x, dims, keepdims=keepdims)


REDUCTIONS: Mapping[str, Callable[[Value, Sequence[int], bool], Value]] = {
    "ReduceL1": lambda x, dims, keep: a.sum_(a.abs_(x), dims, keepdims=keep),
    "ReduceL2": lambda x, dims, keep: a.sqrt(a.sum_(x * x, dims, keepdims=keep)),
    "ReduceLogSum": lambda x, dims, keep: a.log(a.sum_(x, dims, keepdims=keep)),
    "ReduceLogSumExp": _log_sum_exp,
    "ReduceMax": _kind("REDUCE_MAX"),
    "ReduceMean": _kind("MEAN"),
    "ReduceMin": _kind("REDUCE_MIN"),
    "ReduceProd": _kind("REDUCE_PROD"),
    "ReduceSum": _kind("SUM"),
    "ReduceSumSquare": lambda x, dims, keep: a.sum_(x * x, dims, keepdims=keep),
}


@lowers(*REDUCTIONS)
def reduction(node: Node) -> Value:
    """Reduce over axes; without axes over all, or none if `noop_with_empty_axes`."""
    axes = node.ints(1, "axes")
    if not axes and node.attribute("noop_with_empty_axes", 0):
        return node.x if node.op not in NOT_IDENTITY else REDUCTIONS[node.op](node.x, [], True)
    dims = axes or [*range(node.x.rank)]
    keepdims = bool(node.attribute("keepdims", 1))
    if node.x.dtype == a.BOOL:
        return _bool_reduction(node, dims, keepdims)
    return REDUCTIONS[node.op](node.x, dims, keepdims)


NOT_IDENTITY = {"ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceSumSquare"}


def _bool_reduction(node: Node, dims: Sequence[int], keepdims: bool) -> Value:
    kind = {"ReduceMax": "REDUCE_ANY", "ReduceMin": "REDUCE_ALL"}[node.op]
    return a.reduce(kind, node.x, dims, keepdims=keepdims)


@lowers("ArgMax", "ArgMin")
def arg(node: Node) -> Value:
    """Return the index of the extreme entry, the first or the last of equals."""
    axis, keepdims = node.axis(0), bool(node.attribute("keepdims", 1))
    kind = "ARG_MAX" if node.op == "ArgMax" else "ARG_MIN"
    if not node.attribute("select_last_index", 0):
        return a.arg(kind, node.x, axis, keepdims=keepdims)
    size = node.x.shape[axis]
    if size is None:
        raise node.refuse("select_last_index needs the size of the axis", "fix the input shapes of the model")
    return (size - 1) - a.arg(kind, reverse(node.x, axis), axis, keepdims=keepdims)


@lowers("Softmax", "LogSoftmax", "Hardmax")
def softmax(node: Node) -> Value:
    """Work along one axis; before opset 13 along all axes from `axis` on, taken together."""
    x, old = node.x, node.version < 13
    axis = node.axis(1 if old else -1)
    if old:
        flat = merge_dims(merge_dims(x, axis, x.rank), 0, axis) if axis else merge_dims(x, 0, x.rank)
        return reshape_to(SOFTMAX[node.op](flat, flat.rank - 1), x.dims if x.data is None else [])
    return SOFTMAX[node.op](x, axis)


def _log_softmax(x: Value, dim: int) -> Value:
    shifted = x - a.max_(x, [dim])
    return shifted - a.log(a.sum_(a.exp(shifted), [dim]))


def _hardmax(x: Value, dim: int) -> Value:
    size = x.shape[dim]
    if size is None:
        raise x.builder.refuse("its axis has a size known only at run time", "fix the input shapes of the model")
    position = t.arange(size).reshape([-1] + [1] * (x.rank - 1 - dim))
    index = a.arg("ARG_MAX", x, dim, keepdims=True)
    return a.cast(a.equal(index, position), x.dtype)


SOFTMAX: Mapping[str, Callable[[Value, int], Value]] = {
    "Softmax": a.softmax,
    "LogSoftmax": _log_softmax,
    "Hardmax": _hardmax,
}


@lowers("CumSum")
def cumsum(node: Node) -> Value:
    """Sum what stands before each entry, and the entry itself unless `exclusive`."""
    (axis,) = node.ints(1, "axis") or [0]
    flags = {name: bool(node.attribute(name, 0)) for name in ("exclusive", "reverse")}
    return a.cumsum(node.x, axis, **flags)
