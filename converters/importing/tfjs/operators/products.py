"""Convolutions, matrix products, pools, normalisation and reductions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import onnx_ir as ir

from converters.importing import images
from converters.importing.images import Window
from converters.importing.net import Net
from converters.importing.tfjs.node import Node, Read
from converters.importing.tfjs.operators import arithmetic

INT64 = ir.DataType.INT64
INT32 = ir.DataType.INT32

# What a fused operator applies to its result, in this order.
STEPS: Mapping[str, Callable[[Node], ir.Value]] = {
    "BiasAdd": arithmetic.bias_add,
    "Elu": lambda node: node.net.add("Elu", [node[0]]),
    "Prelu": lambda node: node.net.add("PRelu", [node[0], node[1]]),
    "Relu": lambda node: node.net.add("Relu", [node[0]]),
    "Relu6": arithmetic.relu6,
    "Sigmoid": lambda node: node.net.add("Sigmoid", [node[0]]),
    "LeakyRelu": lambda node: node.net.add(
        "LeakyRelu", [node[0]], alpha=node.attribute("leakyrelu_alpha", node.attribute("alpha", 0.2))
    ),
}


def _fused(node: Node, y: ir.Value, done: int = 0) -> ir.Value:
    """Apply what `fused_ops` names but the first `done`; operands after the second are for these, in their order."""
    operands = [*node.inputs[2 + done :]]
    for step in node.attribute("fused_ops", [])[done:]:
        if step not in STEPS:
            raise node.net.refuse(f"its fused {step} has no counterpart", "convert the model without fusing")
        taken = [operands.pop(0)] if step in ("BiasAdd", "Prelu") and operands else []
        y = STEPS[step](Node(node.net, step, node.name, [y, *taken], node.attributes))
    return y


def _bias(node: Node) -> ir.Value | None:
    """Return the operand of a fused BiasAdd that comes first."""
    return node[2] if node.attribute("fused_ops", [])[:1] == ["BiasAdd"] else None


def _is_last(node: Node) -> bool:
    return not node.attribute("data_format", "NHWC").startswith("NC")


def _window(node: Node) -> Window:
    """Read strides, dilations and padding, each of which counts batch and channels too."""
    first = 1 if _is_last(node) else 2
    strides = node.attribute("strides", [1, 1, 1, 1])
    grid = slice(first, first + len(strides) - 2)
    widths = node.attribute("explicit_paddings", [])
    pairs = np.reshape(widths, (-1, 2))[grid].T.reshape(-1).tolist() if widths else []
    return Window(
        strides[grid], node.attribute("padding", "VALID"), node.attribute("dilations", [1] * len(strides))[grid], pairs
    )


def convolution(node: Node) -> ir.Value:
    """Convolve with a filter `[*grid, I, O]`."""
    bias = _bias(node)
    y = images.convolve(node.net, node[0], node[1], bias, _window(node), _is_last(node))
    return _fused(node, y, done=0 if bias is None else 1)


def depthwise(node: Node) -> ir.Value:
    """Convolve each channel by itself, with a filter `[H, W, C, m]`."""
    bias = _bias(node)
    y = images.convolve_depthwise(node.net, node[0], node[1], bias, _window(node), _is_last(node))
    return _fused(node, y, done=0 if bias is None else 1)


def transposed(node: Node) -> ir.Value:
    """Take the gradient of a convolution: operands are the result's shape, the filter `[H, W, O, I]`, and x."""
    first = 1 if _is_last(node) else 2
    sizes = node.net.known(node[0])[first:][:2]
    return images.convolve_transposed(node.net, node[2], node[1], None, _window(node), _is_last(node), sizes)


def pool(op: str) -> Read:
    """Return the reading of a pool; padding never counts."""

    def read(node: Node) -> ir.Value:
        first = 1 if _is_last(node) else 2
        kernel = node.attributes["ksize"]
        grid = kernel[first : first + len(kernel) - 2]
        return images.pool(node.net, op, node[0], grid, _window(node), _is_last(node))

    return read


def batch_norm(node: Node) -> ir.Value:
    """Normalise with statistics that the model brings."""
    if node.attribute("is_training", False):
        raise node.net.refuse("it computes its statistics from the batch", "export the model for inference")
    return images.normalise(node.net, node[0], node.inputs[1:5], node.attribute("epsilon", 1e-4), _is_last(node))


