"""Gemm, MatMul and einsum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from converters.lowering import arithmetic as a
from converters.lowering.node import Node, lowers
from converters.lowering.products import matmul
from converters.lowering.shapes import swap_last
from converters.lowering.value import Value


@lowers("MatMul")
def matmul_(node: Node) -> Value:
    """Multiply as numpy's matmul does."""
    return matmul(node.x, node[1])


@lowers("Gemm")
def gemm(node: Node) -> Value:
    """Return alpha · A' B' + beta · C."""
    alpha, beta = (float(node.attribute(name, 1.0)) for name in ("alpha", "beta"))
    x = swap_last(node.x) if node.attribute("transA", 0) else node.x
    y = swap_last(node[1]) if node.attribute("transB", 0) else node[1]
    y = y if alpha == 1.0 else y * alpha
    c = node.get(2)
    if c is None or beta == 0.0:
        return matmul(x, y)
    c = c if beta == 1.0 else c * beta
    if c.data is not None and y.data is not None and c.data.size in (1, y.data.shape[-1]) and c.shape[-1:] != (1,):
        return matmul(x, y, c)
    return matmul(x, y) + c


@lowers("MatMulInteger")
def matmul_integer(node: Node) -> Value:
    """Multiply A - a by B - b in int32."""
    x, y = (centred(value, zero) for value, zero in ((node.x, node.get(2)), (node[1], node.get(3))))
    return matmul(x, y)


def centred(x: Value, zero: Value | None) -> Value:
    """Return an 8-bit value minus its zero point as int32, with the bound that follows from its type."""
    wide = a.cast(x, np.dtype(np.int32))
    if zero is not None:
        wide = wide - a.cast(zero, wide.dtype)
    return wide if wide.data is not None else replace(wide, bound=255)
