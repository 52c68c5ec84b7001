"""Operators on images and other grids whose channels may come last, as ONNX's, whose channels come second.

`x` is `[N, *grid, C]` where `last`, else `[N, C, *grid]`; results are likewise. Filters come in TensorFlow's order.
With `SAME`, what cannot be shared equally is padded behind.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx_ir as ir

from converters.importing.net import Net
from converters.lowering.images import channels_last


@dataclass(frozen=True)
class Window:
    """How a window goes over a grid; a number for each of its axes."""

    strides: Sequence[int]
    padding: str = "VALID"  # or SAME, or EXPLICIT
    dilations: Sequence[int] = ()
    widths: Sequence[int] = field(default=())  # of explicit padding: before each axis, then behind each

    def attributes(self, net: Net, spans: Sequence[int], sizes: Sequence[int | None]) -> dict[str, Any]:
        """Return ONNX's attributes for a window that spans so much of a grid of these sizes."""
        if len(self.strides) != len(spans):
            raise net.malformed(f"its window has {len(spans)} axes, and its strides are {[*self.strides]}")
        dilated = max(self.dilations, default=1) > 1
        options = {"strides": [*self.strides], **({"dilations": [*self.dilations]} if dilated else {})}
        rows = [*zip(spans, self.strides, sizes, strict=True)]
        if self.padding == "EXPLICIT":
            return options | {"pads": [*self.widths]}
        if self.padding == "VALID":
            return options
        if self.padding != "SAME":
            raise net.malformed(f"its padding is {self.padding!r}", "use SAME or VALID")
        if all(stride == 1 or size is not None for _, stride, size in rows):
            excess = [_excess(span, stride, size or 0) for span, stride, size in rows]
            return options | {"pads": [total // 2 for total in excess] + [total - total // 2 for total in excess]}
        if dilated:
            raise net.refuse(
                "it has a stride, and its dilated window goes over sizes that vary", "fix the input shapes"
            )
        return options | {"auto_pad": "SAME_UPPER"}


def _excess(span: int, stride: int, size: int) -> int:
    """Return how much padding SAME takes: so that there are size / stride windows, rounded up."""
    return span - 1 if stride == 1 else max((math.ceil(size / stride) - 1) * stride + span - size, 0)


def channels_second(net: Net, x: ir.Value, last: bool) -> ir.Value:
    """Return `[N, C, *grid]`."""
    rank = net.rank(x)
    return net.transpose(x, np.argsort(channels_last(rank)).tolist()) if last and rank > 2 else x


def as_before(net: Net, y: ir.Value, last: bool) -> ir.Value:
    """Undo `channels_second`."""
    rank = net.rank(y)
    return net.transpose(y, channels_last(rank)) if last and rank > 2 else y


def convolve(net: Net, x: ir.Value, kernel: ir.Value, bias: ir.Value | None, window: Window, last: bool) -> ir.Value:
    """Convolve with a filter `[*grid, C / groups, O]`; the groups follow from the channels."""
    grid = net.rank(kernel) - 2
    image = channels_second(net, x, last)
    channels, depth = _channels(net, image, grid), net.sizes(kernel)[-2]
    if depth and channels % depth:
        why = f"its filter {net.sizes(kernel)} takes {depth} channels, and x has {channels}"
        raise net.malformed(why)
    weight = net.transpose(kernel, [grid + 1, grid, *range(grid)])
    groups = channels // depth if depth else 1
    options = window.attributes(net, _spans(net, kernel, window), net.sizes(image)[2:])
    y = net.add("Conv", [image, weight, *_optional(bias)], group=groups, **options)
    return as_before(net, y, last)


def convolve_depthwise(
    net: Net, x: ir.Value, kernel: ir.Value, bias: ir.Value | None, window: Window, last: bool
) -> ir.Value:
    """Convolve each channel by itself with a filter `[*grid, C, m]`."""
    grid = net.rank(kernel) - 2
    *sizes, depth, multiplier = net.fixed(kernel)
    image = channels_second(net, x, last)
    if _channels(net, image, grid) != depth:
        why = f"its filter {net.sizes(kernel)} takes {depth} channels, and x has {_channels(net, image, grid)}"
        raise net.malformed(why)
    weight = net.transpose(kernel, [grid, grid + 1, *range(grid)])
    weight = net.reshape(weight, [depth * multiplier, 1, *sizes])
    options = window.attributes(net, _spans(net, kernel, window), net.sizes(image)[2:])
    y = net.add("Conv", [image, weight, *_optional(bias)], group=depth, **options)
    return as_before(net, y, last)


def convolve_transposed(
    net: Net,
    x: ir.Value,
    kernel: ir.Value,
    bias: ir.Value | None,
    window: Window,
    last: bool,
    sizes: Sequence[int | None] = (),
) -> ir.Value:
    """Take the gradient of a convolution by its input, with a filter `[*grid, O, C]`.

    `sizes` are the result's, where they are stated; left out, they are Keras': input times stride, or what the last
    window reaches where there is no padding.
    """
    image = channels_second(net, x, last)
    spans = _spans(net, kernel, window)
    grid = len(spans)
    if _channels(net, image, grid) != net.sizes(kernel)[-1]:
        why = f"its filter {net.sizes(kernel)} takes {net.sizes(kernel)[-1]} channels of x {net.sizes(image)}"
        raise net.malformed(why)
    lengths = net.sizes(image)[2:]
    cut, added = [], []
    for i in range(grid):
        before, behind = _cropped(net, i, spans[i], window, lengths[i], sizes[i] if sizes else None)
        cut.append(before)
        added.append(behind)
    pads = [max(0, total) for total in (*cut, *added)]
    extra = [max(0, -behind) for behind in added]
    weight = net.transpose(kernel, [grid + 1, grid, *range(grid)])
    options = {"dilations": [*window.dilations]} if max(window.dilations, default=1) > 1 else {}
    y = net.add(
        "ConvTranspose",
        [image, weight, *_optional(bias)],
        strides=[*window.strides],
        pads=pads,
        output_padding=extra,
        **options,
    )
    return as_before(net, y, last)


def _cropped(net: Net, axis: int, span: int, window: Window, length: int | None, size: int | None) -> tuple[int, int]:
    """Return how much of the full result is cropped before and behind; less than 0 is added behind."""
    stride = window.strides[axis]
    if window.padding == "EXPLICIT":
        raise net.refuse("its padding is explicit", "use SAME or VALID")
    excess = span - stride  # of the full result over input times stride
    if size is not None and length is not None:
        excess = (length - 1) * stride + span - size
    elif window.padding == "VALID":
        excess = min(excess, 0)
    before = max(excess, 0) // 2 if window.padding == "SAME" else 0
    return before, excess - before


def _spans(net: Net, kernel: ir.Value, window: Window) -> list[int]:
    """Return how much each axis of a filter reaches over, with its gaps."""
    *sizes, _, _ = net.fixed(kernel)
    return [(size - 1) * gap + 1 for size, gap in zip(sizes, window.dilations or [1] * len(sizes), strict=True)]


def pool(net: Net, op: str, x: ir.Value, kernel: Sequence[int], window: Window, last: bool) -> ir.Value:
    """Apply MaxPool or AveragePool; padding never counts."""
    image = channels_second(net, x, last)
    if net.rank(image) != len(kernel) + 2:
        raise net.malformed(f"its window is {[*kernel]}, and its x has the shape {net.sizes(x)}")
    options = window.attributes(net, kernel, net.sizes(image)[2:])
    return as_before(net, net.add(op, [image], kernel_shape=[*kernel], **options), last)


def normalise(net: Net, x: ir.Value, statistics: Sequence[ir.Value], epsilon: float, last: bool) -> ir.Value:
    """Normalise by scale, offset, mean and variance of each channel."""
    y = net.add("BatchNormalization", [channels_second(net, x, last), *statistics], epsilon=epsilon)
    return as_before(net, y, last)


def resize(net: Net, x: ir.Value, sizes: Sequence[int], last: bool, **options: str) -> ir.Value:
    """Resize the grid to `sizes`; `options` are attributes of ONNX's Resize."""
    image = channels_second(net, x, last)
    target = net.add("Concat", [net.shape(image, end=2), net.constant(sizes, np.int64)], axis=0)
    y = net.add("Resize", [image, None, None, target], **options)
    return as_before(net, y, last)


def _channels(net: Net, image: ir.Value, grid: int) -> int:
    sizes = net.sizes(image)
    if len(sizes) != grid + 2:
        raise net.malformed(f"its x has the shape {sizes}, and its filter is one for {grid + 2} axes")
    if sizes[1] is None:
        raise net.refuse("the count of channels varies", "export it with a fixed count of channels")
    return sizes[1]


def _optional(bias: ir.Value | None) -> list[ir.Value]:
    return [] if bias is None else [bias]
