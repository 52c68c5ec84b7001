"""Quantised operators. QuantizeLinear and DequantizeLinear become TFLite's own where it has the type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from converters.edge_graph import Array, DType, Quantization
from converters.lowering import arithmetic as a
from converters.lowering import tables as t
from converters.lowering.node import Node, lowers
from converters.lowering.operators.convolution import convolve
from converters.lowering.operators.matrix import centred
from converters.lowering.products import matmul
from converters.lowering.reshaping import reshape
from converters.lowering.shapes import gather
from converters.lowering.value import Value

INT32 = np.dtype(np.int32)


def _aligned(node: Node, parameter: Value, axis: int) -> Value:
    """Shape a scale or zero point so that it broadcasts against the first operand."""
    if parameter.rank == 0 or parameter.shape == (1,):
        return reshape(parameter, [])
    if parameter.rank == 1:
        return reshape(parameter, [-1] + [1] * (node.x.rank - 1 - axis))
    return _unblocked(node, parameter, axis)


def _unblocked(node: Node, parameter: Value, axis: int) -> Value:
    """Repeat each entry for all that its block holds."""
    size, blocks = node.x.shape[axis], parameter.shape[axis]
    if size is None or blocks is None:
        raise node.refuse("the size of its axis is known only at run time", "fix the input shapes of the model")
    block = int(node.attribute("block_size", 0)) or -(-size // blocks)
    return gather(parameter, node.builder.constant(t.arange(size, dtype=np.int32) // block), axis)


@lowers("DequantizeLinear")
@lowers("DequantizeLinear", domain="com.microsoft")
def dequantize(node: Node) -> Value:
    """Return (x - zero point) · scale."""
    axis = node.axis(1) if node[1].rank and node.x.rank > 1 else 0
    scale, zero = _aligned(node, node[1], axis), node.get(2)
    return real(node.x, scale, None if zero is None else _aligned(node, zero, axis))


def real(x: Value, scale: Value, zero: Value | None) -> Value:
    """Return (x - zero) · scale, where scale and zero point broadcast."""
    if x.data is not None and scale.data is not None and (zero is None or zero.data is not None):
        return _constant(x, scale.data, None if zero is None else zero.data)
    quantization = _native(scale, zero, x.dtype)
    if quantization is not None and x.tensor is not None and _same(x.tensor.quantization or quantization, quantization):
        x.tensor.quantization = quantization
        return x.builder.unary("DEQUANTIZE", x, dtype=a.FLOAT32)
    shifted = a.cast(x, INT32) - (0 if zero is None else a.cast(zero, INT32))
    return a.cast(shifted, a.FLOAT32) * scale


def _same(first: Quantization, second: Quantization) -> bool:
    return np.array_equal(first.scale, second.scale) and np.array_equal(first.zero_point, second.zero_point)


def _constant(x: Value, scale: Array, zero: Array | None) -> Value:
    """Dequantise a constant and remember its scale, so that it can be stored in 8 bits again without loss."""
    whole = x.array.astype(np.int32) - (0 if zero is None else zero.astype(np.int32))
    real = whole.astype(np.float32) * scale.astype(np.float32)
    return replace(x.builder.constant(real), scale=np.broadcast_to(scale, real.shape))


def _native(scale: Value, zero: Value | None, dtype: DType) -> Quantization | None:
    """Return the parameters of a tensor that the target's own operators can hold: 8 bits, one scale."""
    constant = scale.data is not None and (zero is None or zero.data is not None)
    if not constant or scale.rank or dtype.name not in ("int8", "uint8") or not scale.builder.target.has("QUANTIZE"):
        return None
    offset = 0 if zero is None else int(zero.array)
    return Quantization(scale.array.reshape(1).astype(np.float32), np.array([offset], np.int64))


@lowers("QuantizeLinear")
@lowers("QuantizeLinear", domain="com.microsoft")
def quantize(node: Node) -> Value:
    """Return saturate(round(x / scale) + zero point), halves to even."""
    axis = node.axis(1) if node[1].rank and node.x.rank > 1 else 0
    scale, zero = _aligned(node, node[1], axis), node.get(2)
    dtype = np.dtype(np.uint8) if zero is None else zero.dtype
    if node.attribute("output_dtype", 0):
        dtype = np.dtype(ir.DataType(node.attribute("output_dtype")).numpy())
    return stored(node.x, scale, None if zero is None else _aligned(node, zero, axis), dtype)


def stored(x: Value, scale: Value, zero: Value | None, dtype: DType) -> Value:
    """Return saturate(round(x / scale) + zero), where scale and zero point broadcast."""
    quantization = _native(scale, zero, dtype)
    if quantization is None or x.dtype != a.FLOAT32 or x.data is not None:
        return saturate(a.cast(x, a.FLOAT32) / scale, zero, dtype)
    result = x.builder.unary("QUANTIZE", x, dtype=dtype)
    result.stored.quantization = quantization
    return result


