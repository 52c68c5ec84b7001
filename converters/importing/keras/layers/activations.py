"""Activations by their Keras names, and layers that are activations.

Source: `keras/src/activations/activations.py`; the slope of `hard_sigmoid` changed from 0.2 to 1/6 in Keras 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import onnx_ir as ir

from converters.importing.keras.layer import Build, Layer
from converters.importing.net import Net

Apply = Callable[[Net, ir.Value], ir.Value]


def _operator(op: str, **attributes: Any) -> Apply:
    return lambda net, x: net.add(op, [x], **attributes)


def _gelu(net: Net, x: ir.Value) -> ir.Value:
    scaled = net.add("Mul", [x, net.like(math.sqrt(0.5), x)])
    curve = net.add("Add", [net.add("Erf", [scaled]), net.like(1, x)])
    return net.add("Mul", [net.add("Mul", [x, net.like(0.5, x)]), curve])


def _relu6(net: Net, x: ir.Value) -> ir.Value:
    return net.add("Clip", [x, net.like(0, x), net.like(6, x)])


def _silu(net: Net, x: ir.Value) -> ir.Value:
    return net.add("Mul", [x, net.add("Sigmoid", [x])])


def _mish(net: Net, x: ir.Value) -> ir.Value:
    return net.add("Mul", [x, net.add("Tanh", [net.add("Softplus", [x])])])


ACTIVATIONS: Mapping[str, Apply] = {
    "elu": _operator("Elu"),
    "exponential": _operator("Exp"),
    "gelu": _gelu,
    "hard_silu": _operator("HardSwish"),
    "hard_swish": _operator("HardSwish"),
    "leaky_relu": _operator("LeakyRelu", alpha=0.2),
    "linear": lambda _, x: x,
    "log_softmax": _operator("LogSoftmax", axis=-1),
    "mish": _mish,
    "relu": _operator("Relu"),
    "relu6": _relu6,
    "selu": _operator("Selu"),
    "sigmoid": _operator("Sigmoid"),
    "silu": _silu,
    "softmax": _operator("Softmax", axis=-1),
    "softplus": _operator("Softplus"),
    "softsign": _operator("Softsign"),
    "swish": _silu,
    "tanh": _operator("Tanh"),
}


def hard_sigmoid_slope(layer: Layer) -> float:
    """Return the slope of `hard_sigmoid` in the Keras that wrote the file."""
    return 1 / 6 if layer.version >= 3 else 0.2


def activate(layer: Layer, x: ir.Value, key: str = "activation") -> ir.Value:
    """Apply the activation that a layer's configuration names; none is linear."""
    name = name_of(layer, key)
    if name == "hard_sigmoid":
        return layer.net.add("HardSigmoid", [x], alpha=hard_sigmoid_slope(layer), beta=0.5)
    if name not in ACTIVATIONS:
        near = get_close_matches(name, ACTIVATIONS, 1)
        hint = f"; {near[0]!r} is known" if near else ""
        raise layer.net.refuse(f"its activation {name!r} has no counterpart here{hint}", "use a standard activation")
    return ACTIVATIONS[name](layer.net, x)


def name_of(layer: Layer, key: str) -> str:
    """Return the name of a configured activation, which Keras writes as a text or as an object."""
    value = layer.option(key, "linear")
    if isinstance(value, dict):
        value = value["config"] if isinstance(value.get("config"), str) else value["class_name"]
    return str(value)


# ---- layers


def activation(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
    """Apply an activation."""
    return activate(layer, layer.only(inputs))


def relu(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
    """Apply max(x, 0), limited to a greatest value, with a slope below 0."""
    net, x = layer.net, layer.only(inputs)
    if layer.option("threshold", 0):
        raise net.refuse(f"its threshold is {layer.config['threshold']}", "use a ReLU whose threshold is 0")
    slope, most = float(layer.option("negative_slope", 0)), layer.config.get("max_value")
    if slope:
        y = net.add("LeakyRelu", [x], alpha=slope)
        return y if most is None else net.add("Min", [y, net.like(float(most), x)])
    return net.add("Relu", [x]) if most is None else net.add("Clip", [x, net.like(0, x), net.like(float(most), x)])


def leaky_relu(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
    """Multiply what is negative by a slope, which Keras 2 calls alpha."""
    slope = layer.option("negative_slope", layer.option("alpha", 0.3))
    return layer.net.add("LeakyRelu", [layer.only(inputs)], alpha=float(slope))


def prelu(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
    """Multiply what is negative by learnt slopes `[...]` of the shape of x without its batch."""
    return layer.net.add("PRelu", [layer.only(inputs), *layer.constants("alpha")])


def elu(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
    """Bend what is negative towards -alpha."""
    return layer.net.add("Elu", [layer.only(inputs)], alpha=float(layer.option("alpha", 1.0)))


def softmax(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
    """Exponentials over their sum along one axis."""
    axis = layer.option("axis", -1)
    if isinstance(axis, list) and len(axis) != 1:
        raise layer.net.refuse(f"its axes are {axis}", "use a softmax along one axis")
    return layer.net.add("Softmax", [layer.only(inputs)], axis=int(axis[0] if isinstance(axis, list) else axis))


def thresholded_relu(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
    """Keep what is above a threshold."""
    return layer.net.add("ThresholdedRelu", [layer.only(inputs)], alpha=float(layer.option("theta", 1.0)))


LAYERS: Mapping[str, Build] = {
    "Activation": activation,
    "ELU": elu,
    "LeakyReLU": leaky_relu,
    "PReLU": prelu,
    "ReLU": relu,
    "Softmax": softmax,
    "ThresholdedReLU": thresholded_relu,
}
