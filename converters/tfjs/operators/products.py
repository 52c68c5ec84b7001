"""Convolutions, pooling and matrix products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from converters.edge_graph import Op, Tensor
from converters.errors import Refusal
from converters.tfjs.nodes import INT32, Nodes, data_of, operand

FUSED = {"RELU": "Relu", "RELU6": "Relu6"}  # activations that these operators apply by themselves


def conv_2d(w: Nodes, op: Op) -> str:
    """Convolution of `[N, H, W, C]`; the filter `[O, H, W, I]` becomes `[H, W, I, O]`."""
    operands = [w.name(operand(op, 0)), _filter(w, operand(op, 1), (1, 2, 3, 0))]
    return _fused(w, op, "Conv2D", "_FusedConv2D", operands)


def depthwise_conv_2d(w: Nodes, op: Op) -> str:
    """Convolution of each channel by itself; the filter `[1, H, W, C·m]` becomes `[H, W, C, m]`."""
    kernel = operand(op, 1)
    _, height, width, outputs = kernel.shape
    multiplier = op.attributes["depth_multiplier"]
    shape = (height or 0, width or 0, (outputs or 0) // multiplier, multiplier)
    if kernel.data is not None:
        weight = w.constant(data_of(kernel).reshape(shape))
    else:
        weight = w.add("Reshape", [w.name(kernel), w.constant(shape, INT32)])
    operands = [w.name(operand(op, 0)), weight]
    return _fused(w, op, "DepthwiseConv2dNative", "FusedDepthwiseConv2dNative", operands)


def _filter(w: Nodes, kernel: Tensor, order: Sequence[int]) -> str:
    """Return a filter with its axes in another order."""
    if kernel.data is not None:
        return w.constant(data_of(kernel).transpose(order))
    return w.add("Transpose", [w.name(kernel), w.constant(order, INT32)])


def _fused(w: Nodes, op: Op, plain: str, fused: str, operands: list[str]) -> str:
    """Add the convolution, with bias and activation in the same operator where there are any."""
    bias = operand(op, 2)
    activation = FUSED.get(op.attributes["fused_activation_function"])
    options = _window(op, ("stride_{}", "dilation_{}_factor"), ("strides", "dilations"))
    if "explicit_paddings" in op.attributes:
        options |= {"padding": "EXPLICIT", "explicit_paddings": op.attributes["explicit_paddings"]}
    if is_zero(bias) and activation is None:
        return w.add(plain, operands, **options)
    steps = ["BiasAdd", *([activation] if activation else [])]
    return w.add(fused, [*operands, w.name(bias)], **options, num_args=1, fused_ops=steps)


def _window(op: Op, fields: Sequence[str], names: Sequence[str], axes: str = "hw") -> dict[str, Any]:
    """Return attributes such as `strides: [1, h, w, 1]` from fields such as `stride_h` and `stride_w`."""
    window = {
        name: [1, *(op.attributes.get(field.format(axis), 1) for axis in axes), 1]
        for field, name in zip(fields, names, strict=True)
    }
    return {**window, "padding": op.attributes["padding"], "data_format": "NDHWC" if len(axes) == 3 else "NHWC"}


def is_zero(bias: Tensor) -> bool:
    """Tell whether a bias adds nothing."""
    return bias.data is not None and not bias.data.any()


def transpose_conv(w: Nodes, op: Op) -> str:
    """Gradient of a convolution by its input; the filter `[O, H, W, I]` becomes `[H, W, O, I]`."""
    lengths, kernel, x, bias = (operand(op, i) for i in range(4))
    weight = _filter(w, kernel, (1, 2, 0, 3))
    options = _window(op, ("stride_{}", "dilation_{}_factor"), ("strides", "dilations"))
    return _biased(w, w.add("Conv2DBackpropInput", [w.name(lengths), weight, w.name(x)], **options), bias)


def _biased(w: Nodes, name: str, bias: Tensor) -> str:
    return name if is_zero(bias) else w.add("AddV2", [name, w.name(bias)])


def conv_3d(w: Nodes, op: Op) -> str:
    """Convolution of `[N, D, H, W, C]` with a filter `[D, H, W, I, O]`."""
    x, kernel, bias = (operand(op, i) for i in range(3))
    options = _window(op, ("stride_{}", "dilation_{}_factor"), ("strides", "dilations"), "dhw")
    return _biased(w, w.add("Conv3D", [w.name(x), w.name(kernel)], **options), bias)


def conv_3d_transpose(w: Nodes, op: Op) -> str:
    """Gradient of a 3-D convolution, of which TF.js has no operator, as the sum over the filter's depth.

    Each depth of the filter `[D, H, W, O, I]` is a 2-D transposed convolution of all slices at once; its result is
    spread along the depth by the stride, and shifted to where that depth of the filter reaches.
    """
    kernel, x, bias = (operand(op, i) for i in (1, 2, 3))
    batch, depth, height, width, channels = _static(op, x)
    _, new_depth, new_height, new_width, outputs = _static(op, op.outputs[0])
    stride, span = op.attributes.get("stride_d", 1), _static(op, kernel)[0]
    images = w.add("Reshape", [w.name(x), w.constant([batch * depth, height, width, channels], INT32)])
    lengths = w.constant([batch * depth, new_height, new_width, outputs], INT32)
    options = _window(op, ("stride_{}",), ("strides",))
    parts = []
    for k in range(span):
        layer = _layer(w, kernel, k)
        y = w.add("Conv2DBackpropInput", [lengths, layer, images], **options)
        y = w.add("Reshape", [y, w.constant([batch, depth, 1, new_height * new_width * outputs], INT32)])
        spread = w.add("PadV2", [y, w.constant([[0, 0], [0, 0], [0, stride - 1], [0, 0]], INT32), _zero(w)])
        flat = w.add("Reshape", [spread, w.constant([batch, depth * stride, -1], INT32)])
        flat = w.add("Slice", [flat, w.constant([0, 0, 0], INT32), w.constant([-1, depth * stride - stride + 1, -1])])
        after = new_depth - k - (depth - 1) * stride - 1
        parts.append(w.add("PadV2", [flat, w.constant([[0, 0], [k, after], [0, 0]], INT32), _zero(w)]))
    total = w.add("AddN", parts) if span > 1 else parts[0]
    shape = w.constant([batch, new_depth, new_height, new_width, outputs], INT32)
    return _biased(w, w.add("Reshape", [total, shape]), bias)


def _zero(w: Nodes) -> str:
    return w.constant(0, np.float32)


def _static(op: Op, tensor: Tensor) -> list[int]:
    sizes = [size for size in tensor.shape if size is not None]
    if len(sizes) != len(tensor.shape):
        raise Refusal("ConvTranspose", op.where, "its size is known only at run time", "fix the model's input shapes")
    return sizes


def _layer(w: Nodes, kernel: Tensor, depth: int) -> str:
    """Return one depth `[H, W, O, I]` of a filter `[D, H, W, O, I]`."""
    if kernel.data is not None:
        return w.constant(data_of(kernel)[depth])
    begin, size = w.constant([depth, 0, 0, 0, 0], INT32), w.constant([1, -1, -1, -1, -1], INT32)
    return w.add("Reshape", [w.add("Slice", [w.name(kernel), begin, size]), w.constant(kernel.shape[1:], INT32)])


def pool(name: str) -> Callable[[Nodes, Op], str]:
    """Return the emitter of a pooling of `[N, H, W, C]`, in which padding never counts."""

    def emit(w: Nodes, op: Op) -> str:
        kernel = [1, op.attributes["filter_height"], op.attributes["filter_width"], 1]
        return w.add(name, w.operands(op), **_window(op, ("stride_{}",), ("strides",)), ksize=kernel)

    return emit


def fully_connected(w: Nodes, op: Op) -> str:
    """Multiply x `[..., K]` with a filter `[N, K]`, which is written as `[K, N]`.

    The runtime could transpose by itself, but its wasm kernel of the fused form then returns wrong values; and only a
    product of two matrices runs in its fast kernel, so that x is flattened.
    """
    x, kernel, bias = (operand(op, i) for i in range(3))
    activation = FUSED.get(op.attributes["fused_activation_function"])
    shape = [-1 if size is None else size for size in op.outputs[0].shape]
    flatten = len(x.shape) != 2 and shape.count(-1) <= 1
    rows = w.add("Reshape", [w.name(x), w.constant([-1, x.shape[-1] or 0], INT32)]) if flatten else w.name(x)
    operands = [rows, _columns(w, kernel)]
    if is_zero(bias) and activation is None:
        y = w.add("MatMul", operands)
    else:
        steps = ["BiasAdd", *([activation] if activation else [])]
        y = w.add("_FusedMatMul", [*operands, w.name(bias)], num_args=1, fused_ops=steps)
    return w.add("Reshape", [y, w.constant(shape, INT32)]) if flatten else y


def _columns(w: Nodes, kernel: Tensor) -> str:
    """Return a filter `[N, K]` as `[K, N]`; its K may be a view of several axes."""
    if kernel.data is None:
        return w.add("Transpose", [w.name(kernel), w.constant([1, 0], INT32)])
    return w.constant(np.moveaxis(kernel.data, 0, -1), shape=[size or 0 for size in kernel.shape[::-1]])


def batch_matmul(w: Nodes, op: Op) -> str:
    """Matrix products with broadcast batches.

    The runtime broadcasts one operand to the other only, so that where both lack something each is repeated first.
    """
    batch = op.outputs[0].shape[:-2]
    names = w.operands(op)
    if not any(operand(op, i).shape[:-2] == batch for i in range(2)):
        names = [_repeated(w, op, name, operand(op, i)) for i, name in enumerate(names)]
    adj_x, adj_y = (bool(op.attributes.get(name)) for name in ("adj_x", "adj_y"))
    return w.add("BatchMatMulV2", names, adj_x=adj_x, adj_y=adj_y)


def _repeated(w: Nodes, op: Op, name: str, tensor: Tensor) -> str:
    shape = (*op.outputs[0].shape[:-2], *tensor.shape[-2:])
    if None in shape:
        raise Refusal("MatMul", op.where, "both operands have to be repeated", "fix the input shapes of the model")
    return w.add("BroadcastTo", [name, w.constant(shape, INT32)])
