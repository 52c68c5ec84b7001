"""Operators on the bits of whole numbers."""

from __future__ import annotations

import numpy as np

from converters.lowering import arithmetic as a
from converters.lowering.node import Node, lowers
from converters.lowering.shapes import broadcast_to
from converters.lowering.value import Atom, Value


def _xor(x: Value, y: Value) -> Value:
    return x.builder.binary("BITWISE_XOR", x, y)


def _and(x: Value, y: Value) -> Value:
    """Return x & y, for which operands must have one shape."""
    shape = np.broadcast_shapes(*(tuple(size or 0 for size in v.shape) for v in (x, y)))
    wanted = [(Atom(size),) for size in shape]
    operands = [x.builder.tensor(broadcast_to(value, wanted)) for value in (x, y)]
    return x.builder.value(x.builder.emit("STABLEHLO_AND", operands, shape=shape))


BITWISE = {
    "BitwiseAnd": _and,
    "BitwiseOr": lambda x, y: _xor(_xor(x, y), _and(x, y)),
    "BitwiseXor": _xor,
}


@lowers(*BITWISE)
def bitwise(node: Node) -> Value:
    """Combine bit by bit."""
    return BITWISE[node.op](node.x, node[1])


@lowers("BitwiseNot")
def bitwise_not(node: Node) -> Value:
    """Invert all bits."""
    ones = -1 if node.x.dtype.kind == "i" else np.iinfo(node.x.dtype).max
    return _xor(node.x, node.builder.constant(ones, node.x.dtype))


@lowers("BitShift")
def bit_shift(node: Node) -> Value:
    """Shift by a count for each entry; what leaves the type is lost."""
    if node.attribute("direction") == "RIGHT":
        return node.builder.binary("RIGHT_SHIFT", node.x, node[1])
    factor = a.power(node.builder.constant(2, np.dtype(np.int32)), a.cast(node[1], np.dtype(np.int32)))
    if node.x.dtype.itemsize > 2:
        raise node.refuse("a left shift may exceed int32", "shift 8-bit or 16-bit numbers")
    return a.cast(a.cast(node.x, np.dtype(np.int32)) * factor, node.x.dtype)
