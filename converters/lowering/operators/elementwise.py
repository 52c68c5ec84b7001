"""Operators that work element by element: mostly one row each."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping

import numpy as np

from converters.lowering import arithmetic as a
from converters.lowering.formulas import erf, expm1, log1p, softplus
from converters.lowering.node import Node, lowers
from converters.lowering.shapes import unsqueeze
from converters.lowering.value import Value


def _sinh(x: Value) -> Value:
    e = expm1(x)
    return 0.5 * (e + e / (e + 1.0))


UNARY: Mapping[str, Callable[[Value], Value]] = {
    "Abs": a.abs_,
    "Acos": lambda x: a.atan2(a.sqrt((1.0 - x) * (1.0 + x)), x),
    "Acosh": lambda x: a.log(x + a.sqrt(x - 1.0) * a.sqrt(x + 1.0)),
    "Asin": lambda x: a.atan2(x, a.sqrt((1.0 - x) * (1.0 + x))),
    "Asinh": lambda x: a.sign(x) * log1p(a.abs_(x) + a.square(x) / (a.sqrt(a.square(x) + 1.0) + 1.0)),
    "Atan": lambda x: a.atan2(x, a.cast(a.equal(x, x), x.dtype)),  # the operator does not broadcast a bare 1
    "Atanh": lambda x: 0.5 * log1p(2.0 * x / (1.0 - x)),
    "Ceil": a.ceil,
    "Cos": a.cos,
    "Cosh": lambda x: 0.5 * (a.exp(x) + a.exp(-x)),
    "Erf": erf,
    "Exp": a.exp,
    "Floor": a.floor,
    "HardSwish": lambda x: x.builder.unary("HARD_SWISH", x),
    "Identity": lambda x: x,
    "IsNaN": lambda x: a.not_equal(x, x),
    "Log": a.log,
    "Mish": lambda x: x * a.tanh(softplus(x)),
    "Neg": lambda x: -x,
    "Not": a.logical_not,
    "Reciprocal": lambda x: 1.0 / x,
    "Relu": a.relu,
    "Round": a.round_,
    "Sigmoid": a.sigmoid,
    "Sign": a.sign,
    "Sin": a.sin,
    "Sinh": _sinh,
    "Softplus": softplus,
    "Softsign": lambda x: x / (a.abs_(x) + 1.0),
    "Sqrt": a.sqrt,
    "Tan": lambda x: a.sin(x) / a.cos(x),
    "Tanh": a.tanh,
}

BINARY: Mapping[str, Callable[[Value, Value], Value]] = {
    "Add": lambda x, y: x + y,
    "And": a.logical_and,
    "Div": lambda x, y: x / y,
    "Equal": a.equal,
    "Greater": a.greater,
    "GreaterOrEqual": a.greater_equal,
    "Less": a.less,
    "LessOrEqual": a.less_equal,
    "Max": a.maximum,
    "Min": a.minimum,
    "Mul": lambda x, y: x * y,
    "Or": a.logical_or,
    "Sub": lambda x, y: x - y,
    "Sum": lambda x, y: x + y,
    "Xor": a.not_equal,
}

# With attributes: name → (defaults in the order of the function's parameters, function).
WITH_ATTRIBUTES: Mapping[str, tuple[dict[str, float], Callable[..., Value]]] = {
    "Celu": ({"alpha": 1.0}, lambda x, alpha: a.relu(x) + alpha * expm1(a.minimum(x, 0.0) / alpha)),
    "Elu": ({"alpha": 1.0}, lambda x, alpha: a.relu(x) + alpha * expm1(a.minimum(x, 0.0))),
    "HardSigmoid": ({"alpha": 0.2, "beta": 0.5}, lambda x, alpha, beta: a.clip(alpha * x + beta, 0.0, 1.0)),
    "LeakyRelu": ({"alpha": 0.01}, lambda x, alpha: x.builder.unary("LEAKY_RELU", x, alpha=alpha)),
    "Selu": (
        {"alpha": 1.67326319217681884765625, "gamma": 1.05070102214813232421875},
        lambda x, alpha, gamma: gamma * (a.relu(x) + alpha * expm1(a.minimum(x, 0.0))),
    ),
    "Shrink": (
        {"lambd": 0.5, "bias": 0.0},
        lambda x, lambd, bias: a.select(
            a.less(x, -lambd), x + bias, a.select(a.greater(x, lambd), x - bias, x.builder.constant(0, x.dtype))
        ),
    ),
    "Swish": ({"alpha": 1.0}, lambda x, alpha: x * a.sigmoid(alpha * x)),
    "ThresholdedRelu": (
        {"alpha": 1.0},
        lambda x, alpha: a.select(a.greater(x, alpha), x, x.builder.constant(0, x.dtype)),
    ),
}


@lowers(*UNARY)
def unary(node: Node) -> Value:
    """Apply a function of one operand."""
    return UNARY[node.op](node.x)


@lowers(*BINARY)
def binary(node: Node) -> Value:
    """Apply a function of two operands; the n-ary ones fold from the left."""
    if node.version < 7 and node.attribute("broadcast", 0):
        raise node.refuse(f"opset {node.version} broadcasts by an axis", "convert it with onnx.version_converter to 13")
    values = [value for value in node.inputs if value is not None]
    return functools.reduce(BINARY[node.op], values)


@lowers(*WITH_ATTRIBUTES)
def with_attributes(node: Node) -> Value:
    """Apply a function of one operand and some attributes."""
    defaults, function = WITH_ATTRIBUTES[node.op]
    return function(node.x, *(float(node.attribute(name, default)) for name, default in defaults.items()))


@lowers("PRelu")
def prelu(node: Node) -> Value:
    """Multiply what is negative by a slope; before opset 7 a vector of slopes is one a channel."""
    x, slope = node.x, node[1]
    if node.version < 7 and slope.rank == 1:
        slope = unsqueeze(slope, range(1, x.rank - 1))
    return node.builder.binary("PRELU", x, slope)


@lowers("Gelu")
def gelu(node: Node) -> Value:
    """Return x · Φ(x), or its approximation by tanh if the model asks for that."""
    return node.builder.unary("GELU", node.x, approximate=node.attribute("approximate", "none") == "tanh")


@lowers("Gelu", "FastGelu", "BiasGelu", domain="com.microsoft")
def fused_gelu(node: Node) -> Value:
    """Add an optional bias, then apply Gelu: forms that ONNX Runtime's optimiser writes."""
    x = node.x if node.get(1) is None else node.x + node[1]
    return node.builder.unary("GELU", x, approximate=node.op == "FastGelu")


