"""Reading images at fractional positions that the model computes: GridSample, RoiAlign, DeformConv."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from converters.lowering import arithmetic as a
from converters.lowering import tables as t
from converters.lowering.builder import INT32
from converters.lowering.indexing import static_shape, strides_of
from converters.lowering.node import Node, lowers
from converters.lowering.products import EXACT, matmul
from converters.lowering.reshaping import reshape
from converters.lowering.shapes import broadcast_to, concat, gather, slice_, split, squeeze, transpose, unsqueeze
from converters.lowering.value import Atom, Value
from converters.lowering.windows import Window, windows

# A tap: the index of an entry along one axis (float32, whole), and its weight.
Tap = tuple[Value, Value]


def _linear(x: Value) -> list[Tap]:
    low = a.floor(x)
    high_weight = x - low
    return [(low, 1.0 - high_weight), (low + 1.0, high_weight)]


def _cubic(x: Value) -> list[Tap]:
    """Keys' kernel with a = -0.75 (ONNX, GridSample)."""
    k, low = -0.75, a.floor(x)
    t = x - low
    s = 1.0 - t

    def near(d: Value) -> Value:
        return ((k + 2) * d - (k + 3)) * d * d + 1.0

    def far(d: Value) -> Value:
        return ((k * d - 5 * k) * d + 8 * k) * d - 4 * k

    return [(low - 1.0, far(t + 1.0)), (low, near(t)), (low + 1.0, near(s)), (low + 2.0, far(s + 1.0))]


def _nearest(x: Value) -> list[Tap]:
    return [(a.round_(x), a.cast(a.equal(x, x), x.dtype))]


TAPS: Mapping[str, Callable[[Value], list[Tap]]] = {
    "linear": _linear,
    "bilinear": _linear,
    "cubic": _cubic,
    "bicubic": _cubic,
    "nearest": _nearest,
}


def _reflect(x: Value, low: float, high: float) -> Value:
    """Fold positions back and forth between two bounds."""
    span = high - low
    if span == 0:
        return x * 0.0 + low
    return (low + span) - a.abs_(a.floor_mod(x - low, 2 * span) - span)


def sample(
    image: Value, positions: Sequence[Value], mode: str, padding: str, bounds: Sequence[tuple[float, float]]
) -> Value:
    """Read `image` `[N, C, spatial...]` at positions `[N, P]` for each spatial axis; returns `[N, P, C]`.

    `padding` is zeros, border or reflection (between `bounds`).
    """
    n, c, *sizes = static_shape(image)
    if n * int(np.prod(sizes)) > EXACT:
        raise image.builder.refuse("its positions exceed what float32 counts exactly", "use a smaller image")
    rows = reshape(transpose(image, [0, *range(2, image.rank), 1]), [-1, c])
    first = t.arange(n, dtype=np.float32)[:, None] * float(np.prod(sizes))
    taps = [_taps(x, mode, padding, size, bound) for x, size, bound in zip(positions, sizes, bounds, strict=True)]
    parts = []
    for choice in itertools.product(*taps):
        strides = strides_of(sizes)
        flat = functools.reduce(operator.add, (tap[0] * float(step) for tap, step in zip(choice, strides, strict=True)))
        weight = functools.reduce(operator.mul, (share for _, share in choice))
        parts.append(gather(rows, a.cast(flat + first, INT32), 0) * unsqueeze(weight, [weight.rank]))
    return functools.reduce(operator.add, parts)


def _taps(x: Value, mode: str, padding: str, size: int, bounds: tuple[float, float]) -> list[Tap]:
    if padding == "border":
        x = a.clip(x, 0.0, float(size - 1))
    if padding == "reflection":
        x = _reflect(x, *bounds)
    taps = TAPS[mode](x)
    if padding == "zeros":
        taps = [(index, a.select(_inside(index, size), weight, 0.0)) for index, weight in taps]
    if padding == "reflection":
        taps = [(_reflect(index, *bounds), weight) for index, weight in taps]
    return [(a.clip(index, 0.0, float(size - 1)), weight) for index, weight in taps]


def _inside(index: Value, size: int) -> Value:
    return a.logical_and(a.greater_equal(index, 0.0), a.less_equal(index, float(size - 1)))


@lowers("GridSample")
def grid_sample(node: Node) -> Value:
    """Read the image at positions given from -1 to 1, the last axis first."""
    grid, align = node[1], bool(node.attribute("align_corners", 0))
    sizes, out = static_shape(node.x)[2:], static_shape(grid)[1:-1]
    axes = [reshape(axis, [node.x.shape[0] or 1, -1]) for axis in split(grid, [1] * len(sizes), -1)][::-1]
    positions = [
        (x + 1.0) * ((size - 1) / 2) if align else ((x + 1.0) * float(size) - 1.0) * 0.5
        for x, size in zip(axes, sizes, strict=True)
    ]
    bounds = [(0.0, size - 1.0) if align else (-0.5, size - 0.5) for size in sizes]
    mode, padding = node.attribute("mode", "linear"), node.attribute("padding_mode", "zeros")
    y = sample(node.x, positions, mode, padding, bounds)
    shaped = reshape(y, [node.x.shape[0] or 1, *out, node.x.shape[1] or 1])
    return transpose(shaped, [0, shaped.rank - 1, *range(1, shaped.rank - 1)])


