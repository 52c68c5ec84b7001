"""Arithmetic that TF.js has no operator for, or whose operator is inexact for whole numbers.

The wasm kernels compute Abs, Neg and division of int32 in float32, exact up to 2^24 only. Addition, multiplication,
comparison, Maximum and Mod are exact (Mod was compared on 4,000 pairs over the whole range of int32).
"""

from __future__ import annotations

import math

import numpy as np

from converters.edge_graph import DType, Op
from converters.tfjs.nodes import INT32, Nodes, operand, stored_dtype

HALF_SQRT = math.sqrt(0.5)


def _is_integer(op: Op) -> bool:
    return operand(op, 0).dtype.kind in "iu"


def cast(w: Nodes, op: Op) -> str:
    """Convert the type, keeping the low bits of a whole number as C does."""
    (x,), source, target = w.operands(op), operand(op, 0).dtype, op.outputs[0].dtype
    if target == np.bool_:
        zero = w.constant(0, stored_dtype(source))
        return x if source == np.bool_ else w.add("NotEqual", [x, zero])  # Cast to bool keeps the lowest byte
    if stored_dtype(source) != stored_dtype(target):
        x = w.add("Cast", [x], SrcT=source, DstT=target)
    return x if np.can_cast(source, target) else _wrap(w, x, target)


def _wrap(w: Nodes, x: str, target: DType) -> str:
    """Reduce a whole number to the range of its type, modulo a power of two."""
    if target.kind not in "iu" or target.itemsize >= INT32.itemsize:
        return x
    size, low = 2 ** (8 * target.itemsize), int(np.iinfo(target).min)
    shifted = w.add("Sub", [x, w.constant(low, INT32)]) if low else x
    rest = w.add("FloorMod", [shifted, w.constant(size, INT32)])
    return w.add("AddV2", [rest, w.constant(low, INT32)]) if low else rest


def divide(w: Nodes, op: Op) -> str:
    """Divide x by y; whole numbers are rounded towards zero."""
    x, y = w.operands(op)
    if not _is_integer(op):
        return w.add("RealDiv", [x, y])
    magnitude = floor_quotient(w, _magnitude(w, x), _magnitude(w, y))
    return w.add("Mul", [magnitude, w.add("Mul", [w.add("Sign", [x]), w.add("Sign", [y])])])


def floor_divide(w: Nodes, op: Op) -> str:
    """Divide and round down."""
    x, y = w.operands(op)
    return floor_quotient(w, x, y) if _is_integer(op) else w.add("Floor", [w.add("RealDiv", [x, y])])


def floor_quotient(w: Nodes, x: str, y: str) -> str:
    """Divide the exact multiple of y below x, then the little that float32 left of it.

    Exact while |x| + |y| < 2^31: the remainder of the first quotient is at most 300 y, which float32 divides exactly.
    """
    multiple = w.add("Sub", [x, w.add("FloorMod", [x, y])])
    quotient = w.add("FloorDiv", [multiple, y])
    rest = w.add("Sub", [multiple, w.add("Mul", [quotient, y])])
    return w.add("AddV2", [quotient, w.add("FloorDiv", [rest, y])])


def negate(w: Nodes, op: Op) -> str:
    """Change the sign."""
    (x,) = w.operands(op)
    return w.add("Sub", [w.constant(0, INT32), x]) if _is_integer(op) else w.add("Neg", [x])


def absolute(w: Nodes, op: Op) -> str:
    """Drop the sign."""
    (x,) = w.operands(op)
    return _magnitude(w, x) if _is_integer(op) else w.add("Abs", [x])


def _magnitude(w: Nodes, x: str) -> str:
    return w.add("Maximum", [x, w.add("Sub", [w.constant(0, INT32), x])])


def gelu(w: Nodes, op: Op) -> str:
    """Multiply x by Φ(x), from erf, or from tanh if the model asks for that.

    Source: D. Hendrycks and K. Gimpel, arXiv 1606.08415.
    """
    (x,) = w.operands(op)
    if op.attributes.get("approximate"):
        cube = w.add("Mul", [w.add("Square", [x]), w.add("Mul", [x, _number(w, 0.044715)])])
        inner = w.add("Mul", [w.add("AddV2", [x, cube]), _number(w, math.sqrt(2 / math.pi))])
        curve = w.add("Tanh", [inner])
    else:
        curve = w.add("Erf", [w.add("Mul", [x, _number(w, HALF_SQRT)])])
    return w.add("Mul", [w.add("Mul", [x, _number(w, 0.5)]), w.add("AddV2", [curve, _number(w, 1)])])


def _number(w: Nodes, value: float) -> str:
    return w.constant(value, np.float32)


def hard_swish(w: Nodes, op: Op) -> str:
    """Multiply x by clip(x + 3, 0, 6) / 6."""
    (x,) = w.operands(op)
    gate = w.add("Relu6", [w.add("AddV2", [x, _number(w, 3)])])
    return w.add("Mul", [w.add("Mul", [x, gate]), _number(w, 1 / 6)])


def activation(w: Nodes, op: Op) -> str:
    """Write an activation that is an operator of its own."""
    (x,) = w.operands(op)
    return activate(w, op.kind, x)


def activate(w: Nodes, kind: str, x: str) -> str:
    """Apply RELU, RELU6 or RELU_N1_TO_1."""
    if kind == "RELU_N1_TO_1":
        return w.add("ClipByValue", [x, _number(w, -1), _number(w, 1)])
    return w.add(kind.capitalize(), [x])


def prelu(w: Nodes, op: Op) -> str:
    """Multiply negative entries by a slope; TF.js's own operator reads a broadcast slope wrongly."""
    x, slope = w.operands(op)
    negative = w.add("Minimum", [x, _number(w, 0)])
    return w.add("AddV2", [w.add("Relu", [x]), w.add("Mul", [negative, slope])])
