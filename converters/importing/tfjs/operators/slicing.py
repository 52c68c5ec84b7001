"""Operators that cut tensors: pieces, slices, blocks. Axes have to be constants, and bounds unless a slice is plain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import onnx_ir as ir

from converters.importing.net import Net
from converters.importing.tfjs.node import Node

INT64 = ir.DataType.INT64
END = np.iinfo(np.int64).max  # to the end of an axis, and MIN beyond its beginning
MIN = np.iinfo(np.int64).min
MOST_PIECES = 2**14


def unpack(node: Node) -> list[ir.Value]:
    """Cut into pieces of size 1, and remove the axis."""
    net, axis = node.net, node.axis(node.attribute("axis", 0))
    pieces = _cut(net, node[0], axis, [1] * _bounded(net, int(node.attribute("num", net.sizes(node[0])[axis]))))
    return [net.add("Squeeze", [piece, net.constant([axis], np.int64)]) for piece in pieces]


def split(node: Node) -> list[ir.Value]:
    """Cut into equal pieces along an axis, which is the first operand."""
    net, x, count = node.net, node[1], int(node.attributes["num_split"])
    axis = node.axis(node.integer(0), net.rank(x))
    whole = net.sizes(x)[axis]
    if whole is None or count < 1 or whole % count:
        raise node.net.malformed(f"an axis of size {whole} does not split into {count} equal pieces")
    return _cut(net, x, axis, [whole // count] * _bounded(net, count))


def split_v(node: Node) -> list[ir.Value]:
    """Cut into pieces of stated sizes; one may be -1, the rest."""
    sizes, axis = node.integers(1), node.axis(node.integer(2))
    whole = node.net.sizes(node[0])[axis]
    if -1 in sizes and whole is not None:
        sizes[sizes.index(-1)] = whole - sum(sizes) - 1
    return _cut(node.net, node[0], axis, sizes)


def _bounded(net: Net, count: int) -> int:
    """Return a count of pieces, unless it is out of all proportion: a few bytes may claim any."""
    if count > MOST_PIECES:
        raise net.malformed(f"it makes {count:,} pieces", f"stay below {MOST_PIECES:,}")
    return count


def _cut(net: Net, x: ir.Value, axis: int, sizes: Sequence[int]) -> list[ir.Value]:
    return net.add_all("Split", [x, net.constant(sizes, np.int64)], len(sizes), axis=axis)


def slice_(node: Node) -> ir.Value:
    """Cut a block out: from `begin` on, so many entries, or all where -1."""
    net = node.net
    if all(node[i].const_value is not None for i in (1, 2)):
        begins, counts = node.integers(1), node.integers(2)
        stops = [END if count == -1 else begin + count for begin, count in zip(begins, counts, strict=True)]
        return net.add("Slice", [node[0], net.constant(begins, np.int64), net.constant(stops, np.int64)])
    begin, count = (net.cast(node[i], INT64) for i in (1, 2))
    rest = net.add("Equal", [count, net.constant(-1, np.int64)])
    ends = net.add("Where", [rest, net.constant(END, np.int64), net.add("Add", [begin, count])])
    return net.add("Slice", [node[0], begin, ends])


class Cut(NamedTuple):
    """One axis of a slice, in NumPy's notation."""

    axis: int
    begin: int
    end: int
    stride: int


def strided_slice(node: Node) -> ir.Value:
    """x[begin:end:stride] with NumPy's notation in bit masks: one bit for each entry of the bounds.

    Source: `StridedSlice` in TensorFlow's `array_ops.cc`.
    """
    net, rank = node.net, node.net.rank(node[0])
    rows = [*zip(*(node.integers(i) for i in (1, 2, 3)), strict=True)]
    ellipsis, new_axis, shrink = (
        int(node.attribute(f"{name}_mask", 0)) for name in ("ellipsis", "new_axis", "shrink_axis")
    )
    cuts: list[Cut] = []
    added: list[int] = []
    dropped: list[int] = []
    axis = place = 0  # in x, and in the result
    for i, row in enumerate(rows):
        if ellipsis >> i & 1:
            skipped = rank - axis - sum(not new_axis >> k & 1 for k in range(i + 1, len(rows)))
            axis, place = axis + skipped, place + skipped
        elif new_axis >> i & 1:
            added.append(place)
            place += 1
        else:
            is_dropped = bool(shrink >> i & 1)
            cuts.append(_cut_at(node, i, axis, row, is_dropped))
            dropped += [axis] * is_dropped
            axis, place = axis + 1, place + (not is_dropped)
    return _sliced(net, node[0], cuts, dropped, added)


