"""Arithmetic that ONNX says with several operators.

What whole numbers give is what the TF.js runtime computes: their quotient is rounded down, also by `RealDiv`.
"""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from converters.importing.tfjs.node import Node, Read

WHOLE = {ir.DataType.INT32, ir.DataType.INT64}


def divide(node: Node) -> ir.Value:
    """Divide x by y."""
    return floor_divide(node) if node[0].dtype in WHOLE else node.net.add("Div", [node[0], node[1]])


def floor_divide(node: Node) -> ir.Value:
    """Divide and round down: the multiple of y that is nearest below x, over y."""
    net, (x, y) = node.net, node.inputs[:2]
    if x.dtype not in WHOLE:
        return net.add("Floor", [net.add("Div", [x, y])])
    return net.add("Div", [net.add("Sub", [x, net.add("Mod", [x, y])]), y])


def floor_modulo(node: Node) -> ir.Value:
    """Return what floor division leaves, with the sign of y."""
    net, (x, y) = node.net, node.inputs[:2]
    if x.dtype in WHOLE:
        return net.add("Mod", [x, y])
    return net.add("Sub", [x, net.add("Mul", [y, net.add("Floor", [net.add("Div", [x, y])])])])


def square(node: Node) -> ir.Value:
    """Multiply x by itself."""
    return node.net.add("Mul", [node[0], node[0]])


def squared_difference(node: Node) -> ir.Value:
    """Square x - y."""
    difference = node.net.add("Sub", [node[0], node[1]])
    return node.net.add("Mul", [difference, difference])


def reciprocal_root(node: Node) -> ir.Value:
    """Return 1 / √x."""
    return node.net.add("Reciprocal", [node.net.add("Sqrt", [node[0]])])


def log1p(node: Node) -> ir.Value:
    """Return log(1 + x)."""
    return node.net.add("Log", [node.net.add("Add", [node[0], node.net.like(1, node[0])])])


def expm1(node: Node) -> ir.Value:
    """Return exp(x) - 1."""
    return node.net.add("Sub", [node.net.add("Exp", [node[0]]), node.net.like(1, node[0])])


def relu6(node: Node) -> ir.Value:
    """Limit to 0..6."""
    return node.net.add("Clip", [node[0], node.net.like(0, node[0]), node.net.like(6, node[0])])


def clip(node: Node) -> ir.Value:
    """Limit to what two operands say."""
    low, high = (node.net.reshape(node[i], []) for i in (1, 2))
    return node.net.add("Clip", [node[0], low, high])


def cast(node: Node) -> ir.Value:
    """Convert the type."""
    return node.net.cast(node[0], node.attributes["DstT"])


def atan2(node: Node) -> ir.Value:
    """Return the angle of the point (x, y): atan(y / x), turned by ±π where x is negative.

    0 over 0 is 0, as in the C library for positive zeros.
    """
    net, (y, x) = node.net, node.inputs[:2]
    zero, one, pi = (net.like(number, x) for number in (0, 1, math.pi))
    both_zero = net.add("And", [net.add("Equal", [x, zero]), net.add("Equal", [y, zero])])
    angle = net.add("Atan", [net.add("Div", [y, net.add("Where", [both_zero, one, x])])])
    turn = net.add("Where", [net.add("Less", [y, zero]), net.add("Neg", [pi]), pi])
    return net.add("Where", [net.add("Less", [x, zero]), net.add("Add", [angle, turn]), angle])


def bias_add(node: Node) -> ir.Value:
    """Add a number for each channel."""
    net, (x, bias) = node.net, node.inputs[:2]
    rank = net.rank(x)
    if node.attribute("data_format", "NHWC").startswith("NC") and rank > 2:
        bias = net.reshape(bias, [-1, *[1] * (rank - 2)])
    return net.add("Add", [x, bias])


def filled_like(number: int) -> Read:
    """Return what makes a tensor of one number in the shape of another."""

    def fill(node: Node) -> ir.Value:
        like = ir.tensor(np.array([number], (node[0].dtype or ir.DataType.FLOAT).numpy()))
        return node.net.add("ConstantOfShape", [node.net.shape(node[0])], value=ir.to_proto(like))

    return fill


def not_equal(node: Node) -> ir.Value:
    """Tell where x and y differ."""
    return node.net.add("Not", [node.net.add("Equal", [node[0], node[1]])])
