"""Normalisations."""

from __future__ import annotations

from converters.lowering import arithmetic as a
from converters.lowering.layout import isolate
from converters.lowering.node import Node, lowers
from converters.lowering.padding import pad
from converters.lowering.shapes import slice_, unsqueeze
from converters.lowering.value import Value


def _by_channel(parameter: Value, rank: int) -> Value:
    return unsqueeze(parameter, range(1, rank - 1))


@lowers("BatchNormalization")
def batch_normalization(node: Node) -> Value:
    """Return (x - mean) / sqrt(variance + epsilon) · scale + bias, with the statistics of training."""
    if node.attribute("training_mode", 0):
        raise node.refuse("it is in training mode", "export the model in inference mode")
    x = node.x
    epsilon = float(node.attribute("epsilon", 1e-5))
    factor = node[1] / a.sqrt(node[4] + epsilon)
    offset = node[2] - node[3] * factor
    rank = max(x.rank, 2)
    return x * _by_channel(factor, rank) + _by_channel(offset, rank)


@lowers("InstanceNormalization")
def instance_normalization(node: Node) -> Value:
    """Normalise each channel of each image by its own statistics."""
    x, dims = node.x, range(2, node.x.rank)
    normal = standardize(x, dims, float(node.attribute("epsilon", 1e-5)))
    return normal * _by_channel(node[1], x.rank) + _by_channel(node[2], x.rank)


def standardize(x: Value, dims: range, epsilon: float) -> Value:
    """Return (x - mean) / sqrt(variance + epsilon) over some dimensions."""
    centred = x - a.mean(x, dims)
    return centred * a.rsqrt(a.mean(centred * centred, dims) + epsilon)


@lowers("LpNormalization")
def lp_normalization(node: Node) -> Value:
    """Divide x by its norm along an axis; give 0 where the norm is 0."""
    axis, x = node.axis(-1), node.x
    p = node.attribute("p", 2)
    norm = a.sum_(a.abs_(x), [axis]) if p == 1 else a.sqrt(a.sum_(x * x, [axis]))
    return a.select(a.equal(norm, 0.0), node.builder.constant(0, x.dtype), x / norm)


@lowers("LRN")
def local_response_normalization(node: Node) -> Value:
    """Return x / (bias + alpha / size · Σ x²)^beta over neighbouring channels."""
    size = int(node.attribute("size"))
    alpha, beta, bias = (float(node.attribute(k, d)) for k, d in (("alpha", 1e-4), ("beta", 0.75), ("bias", 1.0)))
    if size % 2 and node.x.rank == 4:
        isolated = isolate(node.x, [1], last=True)
        result = node.builder.emit(
            "LOCAL_RESPONSE_NORMALIZATION",
            [isolated.tensor],
            shape=isolated.tensor.shape,
            radius=size // 2,
            bias=bias,
            alpha=alpha / size,
            beta=beta,
        )
        return isolated.result(result)
    before = (size - 1) // 2
    squares = pad(node.x * node.x, {1: (before, size - 1 - before)})
    total = sum_of_shifts(squares, size, node.x.shape[1] or 0)
    return node.x / a.power(total * (alpha / size) + bias, beta)


def sum_of_shifts(x: Value, count: int, size: int) -> Value:
    """Return the sum of `count` windows of `size` channels, each one further on."""
    total = slice_(x, {1: slice(0, size)})
    for start in range(1, count):
        total = total + slice_(x, {1: slice(start, start + size)})
    return total
