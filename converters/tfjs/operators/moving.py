"""Slices and rearrangements that TF.js has no operator for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from converters.edge_graph import Op, Tensor
from converters.errors import Refusal
from converters.tfjs.nodes import INT32, Nodes, data_of, operand


def gather(w: Nodes, op: Op) -> str:
    """Entries of one axis at indices."""
    axis = w.constant(op.attributes["axis"], INT32)
    return w.add("GatherV2", [*w.operands(op), axis], batch_dims=op.attributes.get("batch_dims", 0))


def concat(w: Nodes, op: Op) -> str:
    """Join along an axis."""
    names = w.operands(op)
    return w.add("ConcatV2", [*names, w.constant(op.attributes["axis"], INT32)], N=len(names))


def pad(w: Nodes, op: Op) -> str:
    """Surround with a constant: 0, or the third operand."""
    x, widths, *fill = w.operands(op)
    return w.add("PadV2", [x, widths, *(fill or [w.constant(0, np.float32)])])


def mirror_pad(w: Nodes, op: Op) -> str:
    """Surround with what lies inside, mirrored."""
    return w.add("MirrorPad", w.operands(op), mode=op.attributes["mode"])


def strided_slice(w: Nodes, op: Op) -> str:
    """x[begin:end:stride]: a slice for the axes of stride 1, a gather for each other one.

    TF.js's StridedSlice returns int32 as if its bits were float32 unless every stride is 1.
    """
    x, bounds = operand(op, 0), [operand(op, i) for i in (1, 2, 3)]
    rows = [_row(op, axis, size, bounds) for axis, size in enumerate(x.shape)]
    name = w.name(x)
    plain = [(start, size) if isinstance(start, int) else (0, -1) for start, size in rows]
    if any(row != (0, -1) for row in plain):
        begin, size = (w.constant([row[i] for row in plain], INT32) for i in range(2))
        name = w.add("Slice", [name, begin, size])
    for axis, (indices, _) in enumerate(rows):
        if not isinstance(indices, int):
            name = w.add("GatherV2", [name, w.constant(indices), w.constant(axis, INT32)])
    return name


def _row(op: Op, axis: int, size: int | None, bounds: Sequence[Tensor]) -> tuple[int | np.ndarray, int]:
    """Return begin and size (-1: to the end) for one axis, or the indices to gather where the stride is not 1."""
    begin, end, stride = (_entry(op, tensor, axis) for tensor in bounds)
    open_begin, open_end = (bool(op.attributes.get(f"{side}_mask", 0) >> axis & 1) for side in ("begin", "end"))
    selection = slice(None if open_begin else begin, None if open_end else end, stride)
    if size is not None:
        chosen = range(*selection.indices(size))
        if stride != 1:
            return np.array(chosen, np.int32), 0
        whole = len(chosen) == size
        return (0, -1) if whole else (chosen.start if chosen else 0, len(chosen))
    start = selection.start or 0
    if stride == 1 and start >= 0 and selection.stop is None:
        return start, -1
    if stride == 1 and start >= 0 and selection.stop >= 0:
        why = "it may end beyond an axis whose size is known only at run time"
        raise Refusal("Slice", op.where, why, "fix the input shapes of the model")
    why = "it counts from the end of an axis, or skips entries of one, whose size is known only at run time"
    raise Refusal("Slice", op.where, why, "fix the input shapes of the model")


def _entry(op: Op, tensor: Tensor, axis: int) -> int:
    if tensor.data is None:
        raise Refusal("Slice", op.where, "its bounds are computed when the model runs", "make the bounds constants")
    return int(data_of(tensor)[axis])


def space_to_depth(w: Nodes, op: Op) -> str:
    """Blocks of pixels to channels: `[N, H, W, C]` to `[N, H/b, W/b, b·b·C]`."""
    block, (_, height, width, depth) = op.attributes["block_size"], operand(op, 0).shape
    if height is None or width is None or depth is None:
        raise Refusal("SpaceToDepth", op.where, "its size is known only at run time", "fix the model's input shapes")
    (x,) = w.operands(op)
    down, across = height // block, width // block
    split = w.constant([-1, down, block, across, block, depth], INT32)
    swapped = w.add("Transpose", [w.add("Reshape", [x, split]), w.constant([0, 1, 3, 2, 4, 5], INT32)])
    return w.add("Reshape", [swapped, w.constant([-1, down, across, block * block * depth], INT32)])


def depth_to_space(w: Nodes, op: Op) -> str:
    """Channels to blocks of pixels."""
    return w.add("DepthToSpace", w.operands(op), block_size=op.attributes["block_size"], data_format="NHWC")


def range_(w: Nodes, op: Op) -> str:
    """start, start + step, … below the limit."""
    return w.add("Range", w.operands(op), Tidx=op.outputs[0].dtype)


def non_max_suppression(w: Nodes, op: Op) -> str:
    """Write a suppression that gives indices of the boxes to keep, filled up to the limit, and their count."""
    return w.add("NonMaxSuppressionV4", w.operands(op), pad_to_max_output_size=True)
