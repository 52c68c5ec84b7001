"""Parts of tensors: slices and reversals."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from converters.importing.tflite.held import Laid
from converters.importing.tflite.node import Node, imports, moved

Bound = list[int] | ir.Value  # where each axis begins or ends: constant or computed
END = 2**63 - 1  # further than any axis is long
START = -(2**63)


@imports("SLICE")
def slice_(node: Node) -> ir.Value | Laid:
    """Cut from a place on so many entries along each axis; -1 is all that are left."""
    b = node.builder
    if node.tensor(1).data is not None and node.tensor(2).data is not None:
        begin, sizes = node.ints(1, "begin"), node.ints(2, "size")
        ends = [END if size < 0 else start + size for start, size in zip(begin, sizes, strict=True)]
        return _sliced(node, begin, ends, [1] * len(begin))
    begin_at, size = node.vector(1), node.vector(2)
    rest = b.op("Less", size, b.constant([0]))
    return b.op("Slice", node.x, begin_at, b.op("Where", rest, b.constant([END]), b.op("Add", begin_at, size)))


@imports("REVERSE_V2")
def reverse(node: Node) -> ir.Value:
    """Put the last entry first along some axes."""
    b, rank = node.builder, len(node.shape(0))
    axes = [node.axis(axis, rank) for axis in node.ints(1, "axes")]
    bounds = ([value] * len(axes) for value in (-1, START, -1))
    starts, ends, steps = (b.constant(values) for values in bounds)
    return b.op("Slice", node.x, starts, ends, b.constant(axes), steps)


@imports("STRIDED_SLICE")
def strided_slice(node: Node) -> ir.Value | Laid:
    """Cut by bounds and steps for each axis, with masks: one bit an axis says where a bound does not count."""
    b = node.builder
    if node.attribute("ellipsis_mask") or node.attribute("new_axis_mask"):
        raise node.refuse("its masks insert axes or skip some", "export the model with plain bounds")
    steps = node.ints(3, "strides")
    drop = [axis for axis in range(len(steps)) if _bit(node, "shrink_axis_mask", axis)]
    begin = _bound(node, 1, "begin_mask", [0 if step > 0 else END for step in steps])
    end = _ends(node, begin, steps, drop)
    if not drop:
        return _sliced(node, begin, end, steps)
    return b.op("Squeeze", _cut(node, node.x, begin, end, [*range(len(steps))], steps), b.constant(drop))


def _sliced(node: Node, begin: Bound, end: Bound, steps: list[int]) -> Laid:
    """Cut the operand in the axes that it was made in."""
    rank, second = len(node.shape(0)), node.operand(0).prefers_second
    axes = moved([*range(len(steps))], rank, second=second)
    return Laid(_cut(node, node.operand(0).real(second=second), begin, end, axes, steps), second)


def _cut(node: Node, x: ir.Value, begin: Bound, end: Bound, axes: list[int], steps: list[int]) -> ir.Value:
    b = node.builder
    return b.op("Slice", x, *(b.constant(v) if isinstance(v, list) else v for v in (begin, end, axes, steps)))


def _bit(node: Node, name: str, axis: int) -> bool:
    return bool(int(node.attribute(name, 0)) >> axis & 1)


def _bound(node: Node, index: int, mask: str, free: list[int]) -> Bound:
    """Return a bound for each axis, as numbers where it is constant."""
    shrink = [_bit(node, "shrink_axis_mask", axis) for axis in range(len(free))]
    masked = [_bit(node, mask, axis) and not shrink[axis] for axis in range(len(free))]
    if node.tensor(index).data is not None:
        given = node.ints(index, mask.removesuffix("_mask"))
        return [other if out else value for value, other, out in zip(given, free, masked, strict=True)]
    b = node.builder
    return b.op("Where", b.constant(np.array(masked)), b.constant(free), node.vector(index))


def _ends(node: Node, begin: Bound, steps: list[int], drop: list[int]) -> Bound:
    """Return where each axis ends: behind the one entry where the axis is dropped."""
    b: Any = node.builder
    end = _bound(node, 2, "end_mask", [END if step > 0 else START for step in steps])
    if isinstance(begin, list):
        ones: Bound = [END if start == -1 else start + 1 for start in begin]
    else:
        ones = b.op("Add", begin, b.constant([1]))
    if node.attribute("offset"):
        if not (isinstance(begin, list) and isinstance(end, list)):
            raise node.refuse("its ends are counted from starts that are computed", "use constant bounds")
        end = [start + length for start, length in zip(begin, end, strict=True)]
    if isinstance(end, list) and isinstance(ones, list):
        return [ones[axis] if axis in drop else value for axis, value in enumerate(end)]
    single = b.constant(np.array([axis in drop for axis in range(len(steps))]))
    values = (b.constant(v) if isinstance(v, list) else v for v in (ones, end))
    return b.op("Where", single, *values) if drop else (b.constant(end) if isinstance(end, list) else end)
