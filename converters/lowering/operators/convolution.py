"""Convolutions and their transposes, in one to three dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from converters.edge_graph import DType, Tensor
from converters.errors import MalformedModel
from converters.lowering import arithmetic as a
from converters.lowering.builder import INT32
from converters.lowering.channels import Image, in_groups, in_taps, without_groups
from converters.lowering.equal_parts import with_equal_parts
from converters.lowering.layout import in_order
from converters.lowering.node import Node, lowers
from converters.lowering.operators.matrix import centred
from converters.lowering.padding import pad
from converters.lowering.products import EXACT
from converters.lowering.reshaping import reshape
from converters.lowering.shapes import concat, merge_dims, slice_, split, squeeze, unsqueeze
from converters.lowering.value import Atom, Value, size_of
from converters.lowering.windows import Window, windows


@lowers("Conv")
def convolution(node: Node) -> Value:
    """Convolution of `[N, C, spatial...]` with a filter `[O, C / group, kernel...]`."""
    return convolve(node, node.x, node[1], node.get(2))


@lowers("ConvInteger")
def integer_convolution(node: Node) -> Value:
    """Convolution of 8-bit numbers in int32; in float32, where that is exact."""
    x, w = (centred(value, zero) for value, zero in ((node.x, node.get(2)), (_filter(node), None)))
    depth = int(np.prod([size or 0 for size in w.shape[1:]]))
    if depth * 255 * 255 > EXACT:
        raise node.refuse("its sums exceed what float32 holds exactly", "quantise the float model instead")
    y = convolve(node, a.cast(x, a.FLOAT32), a.cast(w, a.FLOAT32), None)
    return a.cast(y, INT32)


def _filter(node: Node) -> Value:
    zero = node.get(3)
    if zero is None:
        return node[1]
    shape = [-1] + [1] * (node[1].rank - 1)
    return a.cast(node[1], INT32) - a.cast(zero if zero.rank == 0 else reshape(zero, shape), INT32)


def convolve(node: Node, x: Value, weight: Value, bias: Value | None) -> Value:
    """Return the convolution that a node's attributes describe."""
    spatial = x.rank - 2
    if spatial < 1 or weight.rank != x.rank:
        raise MalformedModel(node.where, f"input {x.shape} and filter {weight.shape} do not fit", "correct the model")
    kernel = [size or 1 for size in weight.shape[2:]]
    frame = windows(node, kernel, x.shape[2:])
    if spatial == 1:  # as an image of one row
        row = Window(1, 1, 1, 1, 0, 0)
        return squeeze(_convolve(node, unsqueeze(x, [2]), unsqueeze(weight, [2]), bias, [row, *frame]), [2])
    if spatial > 3:
        raise node.refuse(f"{spatial} spatial axes are more than 3", "use at most 3")
    return _convolve(node, x, weight, bias, frame)


def _convolve(node: Node, x: Value, weight: Value, bias: Value | None, frame: Sequence[Window]) -> Value:
    group = int(node.attribute("group", 1))
    _check(node, x, weight, group)
    if len(frame) == 3 and group > 1:
        return _by_group(node, x, weight, bias, frame, group)
    ordered = any(value is not None and value.data is None for value in (weight, bias))
    image = in_groups(x, group, ordered=ordered)
    if group > 1 and image.moves and not ordered:
        if not node.builder.target.grouped:
            image, weight, group = in_groups(x, 1, ordered=False), without_groups(weight, group), 1
        elif (result := _in_taps(x, weight, bias, frame, group)) is not None:
            return result
    same = all(w.is_same() for w in frame)
    if not same:  # pad what the convolution reads, so that TF.js can leave that to the convolution
        padded = pad(image.value, {2 + i: w.padded for i, w in enumerate(frame)})
        image = in_groups(padded, group, ordered=ordered)
    return _emit(image, weight, bias, frame, group, padding="SAME" if same else "VALID")


