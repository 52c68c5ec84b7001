"""Lowerings by theme. Importing this package enters all of them into the table `node.LOWERINGS`."""

from converters.lowering.operators import (
    casts,
    convolution,
    elementwise,
    gathering,
    matrix,
    moving,
    normalization,
    pooling,
    reduction,
)

__all__ = [
    "casts",
    "convolution",
    "elementwise",
    "gathering",
    "matrix",
    "moving",
    "normalization",
    "pooling",
    "reduction",
]
