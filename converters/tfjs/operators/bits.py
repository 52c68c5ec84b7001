"""Operators on bits, from comparisons: TF.js 4.22 has a kernel for `and`, but its graph executor cannot call it."""

from __future__ import annotations

import numpy as np

from converters.edge_graph import Op
from converters.tfjs.nodes import INT32, Nodes
from converters.tfjs.operators.arithmetic import floor_quotient

PLANES = 30  # bits 0 to 29, whose powers of two all fit int32
TOP = 2**PLANES
LOWEST = int(np.iinfo(np.int32).min)


def bitwise_and(w: Nodes, op: Op) -> str:
    """Return x & y, for operands of one shape."""
    return _and(w, *w.operands(op))


def bitwise_xor(w: Nodes, op: Op) -> str:
    """Return x + y - 2 (x & y), modulo 2^32; operands of two shapes are broadcast."""
    x, y = w.operands(op)
    zero = w.add("Mul", [w.add("AddV2", [x, y]), w.constant(0, INT32)])
    x, y = (w.add("AddV2", [operand, zero]) for operand in (x, y))
    common = _and(w, x, y)
    return w.add("Sub", [w.add("AddV2", [x, y]), w.add("AddV2", [common, common])])


def _and(w: Nodes, x: str, y: str) -> str:
    """Return the sum of the powers of two that both operands hold."""
    low = _both(w, *(_low_bits(w, operand) for operand in (x, y)))
    total = w.add("Sum", [w.add("Mul", [low, w.constant(2 ** np.arange(PLANES), INT32)]), w.constant([-1], INT32)])
    for test, weight in ((_has_bit_30, TOP), (_is_negative, LOWEST)):
        high = _both(w, *(test(w, operand) for operand in (x, y)))
        total = w.add("AddV2", [total, w.add("Mul", [high, w.constant(weight, INT32)])])
    return total


def _both(w: Nodes, x: str, y: str) -> str:
    return w.add("Cast", [w.add("LogicalAnd", [x, y])], SrcT=np.dtype(bool), DstT=INT32)


def _low_bits(w: Nodes, x: str) -> str:
    """Return bits 0 to 29 along a new last axis: bit k is set where x mod 2^(k + 1) reaches 2^k."""
    column = w.add("ExpandDims", [x, w.constant(-1, INT32)])
    rest = w.add("FloorMod", [column, w.constant(2 ** np.arange(1, PLANES + 1), INT32)])
    return w.add("GreaterEqual", [rest, w.constant(2 ** np.arange(PLANES), INT32)])


def _has_bit_30(w: Nodes, x: str) -> str:
    """Tell whether x without its low bits is 2^30 or -2^30, and not 0 or -2^31."""
    high = w.add("Sub", [x, w.add("FloorMod", [x, w.constant(TOP, INT32)])])
    magnitude = w.add("Maximum", [high, w.add("Sub", [w.constant(0, INT32), high])])
    return w.add("Equal", [magnitude, w.constant(TOP, INT32)])


def _is_negative(w: Nodes, x: str) -> str:
    return w.add("Less", [x, w.constant(0, INT32)])


def right_shift(w: Nodes, op: Op) -> str:
    """Return floor(x / 2^count)."""
    x, count = w.operands(op)
    return floor_quotient(w, x, w.add("Pow", [w.constant(2, INT32), count]))
