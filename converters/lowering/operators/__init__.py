"""Lowerings by theme. Importing this package enters all of them into the table `node.LOWERINGS`."""

from converters.lowering.operators import (
    bits,
    casts,
    convolution,
    elementwise,
    gathering,
    matrix,
    moving,
    normalization,
    pooling,
    quantization,
    reduction,
)

__all__ = [
    "bits",
    "casts",
    "convolution",
    "elementwise",
    "gathering",
    "matrix",
    "moving",
    "normalization",
    "pooling",
    "quantization",
    "reduction",
]
