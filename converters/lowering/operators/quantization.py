"""Quantised operators. QuantizeLinear and DequantizeLinear become TFLite's own where it has the type."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx_ir as ir

from converters.edge_graph import Array, DType
from converters.lowering import arithmetic as a
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
    return gather(parameter, node.builder.constant(np.arange(size, dtype=np.int32) // block), axis)


@lowers("DequantizeLinear")
def dequantize(node: Node) -> Value:
    """(x - zero point) · scale."""
    axis = node.axis(1) if node[1].rank and node.x.rank > 1 else 0
    scale, zero = _aligned(node, node[1], axis), node.get(2)
    offset = None if zero is None else _aligned(node, zero, axis)
    if node.x.data is not None and scale.data is not None:
        return _constant(node.x, scale.data, None if offset is None else offset.data)
    native = _native(node, scale, offset, node.x.dtype)
    if native is not None:
        return node.builder.unary("DEQUANTIZE", node.x, dtype=a.FLOAT32, **native)
    shifted = a.cast(node.x, INT32) - (0 if offset is None else a.cast(offset, INT32))
    return a.cast(shifted, a.FLOAT32) * scale


def _constant(x: Value, scale: Array, zero: Array | None) -> Value:
    """Dequantise a constant and remember its scale, so that it can be stored in 8 bits again without loss."""
    assert x.data is not None
    whole = x.data.astype(np.int32) - (0 if zero is None else zero.astype(np.int32))
    real = whole.astype(np.float32) * scale.astype(np.float32)
    full = np.broadcast_to(scale, (*[1] * (whole.ndim - scale.ndim), *scale.shape))
    return replace(x.builder.constant(real), scale=full)


def _native(node: Node, scale: Value, zero: Value | None, dtype: DType) -> dict[str, float | int | str] | None:
    """Return scale and zero point of one tensor as attributes; None if the kernels cannot express them."""
    if scale.data is None or scale.rank or (zero is not None and (zero.data is None or zero.rank)):
        return None
    if dtype.name not in ("int8", "uint8"):
        return None
    return {"scale": float(scale.data), "zero_point": 0 if zero is None or zero.data is None else int(zero.data)}


@lowers("QuantizeLinear")
def quantize(node: Node) -> Value:
    """saturate(round(x / scale) + zero point), halves to even."""
    axis = node.axis(1) if node[1].rank and node.x.rank > 1 else 0
    scale, zero = _aligned(node, node[1], axis), node.get(2)
    dtype = np.dtype(np.uint8) if zero is None else zero.dtype
    if node.attribute("output_dtype", 0):
        dtype = np.dtype(ir.DataType(node.attribute("output_dtype")).numpy())
    offset = None if zero is None else _aligned(node, zero, axis)
    native = _native(node, scale, offset, dtype)
    if native is not None and node.x.dtype == a.FLOAT32 and node.builder.target.has("QUANTIZE"):
        return node.builder.unary("QUANTIZE", node.x, dtype=dtype, **native)
    return saturate(a.cast(node.x, a.FLOAT32) / scale, offset, dtype)


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
    zero = a.clip(a.round_(-low / scale), 0.0, 255.0)
    return [saturate(x / scale, zero, np.dtype(np.uint8)), scale, a.cast(zero, np.dtype(np.uint8))]


@lowers("QLinearMatMul")
def quantized_matmul(node: Node) -> Value:
    """Matrix product of quantised operands, quantised again."""
    x, y = (centred(node, node[i], _zero(node, i + 2, node[i].rank, last=i == 3)) for i in (0, 3))
    product = a.cast(matmul(x, y), a.FLOAT32)
    scales = a.cast(_scale(node, 1, x.rank, last=False), a.FLOAT32) * _scale(node, 4, y.rank, last=True)
    return saturate(product * (scales / _scale(node, 6, 2, last=False)), node[7], node[7].dtype)


def _scale(node: Node, index: int, rank: int, *, last: bool) -> Value:
    value = a.cast(node[index], a.FLOAT32)
    if value.rank != 1 or value.shape == (1,):
        return reshape(value, []) if value.rank <= 1 else value
    return value if last else reshape(value, [-1, 1])


def _zero(node: Node, index: int, rank: int, *, last: bool) -> Value:
    value = node[index]
    if value.rank != 1 or value.shape == (1,):
        return reshape(value, []) if value.rank <= 1 else value
    return value if last else reshape(value, [-1, 1])


@lowers("QLinearConv")
def quantized_convolution(node: Node) -> Value:
    """Convolution of quantised operands, quantised again: x, its scale, zero; w, its scale, zero; y's scale, zero; bias."""
    column = [-1] + [1] * (node[3].rank - 1)
    x = a.cast(centred(node, node.x, reshape(node[2], [])), a.FLOAT32) * reshape(node[1], [])
    w_zero, w_scale = (reshape(node[i], []) if node[i].shape in ((), (1,)) else reshape(node[i], column) for i in (5, 4))
    w = a.cast(centred(node, node[3], w_zero), a.FLOAT32) * w_scale
    bias = node.get(8)
    real = None if bias is None else a.cast(bias, a.FLOAT32) * (reshape(node[1], []) * node[4])
    y = convolve(node, x, w, real)
    return saturate(y / reshape(node[6], []), reshape(node[7], []), node[7].dtype)
