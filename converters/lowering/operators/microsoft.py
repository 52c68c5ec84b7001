"""Operators of ONNX Runtime's own domain that its quantiser and optimiser write.

Source: onnxruntime, docs/ContribOperators.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from converters.lowering import arithmetic as a
from converters.lowering.node import LOWERINGS, Node, lowers
from converters.lowering.operators.quantization import INT32, dynamic_quantize, real, stored
from converters.lowering.products import matmul
from converters.lowering.reshaping import reshape
from converters.lowering.shapes import concat, swap_last
from converters.lowering.value import Value

DOMAIN = "com.microsoft"


def _real(node: Node, place: int) -> Value:
    """Return the operand at a place, whose scale and zero point follow it, as real numbers."""
    x, scale, zero = node[place], node[place + 1], node.get(place + 2)
    return real(x, _scalar(scale), None if zero is None else _scalar(zero))


def _scalar(parameter: Value) -> Value:
    return reshape(parameter, []) if parameter.shape == (1,) else parameter


def _stored(node: Node, y: Value, place: int, like: Value) -> Value:
    """Quantise a result by the scale and zero point at a place; without a zero point to the type of `like`."""
    zero = node.get(place + 1)
    dtype = like.dtype if zero is None else zero.dtype
    return stored(y, _scalar(node[place]), None if zero is None else _scalar(zero), dtype)


BINARY: Mapping[str, Callable[[Value, Value], Value]] = {
    "QLinearAdd": lambda x, y: x + y,
    "QLinearMul": lambda x, y: x * y,
}
# Operators of one operand → the standard operator that they are in 8 bits.
UNARY: Mapping[str, str] = {
    "QLinearAveragePool": "AveragePool",
    "QLinearGlobalAveragePool": "GlobalAveragePool",
    "QLinearLeakyRelu": "LeakyRelu",
    "QLinearSigmoid": "Sigmoid",
    "QLinearSoftmax": "Softmax",
}


@lowers(*BINARY, domain=DOMAIN)
def binary(node: Node) -> Value:
    """Add or multiply two quantised operands."""
    return _stored(node, BINARY[node.op](_real(node, 0), _real(node, 3)), 6, node.x)


@lowers(*UNARY, domain=DOMAIN)
def unary(node: Node) -> Value:
    """Apply a standard operator to a quantised operand."""
    if node.attribute("channels_last", 0):
        raise node.refuse("its channels are last, as no standard operator has them", "quantise with channels first")
    version = int(node.attribute("opset", 13))
    plain = replace(node, op=UNARY[node.op], domain="", version=version, inputs=[_real(node, 0)])
    result = LOWERINGS["", plain.op](plain)
    return _stored(node, result if isinstance(result, Value) else result[0], 3, node.x)


@lowers("QLinearConcat", domain=DOMAIN)
def quantized_concat(node: Node) -> Value:
    """Join quantised operands: the result's scale and zero point come first."""
    parts = [_real(node, place) for place in range(2, len(node.inputs), 3)]
    return _stored(node, concat(parts, int(node.attribute("axis", 0))), 0, node[2])


@lowers("QGemm", domain=DOMAIN)
def quantized_gemm(node: Node) -> Value:
    """Return alpha · A' B' + C of quantised operands; C is int32 in the scale of the product."""
    x, y = _real(node, 0), _real(node, 3)
    x = swap_last(x) if node.attribute("transA", 0) else x
    y = swap_last(y) if node.attribute("transB", 0) else y
    product = matmul(x, y)
    bias = node.get(6)
    if bias is not None:
        product = product + a.cast(bias, a.FLOAT32) * (_scalar(node[1]) * _scalar(node[4]))
    alpha = float(node.attribute("alpha", 1.0))
    product = product if alpha == 1.0 else product * alpha
    return product if node.get(7) is None else _stored(node, product, 7, node.x)


@lowers("MatMulIntegerToFloat", domain=DOMAIN)
def scaled_matmul(node: Node) -> Value:
    """Multiply quantised matrices, giving real numbers: A, B, their scales, their zero points, bias."""
    return _scaled(node, node.x, node[2], node.get(4), (3, 5), 6)


@lowers("DynamicQuantizeMatMul", domain=DOMAIN)
def dynamic_matmul(node: Node) -> Value:
    """Quantise the first matrix over the range that it has, then multiply: A, B, B's scale, zero point, bias."""
    x, scale, zero = dynamic_quantize(node)
    return _scaled(node, x, scale, zero, (2, 3), 4)


def _scaled(node: Node, x: Value, scale: Value, zero: Value | None, right: tuple[int, int], bias: int) -> Value:
    x_int, y_int = a.cast(x, INT32), a.cast(node[1], INT32)
    x_int = x_int if zero is None else x_int - a.cast(_scalar(zero), INT32)
    y_zero = node.get(right[1])
    y_int = y_int if y_zero is None else y_int - a.cast(_scalar(y_zero), INT32)
    product = matmul(a.cast(x_int, a.FLOAT32) * _scalar(scale), a.cast(y_int, a.FLOAT32) * _scalar(node[right[0]]))
    added = node.get(bias)
    return product if added is None else product + added


@lowers("FusedMatMul", domain=DOMAIN)
def fused_matmul(node: Node) -> Value:
    """Multiply matrices, transposed and scaled as the attributes say."""
    if node.attribute("transBatchA", 0) or node.attribute("transBatchB", 0):
        raise node.refuse("it transposes the batch", "export the model without ONNX Runtime's optimiser")
    x = swap_last(node.x) if node.attribute("transA", 0) else node.x
    y = swap_last(node[1]) if node.attribute("transB", 0) else node[1]
    return matmul(x, y) * float(node.attribute("alpha", 1.0))
