"""Fourier transforms as products with constant matrices, and other linear algebra."""

from __future__ import annotations

import functools
import itertools
import operator

import numpy as np

from converters.edge_graph import Array
from converters.lowering import tables as t
from converters.lowering.indexing import scatter_rows, static_shape
from converters.lowering.node import Node, lowers
from converters.lowering.padding import pad
from converters.lowering.products import matmul
from converters.lowering.reshaping import reshape
from converters.lowering.shapes import gather, slice_, split, squeeze, stack, transpose
from converters.lowering.value import Value


def _fourier(x: Value, y: Value | None, outputs: int, *, inverse: bool) -> tuple[Value, Value]:
    """Transform the last axis of x + i·y: real and imaginary parts of the first `outputs` frequencies."""
    size = static_shape(x)[-1]
    turns = t.outer(np.multiply, t.arange(size), t.arange(outputs)) % size
    angles = (1 if inverse else -1) * 2 * np.pi / size * t.arange(size)
    share = 1 / size if inverse else 1.0
    waves = (np.cos(angles), np.sin(angles))
    cos, sin = (x.builder.constant((share * wave).astype(np.float32)[turns]) for wave in waves)
    if y is None:
        return matmul(x, cos), matmul(x, sin)
    return matmul(x, cos) - matmul(y, sin), matmul(x, sin) + matmul(y, cos)


@lowers("DFT")
def dft(node: Node) -> Value:
    """Discrete Fourier transform of `[..., n, ..., 1 or 2]`, real or complex, along an axis."""
    x = node.x
    axis = int(node.attribute("axis", 1)) if node.version < 20 else (node.ints(2, "axis") or [-2])[0]
    axis %= x.rank
    length = (node.ints(1, "dft_length") or [static_shape(x)[axis]])[0]
    inverse, onesided = (bool(node.attribute(name, 0)) for name in ("inverse", "onesided"))
    if inverse and onesided:
        raise node.refuse("the inverse of half a spectrum has no counterpart", "transform the whole spectrum")
    x = pad(slice_(x, {axis: slice(0, length)}), {axis: (0, max(length - static_shape(x)[axis], 0))})
    order = [d for d in range(x.rank - 1) if d != axis] + [axis]
    parts = [transpose(squeeze(part, [-1]), order) for part in split(x, [1] * static_shape(x)[-1], -1)]
    outputs = length // 2 + 1 if onesided else length
    results = _fourier(parts[0], parts[1] if len(parts) > 1 else None, outputs, inverse=inverse)
    back = [int(place) for place in np.argsort(order)]
    return stack([transpose(result, back) for result in results], -1)


@lowers("STFT")
def stft(node: Node) -> Value:
    """Fourier transforms of overlapping windows of a real signal `[batch, length, 1]`."""
    signal, window = node.x, node.get(2)
    step = (node.ints(1, "frame_step") or [1])[0]
    length = (node.ints(3, "frame_length") or [static_shape(window)[0] if window is not None else 0])[0]
    if signal.rank == 3 and signal.shape[2] == 2:
        raise node.refuse("a complex signal has no counterpart", "pass a real signal")
    signal = squeeze(signal, [2]) if signal.rank == 3 else signal
    frames = (static_shape(signal)[1] - length) // step + 1
    index = t.outer(np.add, t.arange(frames) * step, t.arange(length))
    pieces = gather(signal, node.builder.constant(index.astype(np.int32)), 1)
    pieces = pieces if window is None else pieces * window
    outputs = length // 2 + 1 if node.attribute("onesided", 1) else length
    return stack(list(_fourier(pieces, None, outputs, inverse=False)), -1)


@lowers("Det")
def determinant(node: Node) -> Value:
    """Return the determinant of small square matrices, by Leibniz' formula."""
    size = static_shape(node.x)[-1]
    if size > 4:
        raise node.refuse(f"{size} × {size} matrices have no exact counterpart", "use matrices of at most 4 × 4")
    rows = [split(squeeze(row, [-2]), [1] * size, -1) for row in split(node.x, [1] * size, -2)]
    products = []
    for order in itertools.permutations(range(size)):
        inversions = sum(order[i] > order[j] for i, j in itertools.combinations(range(size), 2))
        factors = (row[column] for row, column in zip(rows, order, strict=True))
        products.append(functools.reduce(operator.mul, factors) * (-1.0 if inversions % 2 else 1.0))
    return squeeze(functools.reduce(operator.add, products), [-1])


@lowers("Col2Im")
def columns_to_image(node: Node) -> Value:
    """Add blocks `[N, C · block, positions]` up to an image."""
    image, block = (node.ints(i, name) or [] for i, name in ((1, "image_shape"), (2, "block_shape")))
    count = len(image)
    dilations, strides = (node.attribute(name) or [1] * count for name in ("dilations", "strides"))
    pads = node.attribute("pads") or [0] * (2 * count)
    n, width, positions = static_shape(node.x)
    channels = width // int(np.prod(block))
    rows = zip(image, block, dilations, strides, pads[:count], pads[count:], strict=True)
    axes = [_covered(*row) for row in rows]  # for each axis: [block, positions] of coordinates
    flat: Array = np.zeros((), np.int64)
    inside: Array = np.ones((), bool)
    for coordinates, size in zip(axes, image, strict=True):
        flat = t.outer(np.add, flat * size, coordinates)
        inside = t.outer(np.logical_and, inside, (coordinates >= 0) & (coordinates < size))
    order = [*range(0, 2 * count, 2), *range(1, 2 * count, 2)]
    flat, inside = (table.transpose(order).reshape(-1) for table in (flat, inside))
    kept = np.flatnonzero(inside)
    x = reshape(node.x, [n, channels, int(np.prod(block)), positions])
    updates = gather(reshape(transpose(x, [2, 3, 0, 1]), [-1, n * channels]), node.builder.constant(kept), 0)
    empty = node.builder.constant(t.zeros([*image, n * channels]).reshape(-1, n * channels))
    index = node.builder.constant(flat[kept].astype(np.int32))
    result = scatter_rows(empty, index, updates, "add")
    return transpose(reshape(result, [*image, n, channels]), [count, count + 1, *range(count)])


def _covered(size: int, block: int, dilation: int, stride: int, before: int, after: int) -> Array:
    positions = (size + before + after - (block - 1) * dilation - 1) // stride + 1
    return t.outer(np.add, t.arange(block) * dilation, t.arange(positions) * stride - before)
