"""Operators on images `[N, H, W, C]`, or `[N, D, H, W, C]`: in ONNX their channels come second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir

from converters.edge_graph import Quantization
from converters.errors import MalformedModel
from converters.importing.tflite.held import Held, Laid, is_quantized
from converters.importing.tflite.node import Node, imports

FILTERS = {"CONV_2D": [0, 3, 1, 2], "DEPTHWISE_CONV_2D": [3, 0, 1, 2], "CONV_3D": [4, 3, 0, 1, 2]}
TRANSPOSED = ("TRANSPOSE_CONV", "CONV_3D_TRANSPOSE")


def _padding(node: Node, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]) -> dict[str, Any]:
    """Return what pads as the file says: SAME puts an odd entry at the end.

    onnxruntime knows SAME neither for dilated windows nor for those smaller than their steps: there it is spelled out.
    """
    if node.attribute("padding", "SAME") == "VALID":
        return {"auto_pad": "VALID"}
    if max(dilations) == 1 and all(size >= stride for size, stride in zip(kernel, strides, strict=True)):
        return {"auto_pad": "SAME_UPPER"}
    spans = [(size - 1) * dilation + 1 for size, dilation in zip(kernel, dilations, strict=True)]
    rows = zip(node.shape(0)[1:-1], spans, strides, strict=True)
    totals = [_same_total(node, size, span, stride) for size, span, stride in rows]
    return {"pads": [total // 2 for total in totals] + [total - total // 2 for total in totals]}


def _same_total(node: Node, size: int | None, span: int, stride: int) -> int:
    """Return by how much SAME pads an axis."""
    if stride == 1 or span == 1:
        return span - 1
    if size is None:
        raise node.refuse("how it pads depends on a size known only at run time", "fix the input shapes")
    return max((-(-size // stride) - 1) * stride + span - size, 0)


def _steps(node: Node, rank: int) -> dict[str, Any]:
    """Return strides and dilations."""
    axes = "dhw"[-(rank - 2) :]
    return {
        "strides": [int(node.attribute(f"stride_{axis}", 1)) or 1 for axis in axes],
        "dilations": [int(node.attribute(f"dilation_{axis}_factor", 1)) or 1 for axis in axes],
    }


@imports(*FILTERS)
def convolution(node: Node) -> Laid:
    """Apply a filter `[O, H, W, I]`, depthwise `[1, H, W, O]`, of volumes `[D, H, W, I, O]`; and a bias or none."""
    kind = node.op.kind
    shape, weight = node.shape(0), node.sizes(1)
    if len(shape) != len(FILTERS[kind]) or len(weight) != len(shape) or not shape[-1]:
        raise MalformedModel(node.where, f"input {list(shape)} and filter {weight} do not fit", "export it again")
    inner = {"DEPTHWISE_CONV_2D": 1, "CONV_2D": weight[-1], "CONV_3D": weight[-2]}[kind]
    steps = _steps(node, len(shape))
    kernel = weight[:-2] if kind == "CONV_3D" else weight[1:-1]
    options = steps | _padding(node, kernel, **steps) | {"group": shape[-1] // max(inner, 1)}
    operands = node.second(0), node.operand(1).arranged(FILTERS[kind]), bias(node, 2)
    return Laid(node.builder.op("Conv", *operands, **options), second=True)


def bias(node: Node, index: int) -> ir.Value | None:
    """Return the bias; beside 8-bit operands it has the scale of their products, whatever the file says."""
    if not node.has(index):
        return None
    held, (x, weight) = node.operand(index), (node.tensor(i) for i in filtered(node))
    if held.tensor.data is None or held.tensor.dtype.kind != "i" or x.quantization is None:
        return held.real()
    if weight.quantization is None or not is_quantized(x):
        return held.real()
    scale = x.quantization.scale * weight.quantization.scale
    tensor = replace(held.tensor, quantization=Quantization(scale, np.zeros(len(scale), np.int64)))
    return Held(node.builder, tensor).real()


def filtered(node: Node) -> tuple[int, int]:
    """Return which operands are the input and the filter."""
    return (2, 1) if node.op.kind in TRANSPOSED else (0, 1)


@imports(*TRANSPOSED)
def transposed_convolution(node: Node) -> Laid:
    """Take the result's shape, filter `[O, H, W, I]` or `[D, H, W, O, I]`, the input, and a bias or none."""
    sizes = node.ints(0, "output shape")
    strides = _steps(node, len(sizes))["strides"]
    return transposed(node, 2, bias(node, 3), sizes[1:-1], strides)