@lowers("Mean")
def mean(node: Node) -> Value:
    """Average the operands."""
    values = [value for value in node.inputs if value is not None]
    return functools.reduce(lambda x, y: x + y, values) / float(len(values))


@lowers("Clip")
def clip(node: Node) -> Value:
    """Limit to min..max, which are inputs from opset 11 and attributes before."""
    low, high = (
        node.get(i) or (node.builder.constant(node.attribute(name), node.x.dtype) if name in node.attributes else None)
        for i, name in ((1, "min"), (2, "max"))
    )
    constants = tuple(None if v is None or v.data is None else float(v.data) for v in (low, high))
    if constants in CLIPS and node.x.dtype == a.FLOAT32:
        return node.builder.unary(CLIPS[constants], node.x)
    y = node.x if low is None else a.maximum(node.x, low)
    return y if high is None else a.minimum(y, high)


CLIPS = {(0.0, 6.0): "RELU6", (-1.0, 1.0): "RELU_N1_TO_1"}


@lowers("Where")
def where(node: Node) -> Value:
    """Choose x where the condition holds, y elsewhere."""
    return a.select(node.x, node[1], node[2])


@lowers("IsInf")
def is_inf(node: Node) -> Value:
    """Tell infinities, of both signs or one."""
    positive, negative = (bool(node.attribute(f"detect_{sign}", 1)) for sign in ("positive", "negative"))
    if not positive and not negative:
        return a.logical_and(a.equal(node.x, 0), a.not_equal(node.x, 0))
    if positive and negative:
        return a.equal(a.abs_(node.x), math.inf)
    return a.equal(node.x, math.inf if positive else -math.inf)


@lowers("Pow")
def power(node: Node) -> Value:
    """Raise x to the power y in the type of x; an exponent of another type is converted."""
    x, y = node.x, node[1]
    exponent = None if y.data is None or y.data.size != 1 or y.rank > x.rank else float(y.data.reshape(()))
    if exponent in POWERS:
        return POWERS[exponent](x)
    if x.dtype.kind == y.dtype.kind == "i" and y.data is not None and (y.data < 0).any():
        raise node.refuse("whole numbers have no negative powers in the target", "compute it in float32")
    if np.issubdtype(x.dtype, np.integer) and y.dtype.kind == "f":
        return a.cast(a.power(a.cast(x, y.dtype), y), x.dtype)
    return a.power(x, a.cast(y, x.dtype))


POWERS: Mapping[float | None, Callable[[Value], Value]] = {
    1.0: lambda x: x,
    2.0: lambda x: x * x,
    3.0: lambda x: x * x * x,
    0.5: a.sqrt,
}


@lowers("Mod")
def mod(node: Node) -> Value:
    """Return the remainder with the divisor's sign, or with the dividend's if `fmod`."""
    x, y = node.x, node[1]
    if not node.attribute("fmod", 0):
        return a.floor_mod(x, y)
    size = a.floor_mod(a.maximum(x, -x), a.maximum(y, -y))
    return a.select(a.less(x, 0), -size, size)
