"""Operators that move entries about: shapes, joins, gathers, paddings."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from converters.importing.tfjs.node import Node, Read

INT64 = ir.DataType.INT64
INT32 = ir.DataType.INT32
MOST_PLACES = 2**20  # that are written out as a constant: a few bytes may claim any number


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
    if widths.max(initial=0) > MOST_PLACES:
        raise net.malformed(f"it is padded by {widths.max():,}", f"stay below {MOST_PLACES:,}")
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


def one_hot(node: Node) -> ir.Value:
    """Put one number at an index of a new axis, another one everywhere else; ONNX's own counts negative ones back."""
    net, rank = node.net, node.net.rank(node[0]) + 1
    axis = node.axis(node.attribute("axis", -1), rank)
    if node.integer(1) > MOST_PLACES:
        raise net.malformed(f"its depth is {node.integer(1):,}", f"stay below {MOST_PLACES:,}")
    places = np.arange(node.integer(1)).reshape([-1 if i == axis else 1 for i in range(rank)])
    index = net.add("Unsqueeze", [net.cast(node[0], INT32), net.constant([axis], np.int64)])
    return net.add("Where", [net.add("Equal", [index, net.constant(places, np.int32)]), node[2], node[3]])


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
