"""Spectra. Complex numbers are held as pairs along a last axis: real part, imaginary part."""

from __future__ import annotations

import onnx_ir as ir

from converters.importing.tflite.node import Node, imports


@imports("RFFT2D")
def rfft2d(node: Node) -> ir.Value:
    """Return the spectrum over the last two axes, half of it along the last: `[..., H, W // 2 + 1, 2]`."""
    b, rank = node.builder, len(node.shape(0))
    height, width = node.ints(1, "lengths")
    sizes = node.sizes(0)[-2:]
    if [height, width] != sizes:
        raise node.refuse(f"lengths {[height, width]} differ from the sizes {sizes}", "pad or slice its operand before")
    pairs = b.op("Unsqueeze", node.x, b.constant([-1]))
    y = b.op("DFT", pairs, None, b.constant(rank - 1, "int64"), onesided=1)
    return y if height == 1 else b.op("DFT", y, None, b.constant(rank - 2, "int64"))


@imports("COMPLEX_ABS")
def magnitude(node: Node) -> ir.Value:
    """Return the distance from 0."""
    return node.builder.op("ReduceL2", node.x, node.builder.constant([-1]), keepdims=0)


@imports("REAL", "IMAG")
def part(node: Node) -> ir.Value:
    """Return the real or the imaginary part."""
    index = node.builder.constant(0 if node.op.kind == "REAL" else 1, "int64")
    return node.builder.op("Gather", node.x, index, axis=-1)