def local_response(node: Node) -> ir.Value:
    """Divide by a sum of squares over neighbouring channels; ONNX's alpha counts for all of them together."""
    size = 2 * int(node.attribute("depth_radius", 5)) + 1
    options = {"alpha": size * node.attribute("alpha", 1.0), "beta": node.attribute("beta", 0.5)}
    image = node.net.transpose(node[0], [0, 3, 1, 2])
    y = node.net.add("LRN", [image], size=size, bias=node.attribute("bias", 1.0), **options)
    return node.net.transpose(y, [0, 2, 3, 1])


def resize(mode: str) -> Read:
    """Return the reading of a resize of `[N, H, W, C]`: where pixels lie, two attributes say."""

    def read(node: Node) -> ir.Value:
        corners, half = (bool(node.attribute(name, False)) for name in ("align_corners", "half_pixel_centers"))
        places = "align_corners" if corners else "half_pixel" if half else "asymmetric"
        rounding = {"nearest_mode": "round_prefer_ceil" if corners or half else "floor"} if mode == "nearest" else {}
        x = node[0] if mode == "nearest" else node.net.cast(node[0], ir.DataType.FLOAT)
        options = {"mode": mode, "coordinate_transformation_mode": places, **rounding}
        return images.resize(node.net, x, node.integers(1), True, **options)

    return read


# ---- matrices


def matmul(node: Node) -> ir.Value:
    """Multiply two matrices, either of which may be turned, and apply what is fused."""
    turned = [node.attribute(f"transpose_{name}", False) for name in "ab"]
    return _fused(node, node.net.add("MatMul", _turned(node, turned)))


def batch_matmul(node: Node) -> ir.Value:
    """Multiply matrices of broadcast batches."""
    turned = [node.attribute(f"adj_{name}", False) for name in "xy"]
    return node.net.add("MatMul", _turned(node, turned))


def _turned(node: Node, turned: Sequence[bool]) -> list[ir.Value]:
    return [_swapped(node.net, x) if turn else x for x, turn in zip(node.inputs[:2], turned, strict=True)]


def _swapped(net: Net, x: ir.Value) -> ir.Value:
    order = [*range(net.rank(x))]
    order[-2:] = order[:-3:-1]
    return net.transpose(x, order)


# ---- reductions


def reduction(op: str) -> Read:
    """Return the reading of a reduction over constant axes."""

    def read(node: Node) -> ir.Value:
        return _reduced(node, op, node[0], node.integers(1), bool(node.attribute("keep_dims", False)))

    return read


def _reduced(node: Node, op: str, x: ir.Value, axes: Sequence[int], keep: bool) -> ir.Value:
    axes = [node.axis(axis) for axis in axes]
    if not axes:
        return x
    if op == "ReduceSum":
        return node.net.add(op, [x, node.net.constant(axes, np.int64)], keepdims=int(keep))
    return node.net.add(op, [x], axes=axes, keepdims=int(keep))


def logical(op: str) -> Read:
    """Return the reading of All or Any: the least or the greatest of truth values as numbers."""

    def read(node: Node) -> ir.Value:
        numbers = node.net.cast(node[0], INT32)
        found = _reduced(node, op, numbers, node.integers(1), bool(node.attribute("keep_dims", False)))
        return node.net.cast(found, ir.DataType.BOOL)

    return read


def arg(op: str) -> Read:
    """Return the reading of the first place of the greatest or the least."""

    def read(node: Node) -> ir.Value:
        axis = node.axis(node.integer(1) if len(node.inputs) > 1 else 0)
        return node.net.cast(node.net.add(op, [node[0]], axis=axis, keepdims=0), INT32)

    return read


def top_k(node: Node) -> list[ir.Value]:
    """Return the greatest entries of the last axis and their places, the greatest first."""
    count = node.net.reshape(node.net.cast(node[1], INT64), [1])
    values, places = node.net.add_all("TopK", [node[0], count], 2)
    return [values, node.net.cast(places, INT32)]


def cumsum(node: Node) -> ir.Value:
    """Add up along an axis."""
    flags = {name: int(node.attribute(name, False)) for name in ("exclusive", "reverse")}
    return node.net.add("CumSum", [node[0], node.net.reshape(node[1], [])], **flags)


def einsum(node: Node) -> ir.Value:
    """Multiply and add up as an equation says."""
    return node.net.add("Einsum", [*node.inputs], equation=node.attributes["equation"])