def _cut_at(node: Node, i: int, axis: int, row: tuple[int, ...], is_dropped: bool) -> Cut:
    """Return what the bounds number `i` say of an axis; a bit of the masks opens a side."""
    begin, end, stride = row
    if is_dropped:
        return Cut(axis, begin, begin + 1 if begin != -1 else END, 1)
    opened, closed = (0, END) if stride > 0 else (END, MIN)
    if int(node.attribute("begin_mask", 0)) >> i & 1:
        begin = opened
    if int(node.attribute("end_mask", 0)) >> i & 1:
        end = closed
    return Cut(axis, begin, end, stride)


def _sliced(net: Net, x: ir.Value, cuts: Sequence[Cut], dropped: Sequence[int], added: Sequence[int]) -> ir.Value:
    """Slice, then drop axes, then insert some."""
    needed = [cut for cut in cuts if cut[1:] != (0, END, 1)]
    if needed:
        axes, begins, ends, strides = (net.constant(column, np.int64) for column in zip(*needed, strict=True))
        x = net.add("Slice", [x, begins, ends, axes, strides])
    if dropped:
        x = net.add("Squeeze", [x, net.constant(dropped, np.int64)])
    return net.add("Unsqueeze", [x, net.constant(added, np.int64)]) if added else x


def reverse(node: Node) -> ir.Value:
    """Turn axes round."""
    return _sliced(node.net, node[0], [Cut(node.axis(axis), END, MIN, -1) for axis in node.integers(1)], [], [])


def space_to_batch(node: Node) -> ir.Value:
    """Blocks of a padded grid to the batch: `[N, *grid, …]` to `[N·∏block, *grid / block, …]`."""
    net, blocks, widths = node.net, node.integers(1), node.net.array(node[2])
    count = len(blocks)
    x_rank = net.rank(node[0])
    full = np.zeros((x_rank, 2), np.int64)
    full[1 : 1 + count] = widths
    x = net.add("Pad", [node[0], net.constant(full.T.reshape(-1), np.int64)])
    batch, *sizes = net.sizes(x)
    grid, rest = _grid(net, sizes, count)
    cut = [number for size, block in zip(grid, blocks, strict=True) for number in (size // block, block)]
    x = net.reshape(x, [-1 if batch is None else batch, *cut, *rest])
    order = [*range(2, 2 * count + 1, 2), 0, *range(1, 2 * count, 2), *range(2 * count + 1, 2 * count + 1 + len(rest))]
    return net.reshape(net.transpose(x, order), [-1, *(s // b for s, b in zip(grid, blocks, strict=True)), *rest])


def batch_to_space(node: Node) -> ir.Value:
    """Undo `space_to_batch`, cropping instead of padding."""
    net, blocks, crops = node.net, node.integers(1), node.net.array(node[2])
    count = len(blocks)
    _, *sizes = net.sizes(node[0])
    grid, rest = _grid(net, sizes, count)
    x = net.reshape(node[0], [*blocks, -1, *grid, *rest])
    pairs = [axis for i in range(count) for axis in (count + 1 + i, i)]
    x = net.transpose(x, [count, *pairs, *range(2 * count + 1, 2 * count + 1 + len(rest))])
    whole = [size * block for size, block in zip(grid, blocks, strict=True)]
    x = net.reshape(x, [-1, *whole, *rest])
    rows = [Cut(1 + i, int(a), whole[i] - int(b), 1) for i, (a, b) in enumerate(crops.tolist()) if a or b]
    return _sliced(net, x, rows, [], [])


def _grid(net: Net, sizes: Sequence[int | None], count: int) -> tuple[list[int], list[int]]:
    known = [size for size in sizes if size is not None]
    if len(known) != len(sizes):
        raise net.refuse("the size of an operand varies", "export it with fixed shapes")
    return known[:count], known[count:]