def transposed(node: Node, x: int, bias: ir.Value | None, sizes: Sequence[int], strides: Sequence[int]) -> Laid:
    """Return the transposed convolution of an operand that gives an image of these sizes."""
    volumes = len(sizes) == 3
    perm, weight = ([4, 3, 0, 1, 2], node.sizes(1)[:-2]) if volumes else ([3, 0, 1, 2], node.sizes(1)[1:-1])
    rows = zip(node.sizes(x)[1:-1], weight, sizes, strides, strict=True)
    cropped = [(present - 1) * stride + kernel - size for present, kernel, size, stride in rows]
    begin = [max(total, 0) // 2 for total in cropped]
    options = {
        "pads": begin + [max(total, 0) - start for total, start in zip(cropped, begin, strict=True)],
        "output_padding": [max(-total, 0) for total in cropped],
        "strides": list(strides),
    }
    y = node.builder.op("ConvTranspose", node.second(x), node.operand(1).arranged(perm), bias, **options)
    return Laid(y, second=True)


@imports("CUSTOM:Convolution2DTransposeBias")
def transposed_with_bias(node: Node) -> Laid:
    """Take input, filter `[O, H, W, I]` and bias; MediaPipe's options are int32 padding, stride of width, of height."""
    _, width, height = np.frombuffer(node.attribute("options")[:12], "<i4").tolist()
    sizes = [size or 0 for size in node.op.outputs[0].shape]
    return transposed(node, 0, node[2], sizes[1:-1], [height, width])


@imports("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D")
def pool(node: Node) -> Laid:
    """Return the mean (which does not count what is padded), the largest, or the root mean square of each window."""
    b, x = node.builder, node.second(0)
    kernel = [int(node.attribute(f"filter_{axis}", 1)) for axis in ("height", "width")]
    strides = _steps(node, 4)["strides"]
    window: dict[str, Any] = {"kernel_shape": kernel, "strides": strides} | _padding(node, kernel, strides, [1, 1])
    if node.op.kind == "MAX_POOL_2D":
        return Laid(b.op("MaxPool", x, **window), second=True)
    if node.op.kind == "AVERAGE_POOL_2D":
        return Laid(b.op("AveragePool", x, **window), second=True)
    return Laid(b.op("Sqrt", b.op("AveragePool", b.op("Mul", x, x), **window)), second=True)


@imports("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR")
def resize(node: Node) -> Laid:
    """Resample to a size `[H, W]`; where centres of pixels are half, the nearest of two is the later one."""
    linear = node.op.kind == "RESIZE_BILINEAR"
    corners, half = node.attribute("align_corners"), node.attribute("half_pixel_centers")
    places = "align_corners" if corners else "half_pixel" if half else "asymmetric"
    options: dict[str, Any] = {"mode": "linear" if linear else "nearest", "coordinate_transformation_mode": places}
    if not linear:
        options["nearest_mode"] = "round_prefer_ceil" if corners or half else "floor"
    if node.tensor(1).data is not None and None not in node.shape(0):
        batch, _, _, channels = node.sizes(0)  # all sizes: onnxruntime loses those of a quantised one that has axes
        target = node.builder.constant([batch, channels, *node.ints(1, "size")])
    else:
        target, options["axes"] = node.vector(1), [2, 3]
    return Laid(node.builder.op("Resize", node.second(0), None, None, target, **options), second=True)


@imports("LOCAL_RESPONSE_NORMALIZATION")
def local_response_normalization(node: Node) -> Laid:
    """Divide by (bias + alpha · sum of squares) ^ beta; ONNX means their mean, over 2 · radius + 1 channels."""
    size = 2 * int(node.attribute("radius", 0)) + 1
    beta, alpha, offset = (float(node.attribute(name, 0.0)) for name in ("beta", "alpha", "bias"))
    y = node.builder.op("LRN", node.second(0), size=size, alpha=alpha * size, beta=beta, bias=offset)
    return Laid(y, second=True)


@imports("SPACE_TO_DEPTH", "DEPTH_TO_SPACE")
def blocks(node: Node) -> Laid:
    """Move blocks of pixels to channels and back, in the same order as in ONNX."""
    kind = "SpaceToDepth" if node.op.kind == "SPACE_TO_DEPTH" else "DepthToSpace"
    return Laid(node.builder.op(kind, node.second(0), blocksize=int(node.attribute("block_size", 1))), second=True)
