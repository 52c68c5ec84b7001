"""Operators that work on entries alone: a row each, or a formula. They keep the axes that their operands have."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import onnx_ir as ir

from converters.importing.tflite.builder import Builder
from converters.importing.tflite.held import Held, Laid
from converters.importing.tflite.node import Node, imports

Formula = Callable[..., ir.Value]

# TFLite's name → ONNX's, where both mean the same of the same operands.
SAME: Mapping[str, str] = {
    "ABS": "Abs", "ADD": "Add", "ADD_N": "Sum", "BITWISE_XOR": "BitwiseXor",
    "CEIL": "Ceil", "COS": "Cos", "DIV": "Div", "ELU": "Elu",
    "EQUAL": "Equal", "EXP": "Exp", "FLOOR": "Floor", "GREATER": "Greater", "GREATER_EQUAL": "GreaterOrEqual",
    "HARD_SWISH": "HardSwish", "LESS": "Less", "LESS_EQUAL": "LessOrEqual", "LOG": "Log", "LOGICAL_AND": "And",
    "LOGICAL_NOT": "Not", "LOGICAL_OR": "Or", "LOGISTIC": "Sigmoid", "MAXIMUM": "Max", "MINIMUM": "Min", "MUL": "Mul",
    "NEG": "Neg", "POW": "Pow", "PRELU": "PRelu", "RELU": "Relu", "ROUND": "Round", "SELECT_V2": "Where",
    "SIGN": "Sign", "SIN": "Sin", "SQRT": "Sqrt", "SUB": "Sub", "TANH": "Tanh",
}  # fmt: skip

# What takes more than one node.
FORMULAS: Mapping[str, Formula] = {
    "RELU6": lambda b, x: b.op("Clip", x, b.constant(0.0), b.constant(6.0)),
    "RELU_N1_TO_1": lambda b, x: b.op("Clip", x, b.constant(-1.0), b.constant(1.0)),
    "RELU_0_TO_1": lambda b, x: b.op("Clip", x, b.constant(0.0), b.constant(1.0)),
    "SQUARE": lambda b, x: b.op("Mul", x, x),
    "RSQRT": lambda b, x: b.op("Reciprocal", b.op("Sqrt", x)),
    "NOT_EQUAL": lambda b, x, y: b.op("Not", b.op("Equal", x, y)),
    "SQUARED_DIFFERENCE": lambda b, x, y: FORMULAS["SQUARE"](b, b.op("Sub", x, y)),
    "ATAN2": lambda b, y, x: _angle(b, y, x),
}


def kept(node: Node, formula: Formula) -> Laid:
    """Apply a formula to the operands in the axes that the first of them was made in; constants follow."""
    rank = max(len(node.shape(i)) for i in range(len(node.op.inputs)))
    held = [_aligned(node.operand(i), rank) for i in range(len(node.op.inputs))]
    whole = [operand for operand in held if operand.tensor.shape]
    second = any(operand.prefers_second for operand in whole) and all(len(h.tensor.shape) == rank for h in whole)
    return Laid(formula(node.builder, *(h.real(second=second and h in whole) for h in held)), second)


def _aligned(held: Held, rank: int) -> Held:
    """Give a constant vector the rank of the other operands."""
    return held.with_rank(rank) if held.tensor.data is not None and 0 < len(held.tensor.shape) < rank else held


@imports(*SAME)
def same(node: Node) -> Laid:
    """Apply one ONNX operator."""
    return kept(node, lambda b, *operands: b.op(SAME[node.op.kind], *operands))


@imports(*FORMULAS)
def formula(node: Node) -> Laid:
    """Apply several ONNX operators."""
    return kept(node, FORMULAS[node.op.kind])


@imports("QUANTIZE", "DEQUANTIZE")
def identity(node: Node) -> Laid:
    """Do nothing: operands are real numbers already, and results are quantised where the tensor is."""
    second = node.operand(0).prefers_second
    return Laid(node.operand(0).real(second=second), second)


@imports("LEAKY_RELU")
def leaky_relu(node: Node) -> Laid:
    """Multiply by alpha what is negative."""
    return kept(node, lambda b, x: b.op("LeakyRelu", x, alpha=float(node.attribute("alpha", 0.0))))


@imports("GELU")
def gelu(node: Node) -> Laid:
    """Multiply by Φ(x), or by what approximates it with tanh."""
    kind = "tanh" if node.attribute("approximate") else "none"
    return kept(node, lambda b, x: b.op("Gelu", x, approximate=kind))


@imports("FLOOR_DIV")
def floor_divide(node: Node) -> Laid:
    """Return the quotient rounded down; of whole numbers without passing through floats."""
    if node.tensor(0).dtype.kind == "f":
        return kept(node, lambda b, x, y: b.op("Floor", b.op("Div", x, y)))
    return kept(node, lambda b, x, y: b.op("Div", b.op("Sub", x, b.op("Mod", x, y)), y))


@imports("FLOOR_MOD")
def floor_modulo(node: Node) -> Laid:
    """Return the remainder, with the sign of the divisor."""
    return kept(node, _remainder if node.tensor(0).dtype.kind == "f" else lambda b, x, y: b.op("Mod", x, y))


def _remainder(b: Builder, x: ir.Value, y: ir.Value) -> ir.Value:
    rest, zero = b.op("Mod", x, y, fmod=1), b.constant(0.0)
    signs = b.op("Xor", b.op("Less", rest, zero), b.op("Less", y, zero))
    wrong = b.op("And", signs, b.op("Not", b.op("Equal", rest, zero)))
    return b.op("Where", wrong, b.op("Add", rest, y), rest)


def _angle(b: Builder, y: ir.Value, x: ir.Value) -> ir.Value:
    """Return the angle of the point (x, y): that of y / x, half a turn further left of the axis; 0 at the origin."""
    zero = b.constant(0.0)
    half = b.op("Where", b.op("Less", y, zero), b.constant(-np.pi), b.constant(np.pi))
    turned = b.op("Where", b.op("Less", x, zero), half, zero)
    angle = b.op("Add", b.op("Atan", b.op("Div", y, x)), turned)
    origin = b.op("And", b.op("Equal", x, zero), b.op("Equal", y, zero))
    return b.op("Where", origin, zero, angle)


@imports("CAST")
def cast(node: Node) -> Laid:
    """Convert to another type; what is quantised gives the integers that are stored."""
    held, target = node.operand(0), node.op.outputs[0]
    if target.quantization is not None and target.dtype.kind in "iu":
        raise node.refuse("its result is quantised", "use QUANTIZE")
    second, source = held.prefers_second, node.op.inputs[0]
    real = source is not None and source.dtype.kind == "f"
    value = held.real(second=second) if real else held.as_stored(second=second)
    if source is not None and source.dtype == np.int8 and held.tensor.dtype == np.uint8:  # held with 128 more
        value = node.builder.op("Sub", node.builder.cast(value, np.int32), node.builder.constant(128, np.int32))
    return Laid(node.builder.cast(value, target.dtype), second)


@imports("STABLEHLO_AND")
def bitwise_and(node: Node) -> Laid:
    """Combine bits, or truth values."""
    kind = "And" if node.tensor(0).dtype.kind == "b" else "BitwiseAnd"
    return kept(node, lambda b, x, y: b.op(kind, x, y))


@imports("RIGHT_SHIFT", "STABLEHLO_SHIFT_LEFT")
def shift(node: Node) -> Laid:
    """Shift the bits of unsigned numbers: ONNX shifts no others."""
    dtype = node.tensor(0).dtype
    if dtype.kind != "u":
        raise node.refuse(f"it shifts {dtype.name}, and ONNX shifts unsigned numbers only", "use an unsigned type")
    direction = "RIGHT" if node.op.kind == "RIGHT_SHIFT" else "LEFT"
    return kept(node, lambda b, x, y: b.op("BitShift", x, y, direction=direction))


@imports("ZEROS_LIKE")
def zeros_like(node: Node) -> ir.Value:
    """Return zeros of the operand's shape."""
    zero = ir.Tensor(np.zeros(1, node.tensor(0).dtype))
    return node.builder.op("ConstantOfShape", node.builder.op("Shape", node.x), value=zero)


@imports("SELECT")
def select(node: Node) -> ir.Value | Laid:
    """Choose entries of one operand or the other; a vector of conditions decides over whole rows."""
    rank = len(node.shape(1))
    if len(node.shape(0)) == 1 and rank > 1:
        rows = node.builder.op("Reshape", node.x, node.builder.constant([-1] + [1] * (rank - 1)))
        return node.builder.op("Where", rows, node[1], node[2])
    return kept(node, lambda b, *operands: b.op("Where", *operands))
