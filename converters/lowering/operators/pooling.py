"""Pooling."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from converters.errors import MalformedModel
from converters.lowering import arithmetic as a
from converters.lowering import tables as t
from converters.lowering.channels import as_it_lies
from converters.lowering.indexing import from_front, scatter_rows, static_shape, strides_of
from converters.lowering.node import Node, lowers
from converters.lowering.operators.quantization import picked
from converters.lowering.padding import pad
from converters.lowering.reshaping import flatten_all, reshape
from converters.lowering.shapes import gather, slice_, squeeze, transpose, unsqueeze
from converters.lowering.value import Value
from converters.lowering.windows import Window, windows


def _frame(node: Node) -> list[Window]:
    frame = windows(node, node.attribute("kernel_shape"), node.x.shape[2:])
    if any(max(w.before, w.after) >= w.span for w in frame):
        raise node.refuse("windows may lie wholly in the padding", "pad by less than a window")
    return frame


@lowers("MaxPool")
def max_pool(node: Node) -> list[Value]:
    """Largest entry of each window, and where it was if asked for; padding never wins."""
    frame = _frame(node)
    largest = picked(node.x, lambda x: pool("MAX_POOL_2D", x, frame, _lowest(x)))
    wants_positions = len(node.outputs) > 1 and node.outputs[1]
    return [largest, _positions(node, frame, _lowest(node.x))] if wants_positions else [largest]


def _lowest(x: Value) -> float:
    return -np.inf if x.dtype.kind == "f" else int(np.iinfo(x.dtype).min)


def _positions(node: Node, frame: Sequence[Window], lowest: float) -> Value:
    """Return flat positions in the input of the largest entries."""
    shape, builder = static_shape(node.x), node.builder
    axes = [w.positions() for w in frame]
    order = list(range(len(frame)))[:: -1 if node.attribute("storage_order", 0) else 1]
    scale = dict(zip(order, strides_of([shape[2 + i] for i in order]), strict=True))
    table: np.ndarray = np.zeros((), np.int64)
    for i, (axis, w) in enumerate(zip(axes, frame, strict=True)):
        table = t.outer(np.add, table, np.clip(axis - w.before, 0, shape[2 + i] - 1) * scale[i])
    count = len(frame)
    table = table.transpose([*range(0, 2 * count, 2), *range(1, 2 * count, 2)])
    places = table.reshape(*table.shape[:count], -1)  # [output..., window]
    x = pad(node.x, {2 + i: w.padded for i, w in enumerate(frame)}, lowest)
    for i, axis in enumerate(axes):
        x = gather(x, builder.constant(axis.astype(np.int32)), 2 + 2 * i)
    x = transpose(x, [0, 1, *range(2, 2 + 2 * count, 2), *range(3, 3 + 2 * count, 2)])
    windows_ = reshape(x, [*shape[:2], *(w.output or 0 for w in frame), -1])
    best = a.arg("ARG_MAX", windows_, -1, keepdims=False)
    size = int(np.prod(places.shape[:-1]))
    lookup = t.arange(size).reshape(places.shape[:-1]) * places.shape[-1]
    offset = t.arange(math.prod(shape[:2])).reshape(*shape[:2], *[1] * count)
    picked = gather(builder.constant(places.reshape(-1)), best + lookup, 0)
    return picked + offset * int(np.prod(shape[2:]))


@lowers("MaxUnpool")
def max_unpool(node: Node) -> Value:
    """Put entries back where MaxPool found them, zeros elsewhere."""
    kernel = node.attribute("kernel_shape")
    frame = windows(node, kernel, node.x.shape[2:])
    n, c, *sizes = static_shape(node.x)
    full = [n, c, *((s - 1) * w.stride - w.before - w.after + w.kernel for s, w in zip(sizes, frame, strict=True))]
    empty = node.builder.constant(t.zeros([math.prod(full), 1]))
    rows = a.cast(from_front(flatten_all(node[1]), math.prod(full)), np.dtype(np.int32))
    result = reshape(scatter_rows(empty, rows, reshape(flatten_all(node.x), [-1, 1]), "none"), full)
    added = {d: (0, w - f) for d, (w, f) in enumerate(zip(node.ints(2, "output_shape") or full, full, strict=True))}
    if min(after for _, after in added.values()) < 0:
        raise MalformedModel(node.where, f"its output_shape is less than {full}", "correct the output_shape")
    return pad(result, added)


@lowers("AveragePool")
def average_pool(node: Node) -> Value:
    """Mean of each window; padding counts if `count_include_pad`, ceil_mode's further padding never does."""
    frame = _frame(node)
    include = bool(node.attribute("count_include_pad", 0))
    if all(w.is_same() and (w.size or w.span) >= w.span for w in frame) and not include:  # LiteRT errs on wider ones
        return pool("AVERAGE_POOL_2D", node.x, frame, 0)
    y = pool("AVERAGE_POOL_2D", node.x, frame, 0, explicit=True)
    return y * _share(node, frame, include) if _partial(frame, include) else y


