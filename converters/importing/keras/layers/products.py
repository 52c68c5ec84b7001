"""Convolutions, dense layers, embeddings and normalisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx_ir as ir

from converters.importing import images
from converters.importing.images import Window
from converters.importing.keras.layer import Build, Layer
from converters.importing.keras.layers.activations import activate

EPSILON = np.float32(1e-7)  # Keras' own: below it, a deviation counts as this


def _window(layer: Layer, grid: int) -> Window:
    strides, dilations = (layer.numbers(name, grid) for name in ("strides", "dilation_rate"))
    padding = str(layer.option("padding", "valid")).upper()
    if padding == "CAUSAL" and grid == 1:
        (size,) = layer.numbers("kernel_size", 1)
        return Window(strides, "EXPLICIT", dilations, [(size - 1) * dilations[0], 0])
    return Window(strides, padding, dilations)


def _biased(layer: Layer, *names: str) -> tuple[list[ir.Value], ir.Value | None]:
    """Return the weights of these names, and the bias if the layer has one."""
    if layer.option("use_bias", True):
        *weights, bias = layer.constants(*names, "bias")
        return weights, bias
    return layer.constants(*names), None


def convolution(grid: int) -> Build:
    """Return Conv1D, Conv2D or Conv3D: a filter `[*grid, C / groups, O]`."""

    def build(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
        (kernel,), bias = _biased(layer, "kernel")
        y = images.convolve(layer.net, layer.only(inputs), kernel, bias, _window(layer, grid), layer.is_last)
        return activate(layer, y)

    return build


def depthwise(grid: int) -> Build:
    """Return DepthwiseConv1D or DepthwiseConv2D: a filter `[*grid, C, m]`."""

    def build(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
        (kernel,), bias = _biased(layer, "depthwise_kernel")
        y = images.convolve_depthwise(layer.net, layer.only(inputs), kernel, bias, _window(layer, grid), layer.is_last)
        return activate(layer, y)

    return build


def separable(grid: int) -> Build:
    """Return SeparableConv1D or SeparableConv2D: a depthwise convolution, then one over single pixels."""

    def build(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
        (deep, wide), bias = _biased(layer, "depthwise_kernel", "pointwise_kernel")
        net, x = layer.net, layer.only(inputs)
        middle = images.convolve_depthwise(net, x, deep, None, _window(layer, grid), layer.is_last)
        return activate(layer, images.convolve(net, middle, wide, bias, Window([1] * grid), layer.is_last))

    return build


def transposed(grid: int) -> Build:
    """Return Conv1DTranspose, Conv2DTranspose or Conv3DTranspose: a filter `[*grid, O, C]`."""

    def build(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
        (kernel,), bias = _biased(layer, "kernel")
        net, x, window = layer.net, layer.only(inputs), _window(layer, grid)
        sizes = _stated_sizes(layer, x, window) if layer.config.get("output_padding") is not None else ()
        return activate(layer, images.convolve_transposed(net, x, kernel, bias, window, layer.is_last, sizes))

    return build


def _stated_sizes(layer: Layer, x: ir.Value, window: Window) -> list[int]:
    """Return the result's sizes where `output_padding` is given; source: `compute_conv_transpose_output_length`."""
    grid = len(window.strides)
    lengths = layer.net.fixed(images.channels_second(layer.net, x, layer.is_last))[2:]
    rows = zip(lengths, window.strides, window.dilations, layer.numbers("kernel_size", grid),
               layer.numbers("output_padding", grid), strict=True)  # fmt: skip
    same = window.padding == "SAME"
    spans = ((length, stride, (size - 1) * gap + 1, added) for length, stride, gap, size, added in rows)
    return [(length - 1) * stride + span - same * 2 * (span // 2) + added for length, stride, span, added in spans]


def dense(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
    """Multiply the last axis with a matrix `[C, units]`."""
    (kernel,), bias = _biased(layer, "kernel")
    y = layer.net.add("MatMul", [layer.only(inputs), kernel])
    return activate(layer, y if bias is None else layer.net.add("Add", [y, bias]))


def embedding(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
    """Look up a row of a table `[input_dim, output_dim]` for each whole number."""
    if layer.option("mask_zero", False):
        raise layer.net.refuse("later layers leave out where its input is 0", "use an Embedding without mask_zero")
    (table,) = layer.constants("embeddings")
    return layer.net.add("Gather", [table, layer.net.cast(layer.only(inputs), ir.DataType.INT32)], axis=0)


def batch_normalization(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
    """Normalise each channel by the statistics of training."""
    net, x = layer.net, layer.only(inputs)
    axis = _one_axis(layer, x)
    if axis not in (1, net.rank(x) - 1):
        raise net.refuse(f"it normalises axis {axis} of rank {net.rank(x)}", "normalise the second or the last axis")
    offered = [name for name, flag in (("gamma", "scale"), ("beta", "center")) if layer.option(flag, True)]
    found = dict(zip([*offered, "mean", "variance"], layer.constants(*offered, "mean", "variance"), strict=True))
    size = net.fixed(found["mean"])[0]
    gamma, beta = (found.get(name) or net.constant(np.full(size, number, np.float32))
                   for name, number in (("gamma", 1), ("beta", 0)))  # fmt: skip
    statistics = [gamma, beta, found["mean"], found["variance"]]
    return images.normalise(net, x, statistics, float(layer.option("epsilon", 1e-3)), axis != 1)


def _one_axis(layer: Layer, x: ir.Value) -> int:
    axis = layer.option("axis", -1)
    axes = [int(a) % layer.net.rank(x) for a in (axis if isinstance(axis, list) else [axis])]
    if len(axes) != 1:
        raise layer.net.refuse(f"it works along the axes {axes} together", "use one axis")
    return axes[0]


def layer_normalization(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
    """Normalise along the last axis."""
    net, x = layer.net, layer.only(inputs)
    if _one_axis(layer, x) != net.rank(x) - 1 or not layer.option("scale", True):
        raise net.refuse(
            "it works along another axis than the last, or has no scale", "use the last axis, with a scale"
        )
    names = ["gamma", *(["beta"] if layer.option("center", True) else [])]
    return net.add(
        "LayerNormalization", [x, *layer.constants(*names)], axis=-1, epsilon=float(layer.option("epsilon", 1e-3))
    )


def normalization(layer: Layer, inputs: Sequence[ir.Value]) -> ir.Value:
    """Subtract a mean and divide by a deviation, of each channel or of all; a third weight counts what was seen."""
    net, x = layer.net, layer.only(inputs)
    if layer.config.get("axis") is not None and _one_axis(layer, x) != net.rank(x) - 1:
        raise net.refuse("it works along another axis than the last", "normalise the last axis")
    if layer.option("invert", False):
        raise net.refuse("it undoes a normalisation", "use a Rescaling")
    stated = [layer.config.get(name) for name in ("mean", "variance")]
    mean, variance = (np.asarray(array, np.float32) for array in (layer.weights[:2] if None in stated else stated))
    with np.errstate(invalid="ignore"):  # of a variance below 0, Keras makes NaN too
        deviation = np.maximum(np.sqrt(variance), EPSILON).reshape(-1)
    centred = net.add("Sub", [net.cast(x, ir.DataType.FLOAT), net.constant(mean.reshape(-1))])
    return net.add("Div", [centred, net.constant(deviation)])


LAYERS: Mapping[str, Build] = {
    "BatchNormalization": batch_normalization,
    "Conv1D": convolution(1),
    "Conv1DTranspose": transposed(1),
    "Conv2D": convolution(2),
    "Conv2DTranspose": transposed(2),
    "Conv3D": convolution(3),
    "Conv3DTranspose": transposed(3),
    "Dense": dense,
    "DepthwiseConv1D": depthwise(1),
    "DepthwiseConv2D": depthwise(2),
    "Embedding": embedding,
    "LayerNormalization": layer_normalization,
    "Normalization": normalization,
    "SeparableConv1D": separable(1),
    "SeparableConv2D": separable(2),
}