def picked(x: Value, pick: Callable[[Value], Value]) -> Value:
    """Apply a function that picks entries, to those of a quantised tensor as real numbers: it has kernels for these."""
    parameters = None if x.tensor is None else x.tensor.quantization
    if parameters is None:
        return pick(x)
    scale, zero = (x.builder.constant(array[0]) for array in (parameters.scale, parameters.zero_point))
    return stored(pick(real(x, scale, zero)), scale, zero, x.dtype)


def saturate(x: Value, zero: Value | None, dtype: DType) -> Value:
    """Round, add the zero point, limit to the type's range and convert."""
    if dtype.name not in ("int8", "uint8", "int16", "uint16"):
        raise x.builder.refuse(f"{dtype.name} has no counterpart", "quantise to 8 or 16 bits")
    limits = np.iinfo(dtype)
    shifted = a.round_(x) if zero is None else a.round_(x) + a.cast(zero, a.FLOAT32)
    return a.cast(a.clip(shifted, float(limits.min), float(limits.max)), dtype)


@lowers("DynamicQuantizeLinear")
def dynamic_quantize(node: Node) -> list[Value]:
    """Quantise to uint8 over the range that the values happen to have."""
    x, dims = node.x, range(node.x.rank)
    high = a.maximum(a.reduce("REDUCE_MAX", x, dims, keepdims=False), 0.0)
    low = a.minimum(a.reduce("REDUCE_MIN", x, dims, keepdims=False), 0.0)
    scale = (high - low) / 255.0
    step = a.select(a.equal(scale, 0.0), 1.0, scale)  # where all is 0, so that nothing is divided by it
    zero = a.clip(a.round_(-low / step), 0.0, 255.0)
    return [saturate(x / step, zero, np.dtype(np.uint8)), scale, a.cast(zero, np.dtype(np.uint8))]


@lowers("QLinearMatMul")
def quantized_matmul(node: Node) -> Value:
    """Multiply quantised matrices (each with scale and zero point) and quantise the product."""
    x_scale, x_zero = (_by_row(node[i]) for i in (1, 2))
    y_scale, y_zero, scale, zero = (_scalar(node[i]) for i in (4, 5, 6, 7))
    if _native(x_scale, x_zero, node.x.dtype) is not None and all(v.data is not None for v in (node[3], y_scale)):
        return stored(matmul(real(node.x, x_scale, x_zero), real(node[3], y_scale, y_zero)), scale, zero, node[7].dtype)
    product = matmul(centred(node.x, x_zero), centred(node[3], y_zero))
    factor = a.cast(x_scale, a.FLOAT32) * a.cast(y_scale, a.FLOAT32) / a.cast(scale, a.FLOAT32)
    return saturate(a.cast(product, a.FLOAT32) * factor, zero, node[7].dtype)


def _scalar(parameter: Value) -> Value:
    """Return a parameter for the whole tensor as a scalar, and one for each column as it is."""
    return reshape(parameter, []) if parameter.shape == (1,) else parameter


def _by_row(parameter: Value) -> Value:
    parameter = _scalar(parameter)
    return reshape(parameter, [-1, 1]) if parameter.rank == 1 else parameter


@lowers("QLinearConv")
def quantized_convolution(node: Node) -> Value:
    """Convolve x with a filter w and quantise: x, its scale, zero; w, its scale, zero; y's scale, zero; bias."""
    x_scale, x_zero, w_scale, w_zero, scale, zero = (_scalar(node[i]) for i in (1, 2, 4, 5, 6, 7))
    bias = None if node.get(8) is None else a.cast(node[8], a.FLOAT32)
    w_zero = _by_filter(w_zero, node[3].rank)
    if _native(x_scale, x_zero, node.x.dtype) is not None and all(v.data is not None for v in (node[3], w_scale)):
        w = real(node[3], _by_filter(w_scale, node[3].rank), w_zero)
        bias = None if bias is None else bias * (w_scale * x_scale)
        return stored(convolve(node, real(node.x, x_scale, x_zero), w, bias), scale, zero, node[7].dtype)
    x = a.cast(centred(node.x, x_zero), a.FLOAT32)
    y = convolve(node, x, a.cast(centred(node[3], w_zero), a.FLOAT32), bias)
    return saturate(y * (_by_filter(w_scale, node[3].rank - 1) * x_scale / scale), zero, node[7].dtype)


def _by_filter(parameter: Value, rank: int) -> Value:
    """Shape one number a filter so that it stands at the first of `rank` axes."""
    return parameter if parameter.rank == 0 else reshape(parameter, [-1] + [1] * (rank - 1))