@lowers("RoiAlign")
def roi_align(node: Node) -> Value:
    """Pool regions `[x1, y1, x2, y2]` of an image to one size, by sampling points in each bin."""
    channels = static_shape(node.x)[1]
    ratio = int(node.attribute("sampling_ratio", 0))
    if ratio <= 0 or node.attribute("mode", "avg") != "avg":
        raise node.refuse("its sampling adapts to each region, or takes a maximum", "set sampling_ratio and mode=avg")
    count = static_shape(node[1])[0]
    scale = float(node.attribute("spatial_scale", 1.0))
    half_pixel = (
        node.attribute("coordinate_transformation_mode", "half_pixel" if node.version >= 16 else "") == "half_pixel"
    )
    corners = [squeeze(v, [1]) * scale - (0.5 if half_pixel else 0.0) for v in split(node[1], [1] * 4, 1)]
    outputs = [int(node.attribute(f"output_{name}", 1)) for name in ("height", "width")]
    axes = []
    for start, end, output in ((corners[1], corners[3], outputs[0]), (corners[0], corners[2], outputs[1])):
        length = end - start if half_pixel else a.maximum(end - start, 1.0)
        steps = (t.arange(output * ratio, dtype=np.float32) + 0.5) / (output * ratio)
        axes.append(unsqueeze(start, [1]) + unsqueeze(length, [1]) * steps)
    grid = [(Atom(count),), (Atom(outputs[0] * ratio),), (Atom(outputs[1] * ratio),)]
    y, x = (reshape(broadcast_to(unsqueeze(v, [d]), grid), [1, -1]) for v, d in zip(axes, (2, 1), strict=True))
    picked = _sample_batches(node, y, x, count, outputs, ratio)
    blocks = reshape(picked, [count, outputs[0], ratio, outputs[1], ratio, channels])
    return transpose(a.mean(blocks, [2, 4], keepdims=False), [0, 3, 1, 2])


def _sample_batches(node: Node, y: Value, x: Value, count: int, outputs: Sequence[int], ratio: int) -> Value:
    """Sample with the batch as one more axis: each region names the image that it lies in."""
    n, c, height, width = static_shape(node.x)
    points = int(np.prod(outputs)) * ratio**2
    image = a.cast(reshape(node[2], [-1, 1]), a.FLOAT32) * t.ones((1, points))
    volume = reshape(transpose(node.x, [1, 0, 2, 3]), [1, c, n, height, width])
    outside = a.logical_or(_beyond(y, height), _beyond(x, width))
    y, x = (a.clip(v, 0.0, float(size - 1)) for v, size in ((y, height), (x, width)))
    bounds = [(0.0, 0.0)] * 3
    picked = _sample_rows(volume, [reshape(image, [1, -1]), y, x], bounds)
    kept = a.select(unsqueeze(outside, [2]), 0.0 * picked, picked)
    return reshape(kept, [count, -1, c])


def _beyond(x: Value, size: int) -> Value:
    return a.logical_or(a.less(x, -1.0), a.greater(x, float(size)))


def _sample_rows(volume: Value, positions: Sequence[Value], bounds: Sequence[tuple[float, float]]) -> Value:
    return sample(volume, positions, "linear", "border", bounds)


@lowers("DeformConv")
def deformable_convolution(node: Node) -> Value:
    """Convolution whose taps are shifted by offsets `[N, groups · kernel · 2, H, W]` and scaled by a mask."""
    x, weight, offsets = node.x, node[1], node[2]
    n, channels, *sizes = static_shape(x)
    frame = windows(node, static_shape(weight)[2:], sizes)
    taps, outputs = int(np.prod([w.kernel for w in frame])), [w.output or 0 for w in frame]
    groups, points = int(node.attribute("offset_group", 1)), int(np.prod(outputs))
    shifts = reshape(offsets, [n, groups, taps, 2, points])
    mask = None if node.get(4) is None else reshape(node[4], [n, groups, taps, points])
    columns = []
    for group, image in enumerate(split(x, [channels // groups] * groups, 1)):
        part = squeeze(slice_(shifts, {1: slice(group, group + 1)}), [1])
        base = _tap_positions(frame)  # for each axis: [taps, points]
        moved = [squeeze(shift, [2]) + grid for shift, grid in zip(split(part, [1, 1], 2), base, strict=True)]
        flat = [reshape(position, [n, -1]) for position in moved]
        picked = reshape(sample(image, flat, "linear", "zeros", [(0.0, 0.0)] * 2), [n, taps, points, -1])
        if mask is not None:
            picked = picked * unsqueeze(squeeze(slice_(mask, {1: slice(group, group + 1)}), [1]), [3])
        columns.append(picked)
    y = _contract(node, concat(columns, 3), weight)
    y = reshape(y, [n, y.shape[1] or 0, *outputs])
    return y if node.get(3) is None else y + unsqueeze(node[3], [1, 2])


def _tap_positions(frame: Sequence[Window]) -> list[np.ndarray]:
    """Return where each tap of each output position lies, before it is shifted: one `[taps, points]` an axis."""
    rows, columns = (w.positions().T - w.before for w in frame)
    shape = (rows.shape[0], columns.shape[0], rows.shape[1], columns.shape[1])
    grids = (rows[:, None, :, None], columns[None, :, None, :])
    flat = (shape[0] * shape[1], shape[2] * shape[3])
    return [t.expand(grid, shape).reshape(flat).astype(np.float32) for grid in grids]


def _contract(node: Node, columns: Value, weight: Value) -> Value:
    """Multiply columns `[N, taps, points, C]` by the filter `[O, C / group, kernel...]`, giving `[N, O, points]`."""
    n, taps, points, channels = static_shape(columns)
    group, outputs = int(node.attribute("group", 1)), static_shape(weight)[0]
    flat = reshape(weight, [group, outputs // group, channels // group * taps])
    x = reshape(transpose(columns, [0, 3, 1, 2]), [n, group, channels // group * taps, points])
    return reshape(matmul(flat, x), [n, outputs, points])