def _in_taps(x: Value, weight: Value, bias: Value | None, frame: Sequence[Window], group: int) -> Value | None:
    """Return the convolution of shuffled pixels as one whose filter takes them as they lie; None if there is none."""
    if len(frame) != 2 or any(w.kernel > 1 or any(w.padded) for w in frame):
        return None
    x, weight = with_equal_parts(x, weight, group)
    image = in_taps(x, group)
    if image is None:
        return None
    row, width = frame[1], size_of(image.taps) or 1
    taps = replace(row, size=None if row.size is None else row.size * width, kernel=width, stride=row.stride * width)
    return _emit(image, weight, bias, [frame[0], taps], group, padding="VALID")


def _emit(
    image: Image, weight: Value, bias: Value | None, frame: Sequence[Window], group: int, *, padding: str
) -> Value:
    x, outputs = image.view, weight.shape[0] or 0
    channels = (Atom(outputs // group),)
    depthwise = len(frame) == 2 and group > 1 and group == x.shape[1]
    kind = "DEPTHWISE_CONV_2D" if depthwise else f"CONV_{len(frame)}D"
    options = {"padding": padding, "fused_activation_function": "NONE"} | _steps(frame)
    options |= {f"dilation_{axis}_factor": w.dilation for axis, w in zip("dhw"[-len(frame) :], frame, strict=True)}
    options |= {"depth_multiplier": outputs // group} if depthwise else {}
    operands = [
        image.tensor,
        filter_tensor(image.inputs(image.outputs(weight, channels)), kind),
        bias_tensor(None if bias is None else image.outputs(bias, channels), outputs, x.dtype),
    ]
    result = Tensor(x.dtype, (x.shape[0], *(w.output for w in frame), outputs))
    x.builder.compute_dtype(kind, x.dtype)
    x.builder.append(kind, list(operands), [result], options)
    return image.result(result, channels)


def _check(node: Node, x: Value, weight: Value, group: int) -> None:
    channels, (outputs, inner) = x.shape[1], weight.shape[:2]
    if channels is None:
        raise node.refuse("the number of its channels is known only at run time", "fix the channels of the input")
    if 0 in weight.shape:
        raise node.refuse("its filter has no entries", "remove this node")
    if inner is None or outputs is None or channels != inner * group or outputs % group:
        why = f"input {x.shape} and filter {weight.shape} do not fit with group {group}"
        raise MalformedModel(node.where, why, "correct the model")


def _by_group(node: Node, x: Value, weight: Value, bias: Value | None, frame: Sequence[Window], group: int) -> Value:
    xs, ws = (split(v, [(v.shape[d] or 0) // group] * group, d) for v, d in ((x, 1), (weight, 0)))
    single = replace(node, attributes={**node.attributes, "group": 1})
    parts = [_convolve(single, part, w, None, frame) for part, w in zip(xs, ws, strict=True)]
    y = concat(parts, 1)
    return y if bias is None else y + unsqueeze(bias, range(1, x.rank - 1))


def filter_tensor(weight: Value, kind: str) -> Tensor:
    """Return a filter in the order of axes that a kind wants; constants stay views."""
    order = {
        "CONV_2D": [0, 2, 3, 1],
        "DEPTHWISE_CONV_2D": [1, 2, 3, 0],
        "CONV_3D": [2, 3, 4, 1, 0],
        "TRANSPOSE_CONV": [1, 2, 3, 0],
        "CONV_3D_TRANSPOSE": [2, 3, 4, 1, 0],
    }[kind]
    return in_order(weight, order)


def bias_tensor(bias: Value | None, outputs: int, dtype: DType) -> Tensor:
    """Return the bias, zeros if there is none."""
    return Tensor(dtype, (outputs,), np.zeros(outputs, dtype)) if bias is None else bias.builder.tensor(bias)


@lowers("ConvTranspose")
def transposed_convolution(node: Node) -> Value:
    """Spread each entry of `[N, C, spatial...]` by a filter `[C, O / group, kernel...]`."""
    x, weight, frame = node.x, node[1], _frame(node)
    if x.rank == 3:
        row = Window(1, 1, 1, 1, 0, 0)
        return squeeze(_spread(node, unsqueeze(x, [2]), unsqueeze(weight, [2]), [row, *frame]), [2])
    return _spread(node, x, weight, frame)


def _frame(node: Node) -> list[Window]:
    """Return a window for each axis; `before` and `after` crop the result, a negative `after` extends it."""
    kernel = [size or 1 for size in node[1].shape[2:]]
    count = len(kernel)
    strides, dilations = (node.attribute(name) or [1] * count for name in ("strides", "dilations"))
    pads = node.attribute("pads") or [0] * (2 * count)
    added = node.attribute("output_padding") or [0] * count
    ends = [after - extra for after, extra in zip(pads[count:], added, strict=True)]
    rows = zip(node.x.shape[2:], kernel, strides, dilations, pads[:count], ends, strict=True)
    wanted = (node.attribute("output_shape") or [None] * count)[-count:]
    return [_cropped_to(node, Window(*row), *rest) for row, *rest in zip(rows, wanted, added, strict=True)]


def _cropped_to(node: Node, w: Window, wanted: int | None, added: int) -> Window:
    """Crop to the size that output_shape or auto_pad asks for."""
    auto = node.attribute("auto_pad", "NOTSET")
    if wanted is None and "SAME" not in auto:
        return w
    if w.size is None:
        raise node.refuse("output_shape needs the spatial size", "fix the input shapes of the model")
    total = w.stride * (w.size - 1) + added + w.span - (wanted if wanted is not None else w.size * w.stride)
    if total <= -w.stride:
        why = f"{w.size} entries with steps of {w.stride} do not reach {wanted}"
        raise MalformedModel(node.where, why, "correct the output_shape")
    less, more = max(total, 0) // 2, -(-max(total, 0) // 2)  # a negative total extends the end
    before = less if auto == "SAME_UPPER" else more
    return replace(w, before=before, after=total - before - added)


def _spread(node: Node, x: Value, weight: Value, frame: Sequence[Window]) -> Value:
    group = int(node.attribute("group", 1))
    xs, ws = (split(v, [(v.shape[d] or 0) // group] * group, d) for v, d in ((x, 1), (weight, 0)))
    parts = [_spread_group(node, part, _dilated(w, frame), frame) for part, w in zip(xs, ws, strict=True)]
    y = _cropped(concat(parts, 1), frame)
    bias = node.get(2)
    return y if bias is None else y + unsqueeze(bias, range(1, x.rank - 1))


def _spread_group(node: Node, x: Value, weight: Value, frame: Sequence[Window]) -> Value:
    builder, outputs = node.builder, weight.shape[1] or 0
    sizes = [w.stride * (w.size - 1) + w.span if w.size is not None else None for w in frame]
    if None in sizes:
        raise node.refuse("its spatial size is known only at run time", "fix the input shapes of the model")
    kind = "TRANSPOSE_CONV" if len(frame) == 2 else "CONV_3D_TRANSPOSE"
    image = in_groups(x, 1, ordered=True)
    result = Tensor(x.dtype, (x.shape[0], *sizes, outputs))
    shape = builder.exact_sizes([builder.view(x).dims[0], *((Atom(size),) for size in result.shape[1:])])
    options = {"padding": "VALID", "fused_activation_function": "NONE"} | _steps(frame)
    builder.compute_dtype(kind, x.dtype)
    operands = [shape, filter_tensor(weight, kind), image.tensor, bias_tensor(None, outputs, x.dtype)]
    builder.append(kind, list(operands), [result], options)
    return image.result(result, (Atom(outputs),))


def _steps(frame: Sequence[Window]) -> dict[str, Any]:
    return {f"stride_{axis}": w.stride for axis, w in zip("dhw"[-len(frame) :], frame, strict=True)}


def _dilated(weight: Value, frame: Sequence[Window]) -> Value:
    """Put zeros between the filter's entries where it is dilated: the targets' operators have no dilation."""
    for i, w in enumerate(frame):
        if w.dilation > 1:
            dim = 2 + i
            spread = pad(unsqueeze(weight, [dim + 1]), {dim + 1: (0, w.dilation - 1)})
            weight = slice_(merge_dims(spread, dim, dim + 2), {dim: slice(0, w.span)})
    return weight


def _cropped(y: Value, frame: Sequence[Window]) -> Value:
    cut = {2 + i: slice(w.before, -w.after if w.after > 0 else None) for i, w in enumerate(frame)}
    return pad(slice_(y, cut), {2 + i: (0, -w.after) for i, w in enumerate(frame) if w.after < 0})
