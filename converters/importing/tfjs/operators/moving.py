"""Operators that move entries about: slices, joins, gathers, paddings. Shapes and axes have to be constants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from converters.importing.net import Net
from converters.importing.tfjs.node import Node, Read

INT64 = ir.DataType.INT64
INT32 = ir.DataType.INT32
END = np.iinfo(np.int64).max  # to the end of an axis, and MIN beyond its beginning
MIN = np.iinfo(np.int64).min


def reshape(node: Node) -> ir.Value:
    """Give x the sizes that an operand says; 0 means 0."""
    net, sizes = node.net, node.net.known(node[1])
    if None not in sizes:
        return net.reshape(node[0], [size or 0 for size in sizes])
    y = net.add("Reshape", [node[0], net.cast(node[1], INT64)], allowzero=1)
    y.shape = ir.Shape([None if size == -1 else size for size in sizes])
    return y


def broadcast(node: Node) -> ir.Value:
    """Repeat x up to a shape."""
    return node.net.add("Expand", [node[0], node.net.cast(node[1], INT64)])


def fill(node: Node) -> ir.Value:
    """Make a tensor of one number."""
    return node.net.add("Expand", [node[1], node.net.cast(node[0], INT64)])


def shape(node: Node) -> ir.Value:
    """Return the sizes of x as int32."""
    return node.net.cast(node.net.shape(node[0]), INT32)


def size(node: Node) -> ir.Value:
    """Return the count of entries."""
    return node.net.cast(node.net.add("Size", [node[0]]), INT32)


def rank(node: Node) -> ir.Value:
    """Return the count of axes."""
    return node.net.constant(node.net.rank(node[0]), np.int32)


def transpose(node: Node) -> ir.Value:
    """Put the axes in another order."""
    order = [node.axis(axis) for axis in node.integers(1)]
    if sorted(order) != [*range(node.net.rank(node[0]))]:
        raise node.net.malformed(f"its order of axes is {order} of rank {node.net.rank(node[0])}")
    return node.net.transpose(node[0], order)


def expand_dims(node: Node) -> ir.Value:
    """Insert an axis of size 1."""
    return node.net.add("Unsqueeze", [node[0], node.net.constant([node.integer(1)], np.int64)])


def squeeze(node: Node) -> ir.Value:
    """Remove axes of size 1: those named, or all."""
    axes = node.attribute("squeeze_dims", node.attribute("axis", []))
    return node.net.add("Squeeze", [node[0], *([node.net.constant(axes, np.int64)] if axes else [])])


def concat(place: int) -> Read:
    """Join along an axis, which is the first or the last operand."""

    def read(node: Node) -> ir.Value:
        parts = [*node.inputs]
        (axis,) = node.net.integers(parts.pop(place))
        return node.net.add("Concat", parts, axis=node.axis(axis, node.net.rank(parts[0])))

    return read


def pack(node: Node) -> ir.Value:
    """Join along a new axis."""
    net = node.net
    axis = node.axis(node.attribute("axis", 0), net.rank(node[0]) + 1)
    parts = [net.add("Unsqueeze", [x, net.constant([axis], np.int64)]) for x in node.inputs]
    return net.add("Concat", parts, axis=axis)


def unpack(node: Node) -> list[ir.Value]:
    """Cut into pieces of size 1, and remove the axis."""
    net, axis = node.net, node.axis(node.attribute("axis", 0))
    pieces = _cut(net, node[0], axis, [1] * int(node.attribute("num", net.sizes(node[0])[axis])))
    return [net.add("Squeeze", [piece, net.constant([axis], np.int64)]) for piece in pieces]


def split(node: Node) -> list[ir.Value]:
    """Cut into equal pieces along an axis, which is the first operand."""
    net, x, count = node.net, node[1], int(node.attributes["num_split"])
    axis = node.axis(node.integer(0), net.rank(x))
    whole = net.sizes(x)[axis]
    if whole is None or count < 1 or whole % count:
        raise node.net.malformed(f"an axis of size {whole} does not split into {count} equal pieces")
    return _cut(net, x, axis, [whole // count] * count)


def split_v(node: Node) -> list[ir.Value]:
    """Cut into pieces of stated sizes; one may be -1, the rest."""
    sizes, axis = node.integers(1), node.axis(node.integer(2))
    whole = node.net.sizes(node[0])[axis]
    if -1 in sizes and whole is not None:
        sizes[sizes.index(-1)] = whole - sum(sizes) - 1
    return _cut(node.net, node[0], axis, sizes)


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


def strided_slice(node: Node) -> ir.Value:
    """x[begin:end:stride] with NumPy's notation in bit masks: one bit for each entry of the bounds.

    Source: `StridedSlice` in TensorFlow's `array_ops.cc`.
    """
    net = node.net
    begins, ends, strides = (node.integers(i) for i in (1, 2, 3))
    masks = {
        name: int(node.attribute(f"{name}_mask", 0)) for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    }
    axes, added, dropped, axis, place = [], [], [], 0, 0
    for i, (begin, end, stride) in enumerate(zip(begins, ends, strides, strict=True)):
        bit = {name: mask >> i & 1 for name, mask in masks.items()}
        if bit["ellipsis"]:
            later = sum(not masks["new_axis"] >> k & 1 for k in range(i + 1, len(begins)))
            place += net.rank(node[0]) - later - axis
            axis = net.rank(node[0]) - later
            continue
        if bit["new_axis"]:
            added.append(place)
            place += 1
            continue
        if bit["shrink_axis"]:
            dropped.append(axis)
            begin, end, stride = begin, begin + 1 if begin != -1 else END, 1
        else:
            begin = begin if not bit["begin"] else 0 if stride > 0 else END
            end = end if not bit["end"] else END if stride > 0 else MIN
            place += 1
        axes.append((axis, begin, end, stride))
        axis += 1
    return _sliced(net, node[0], axes, dropped, added)


def _sliced(
    net: Net, x: ir.Value, axes: Sequence[tuple[int, int, int, int]], dropped: Sequence[int], added: Sequence[int]
) -> ir.Value:
    """Slice `(axis, begin, end, stride)`, then drop axes, then insert some."""
    cut = [row for row in axes if row[1:] != (0, END, 1)]
    if cut:
        numbers, begins, ends, strides = (net.constant(column, np.int64) for column in zip(*cut, strict=True))
        x = net.add("Slice", [x, begins, ends, numbers, strides])
    if dropped:
        x = net.add("Squeeze", [x, net.constant(dropped, np.int64)])
    return net.add("Unsqueeze", [x, net.constant(added, np.int64)]) if added else x


def gather(node: Node) -> ir.Value:
    """Entries of one axis at indices."""
    if node.attribute("batch_dims", 0):
        raise node.net.refuse("its indices differ from batch to batch", "use a model without batch_dims")
    axis = node.axis(node.integer(2)) if len(node.inputs) > 2 else 0
    return node.net.add("Gather", [node[0], node[1]], axis=axis)


def gather_nd(node: Node) -> ir.Value:
    """Entries at indices of several axes."""
    return node.net.add("GatherND", [node[0], node.net.cast(node[1], INT64)])


def scatter_nd(node: Node) -> ir.Value:
    """Put entries into zeros; those that fall on one place are added."""
    net = node.net
    zeros = net.add("Expand", [net.like(0, node[1]), net.cast(node[2], INT64)])
    return net.add("ScatterND", [zeros, net.cast(node[0], INT64), node[1]], reduction="add")


def tile(node: Node) -> ir.Value:
    """Repeat along axes."""
    return node.net.add("Tile", [node[0], node.net.cast(node[1], INT64)])


def pad(node: Node) -> ir.Value:
    """Surround with a constant: 0, or the third operand."""
    net = node.net
    widths = net.constant(net.array(node[1]).T.reshape(-1), np.int64)
    number = [net.cast(net.reshape(node[2], []), node[0].dtype or ir.DataType.FLOAT)] if len(node.inputs) > 2 else []
    return net.add("Pad", [node[0], widths, *number])


def mirror_pad(node: Node) -> ir.Value:
    """Surround with what lies inside, mirrored: with the border (SYMMETRIC) or without it (REFLECT)."""
    net, widths = node.net, node.net.array(node[1])
    if node.attributes["mode"] == "REFLECT":
        return net.add("Pad", [node[0], net.constant(widths.T.reshape(-1), np.int64)], mode="reflect")
    x = node[0]
    for axis, (before, behind) in enumerate(widths.tolist()):
        if before or behind:
            places = np.pad(np.arange(net.fixed(x)[axis]), (before, behind), "symmetric")
            x = net.add("Gather", [x, net.constant(places, np.int64)], axis=axis)
    return x


def range_(node: Node) -> ir.Value:
    """start, start + step, … below the limit."""
    return node.net.add("Range", [node.net.reshape(x, []) for x in node.inputs])


def select(node: Node) -> ir.Value:
    """Take x where a condition holds, else y; a vector as condition chooses whole rows."""
    net, condition = node.net, node[0]
    if node.op == "Select" and net.rank(condition) == 1 and net.rank(node[1]) > 1:
        condition = net.reshape(condition, [-1, *[1] * (net.rank(node[1]) - 1)])
    return net.add("Where", [condition, node[1], node[2]])


def where(node: Node) -> ir.Value:
    """Return the places of what is true, a row for each."""
    return node.net.cast(node.net.transpose(node.net.add("NonZero", [node[0]]), [1, 0]), INT32)


def reverse(node: Node) -> ir.Value:
    """Turn axes round."""
    axes = [(node.axis(axis), END, MIN, -1) for axis in node.integers(1)]
    return _sliced(node.net, node[0], axes, [], [])


def one_hot(node: Node) -> ir.Value:
    """Put one number at an index of a new axis, another one everywhere else."""
    net, axis = node.net, node.attribute("axis", -1)
    values = net.add("Concat", [net.reshape(node[i], [1]) for i in (3, 2)], axis=0)
    return net.add("OneHot", [node[0], net.reshape(net.cast(node[1], INT64), []), values], axis=axis)


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
    rows = [(1 + i, int(a), whole[i] - int(b), 1) for i, (a, b) in enumerate(crops.tolist()) if a or b]
    return _sliced(net, x, rows, [], [])


def _grid(net: Net, sizes: Sequence[int | None], count: int) -> tuple[list[int], list[int]]:
    known = [size for size in sizes if size is not None]
    if len(known) != len(sizes):
        raise net.refuse("the size of an operand varies", "export it with fixed shapes")
    return known[:count], known[count:]


def depth_to_space(node: Node) -> ir.Value:
    """Channels to blocks of pixels; TensorFlow's order of channels is ONNX's DCR."""
    return _between(node, "DepthToSpace", mode="DCR")


def space_to_depth(node: Node) -> ir.Value:
    """Blocks of pixels to channels."""
    return _between(node, "SpaceToDepth")


def _between(node: Node, op: str, **options: str) -> ir.Value:
    if node.attribute("data_format", "NHWC") != "NHWC":
        return node.net.add(op, [node[0]], blocksize=node.attributes["block_size"], **options)
    image = node.net.transpose(node[0], [0, 3, 1, 2])
    y = node.net.add(op, [image], blocksize=node.attributes["block_size"], **options)
    return node.net.transpose(y, [0, 2, 3, 1])