def _partial(frame: Sequence[Window], include: bool) -> bool:
    return any(w.extra or (not include and (w.before or w.after)) for w in frame)


def _share(node: Node, frame: Sequence[Window], include: bool) -> Value:
    """Return kernel size / entries that count, for each position of the windows."""
    share = np.ones((), np.float32)
    for w in frame:
        if w.size is None:
            raise node.refuse("its padding needs the spatial size", "fix the input shapes of the model")
        counted = t.ones([w.size + sum(w.padded)])
        first, last = (0, w.before + w.size + w.after) if include else (w.before, w.before + w.size)
        counted[:first], counted[last:] = 0, 0
        share = t.outer(np.multiply, share, w.kernel / counted[w.positions()].sum(1))
    return node.builder.constant(share.astype(np.float32))


@lowers("LpPool")
def lp_pool(node: Node) -> Value:
    """(Σ |x|^p)^(1/p) of each window."""
    p, frame = float(node.attribute("p", 2)), _frame(node)
    count = float(np.prod([w.kernel for w in frame]))
    powers = a.abs_(node.x) if p == 1 else a.power(a.abs_(node.x), p)
    total = pool("AVERAGE_POOL_2D", powers, frame, 0, explicit=True) * count
    return total if p == 1 else a.power(total, 1 / p)


@lowers("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
def global_pool(node: Node) -> Value:
    """One value a channel."""
    dims = range(2, node.x.rank)
    if node.op == "GlobalAveragePool":
        return a.mean(node.x, dims)
    if node.op == "GlobalMaxPool":
        return a.max_(node.x, dims)
    p = float(node.attribute("p", 2))
    return a.power(a.sum_(a.power(a.abs_(node.x), p), dims), 1 / p)


def pool(kind: str, x: Value, frame: Sequence[Window], fill: float, *, explicit: bool = False) -> Value:
    """Pool with the target's operator where it has one, and else by comparing or adding shifted slices.

    Padding with `fill` is emitted where the target's SAME does not say it, or always if `explicit`.
    """
    if x.rank == 3:
        row = Window(1, 1, 1, 1, 0, 0)
        return squeeze(pool(kind, unsqueeze(x, [2]), [row, *frame], fill, explicit=explicit), [2])
    native = x.rank == 4 and x.dtype == a.FLOAT32 and all(w.dilation == 1 for w in frame)
    same = native and not explicit and all(w.is_same() for w in frame)
    if not same:
        x = pad(x, {2 + i: w.padded for i, w in enumerate(frame)}, fill)
    return _native(kind, x, frame, same) if native else _by_slices(kind, x, frame)


def _native(kind: str, x: Value, frame: Sequence[Window], same: bool) -> Value:
    image = as_it_lies(x)
    tensor = image.tensor
    height, width = frame
    shape = (tensor.shape[0], height.output, width.output, tensor.shape[3])
    result = x.builder.emit(
        kind,
        [tensor],
        shape=shape,
        padding="SAME" if same else "VALID",
        stride_h=height.stride,
        stride_w=width.stride,
        filter_height=height.kernel,
        filter_width=width.kernel,
        fused_activation_function="NONE",
    )
    return image.result(result)


def _by_slices(kind: str, x: Value, frame: Sequence[Window]) -> Value:
    """Pool axis by axis: the maximum (or sum) of as many shifted slices as the window has entries."""
    for i, w in enumerate(frame):
        if w.output is None:
            raise x.builder.refuse("its spatial size is known only at run time", "fix the input shapes of the model")
        reach = (w.output - 1) * w.stride + 1
        offsets = [k * w.dilation for k in range(w.kernel)]
        parts = [slice_(x, {2 + i: slice(o, o + reach, w.stride)}) for o in offsets]
        x = parts[0]
        for part in parts[1:]:
            x = a.maximum(x, part) if kind == "MAX_POOL_2D" else x + part
    count = float(np.prod([w.kernel for w in frame]))
    return x if kind == "MAX_POOL_2D" else x / count
