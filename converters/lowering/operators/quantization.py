"""Quantised operators. QuantizeLinear and DequantizeLinear become TFLite's own where it has the type."""

from __future__ import annotations

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
    offset = None if zero is None else _aligned(node, zero, axis)
    if node.x.data is not None and scale.data is not None and (offset is None or offset.data is not None):
        return _constant(node.x, scale.data, None if offset is None else offset.data)
    quantization = _native(node, scale, offset, node.x.dtype)
    tensor = node.x.tensor
    if quantization is not None and tensor is not None and _same(tensor.quantization or quantization, quantization):
        tensor.quantization = quantization
        return node.builder.unary("DEQUANTIZE", node.x, dtype=a.FLOAT32)
    shifted = a.cast(node.x, INT32) - (0 if offset is None else a.cast(offset, INT32))
    return a.cast(shifted, a.FLOAT32) * scale


def _same(first: Quantization, second: Quantization) -> bool:
    return np.array_equal(first.scale, second.scale) and np.array_equal(first.zero_point, second.zero_point)


def _constant(x: Value, scale: Array, zero: Array | None) -> Value:
    """Dequantise a constant and remember its scale, so that it can be stored in 8 bits again without loss."""
    whole = x.array.astype(np.int32) - (0 if zero is None else zero.astype(np.int32))
    real = whole.astype(np.float32) * scale.astype(np.float32)
    return replace(x.builder.constant(real), scale=np.broadcast_to(scale, real.shape))


def _native(node: Node, scale: Value, zero: Value | None, dtype: DType) -> Quantization | None:
    """Return the parameters of a tensor that the target's own operators can hold: 8 bits, one scale."""
    constant = scale.data is not None and (zero is None or zero.data is not None)
    if not constant or scale.rank or dtype.name not in ("int8", "uint8") or not node.builder.target.has("QUANTIZE"):
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
    offset = None if zero is None else _aligned(node, zero, axis)
    quantization = _native(node, scale, offset, dtype)
    if quantization is None or node.x.dtype != a.FLOAT32 or node.x.data is not None:
        return saturate(a.cast(node.x, a.FLOAT32) / scale, offset, dtype)
    result = node.builder.unary("QUANTIZE", node.x, dtype=dtype)
    result.stored.quantization = quantization
    return result


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
    x = a.cast(centred(node.x, x_zero), a.FLOAT32)
    w = a.cast(centred(node[3], _by_filter(w_zero, node[3].rank)), a.FLOAT32)
    bias = node.get(8)
    y = convolve(node, x, w, None if bias is None else a.cast(bias, a.FLOAT32))
    return saturate(y * (_by_filter(w_scale, node[3].rank - 1) * x_scale / scale), zero, node[7].dtype)


def _by_filter(parameter: Value, rank: int) -> Value:
    """Shape one number a filter so that it stands at the first of `rank` axes."""
    return parameter if parameter.rank == 0 else reshape(parameter, [-1] + [1] * (rank - 1))
