"""Operators that move entries: shapes, joints, padding, order."""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from converters.errors import MalformedModel
from converters.importing.tflite.held import Laid, channels_second
from converters.importing.tflite.node import Node, imports, moved


@imports("RESHAPE")
def reshape(node: Node) -> ir.Value:
    """Reshape to a shape that is an operand or an option; complex numbers are held as pairs along a last axis."""
    b, sizes = node.builder, _target(node)
    pair = [2] if node.tensor(0).dtype.kind == "c" else []
    if sizes is not None:
        shape = b.constant([*sizes, *pair])
    else:
        shape = b.op("Concat", node.vector(1), b.constant(pair), axis=0) if pair else node.vector(1)
    return b.op("Reshape", node.x, shape, **({"allowzero": 1} if sizes and 0 in sizes else {}))


def _target(node: Node) -> list[int] | None:
    """Return the new shape; None where it is computed."""
    if node.has(1) and node.tensor(1).data is None:
        return None
    option = node.attribute("new_shape")
    if not node.has(1) and option is None:
        raise MalformedModel(node.where, "it has no shape, as an input or as an option", "export the model again")
    sizes = node.ints(1, "shape") if node.has(1) else [int(size) for size in np.asarray(option).reshape(-1)]
    present = node.shape(0)
    if -1 not in sizes and None not in present and math.prod(sizes) != math.prod(node.sizes(0)):
        raise MalformedModel(node.where, f"{list(present)} does not fit into {sizes}", "export the model again")
    return sizes


@imports("SQUEEZE")
def squeeze(node: Node) -> ir.Value:
    """Remove axes of size 1: the stated ones, or all."""
    axes = [int(axis) for axis in np.asarray(node.attribute("squeeze_dims", ())).reshape(-1) if axis is not None]
    chosen = axes or [axis for axis, size in enumerate(node.sizes(0)) if size == 1]
    rank = len(node.shape(0))
    return node.builder.op("Squeeze", node.x, node.builder.constant([node.axis(axis, rank) for axis in chosen]))


@imports("EXPAND_DIMS")
def expand_dims(node: Node) -> ir.Value:
    """Insert an axis of size 1."""
    return node.builder.op("Unsqueeze", node.x, node.builder.constant(node.ints(1, "axis")))


@imports("TRANSPOSE")
def transpose(node: Node) -> ir.Value:
    """Put axes in another order, which is constant."""
    rank = len(node.shape(0))
    return node.operand(0).arranged([node.axis(axis, rank) for axis in node.ints(1, "permutation")])


@imports("CONCATENATION")
def concatenate(node: Node) -> Laid:
    """Join along an axis."""
    indices = range(len(node.op.inputs))
    second = node.all_second(*indices)
    rank = len(node.shape(0))
    [axis] = moved([node.axis(int(node.attribute("axis", 0)), rank)], rank, second=second)
    parts = [node.operand(i).real(second=second) for i in indices]
    return Laid(node.builder.op("Concat", *parts, axis=axis), second)


@imports("PAD", "PADV2", "MIRROR_PAD")
def pad(node: Node) -> Laid:
    """Pad by a table `[rank, 2]` with a number (0 unless given), or with the image mirrored at its edge."""
    b, rank, second = node.builder, len(node.shape(0)), node.operand(0).prefers_second
    order = channels_second(rank) if second else [*range(rank)]
    if node.tensor(1).data is None:
        table = b.op("Transpose", b.op("Gather", node[1], b.constant(order), axis=0), perm=[1, 0])
        widths = b.cast(b.op("Reshape", table, b.constant([-1])), np.int64)
    else:
        widths = b.constant([int(width) for width in node.tensor(1).array[order].T.reshape(-1)])
    x = node.operand(0).real(second=second)
    if node.op.kind == "MIRROR_PAD":
        if node.attribute("mode") == "REFLECT":
            return Laid(b.op("Pad", x, widths, mode="reflect"), second)
        raise node.refuse("it repeats the edge itself (SYMMETRIC), which ONNX cannot", "pad in mode REFLECT")
    fill = [node[2]] if node.has(2) else []
    return Laid(b.op("Pad", x, widths, *fill), second)


@imports("PACK")
def pack(node: Node) -> ir.Value:
    """Stack along a new axis."""
    b, axis = node.builder, int(node.attribute("axis", 0))
    parts = [b.op("Unsqueeze", node[i], b.constant([axis])) for i in range(len(node.op.inputs))]
    return b.op("Concat", *parts, axis=axis)


@imports("UNPACK")
def unpack(node: Node) -> list[ir.Value]:
    """Return every entry along an axis by itself."""
    b, rank = node.builder, len(node.shape(0))
    axis = node.axis(int(node.attribute("axis", 0)), rank)
    count = len(node.op.outputs)
    parts = b.ops("Split", [node.x, b.constant([1] * count)], count, axis=axis)
    return [b.op("Squeeze", part, b.constant([axis])) for part in parts]


@imports("SPLIT")
def split(node: Node) -> list[Laid]:
    """Cut into equal parts along an axis, which is the first operand."""
    return _cut(node, 1, node.ints(0, "axis")[0], None)


@imports("SPLIT_V")
def split_sizes(node: Node) -> list[Laid]:
    """Cut into parts of given sizes along an axis; a size of -1 is what is left."""
    axis = node.axis(node.ints(2, "axis")[0], len(node.shape(0)))
    sizes = node.ints(1, "sizes")
    if -1 in sizes:
        sizes[sizes.index(-1)] = node.sizes(0)[axis] - sum(size for size in sizes if size >= 0)
    return _cut(node, 0, axis, sizes)


def _cut(node: Node, index: int, axis: int, sizes: list[int] | None) -> list[Laid]:
    """Cut an operand along an axis; into equal parts without sizes."""
    rank, second, count = len(node.shape(index)), node.operand(index).prefers_second, len(node.op.outputs)
    [place] = moved([node.axis(axis, rank)], rank, second=second)
    operands = [node.operand(index).real(second=second)] + ([node.builder.constant(sizes)] if sizes else [])
    options = {} if sizes else {"num_outputs": count}
    return [Laid(part, second) for part in node.builder.ops("Split", operands, count, axis=place, **options)]


@imports("TILE")
def tile(node: Node) -> ir.Value:
    """Repeat along each axis."""
    return node.builder.op("Tile", node.x, node.vector(1))


@imports("BROADCAST_TO")
def broadcast(node: Node) -> ir.Value:
    """Repeat along axes of size 1."""
    return node.builder.op("Expand", node.x, node.vector(1))


@imports("FILL")
def fill(node: Node) -> ir.Value:
    """Fill a shape with one number."""
    return node.builder.op("Expand", node[1], node.vector(0))


@imports("SHAPE")
def shape(node: Node) -> ir.Value:
    """Return the sizes of axes."""
    return node.builder.cast(node.builder.op("Shape", node.operand(0).as_stored()), node.op.outputs[0].dtype)


@imports("RANGE")
def range_(node: Node) -> ir.Value:
    """Count from a start to below an end."""
    return node.builder.op("Range", node[0], node[1], node[2])


@imports("SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND")
def blocks_and_batches(node: Node) -> ir.Value:
    """Move blocks of pixels to entries of the batch and back; images `[N, H, W, C]`, constant block and padding."""
    block, table = node.ints(1, "block"), node.constant(2, "padding")
    sizes = node.shape(0)
    if len(sizes) != 4 or len(block) != 2 or table.shape != (2, 2):
        raise node.refuse(f"a block of {len(block)} axes in rank {len(sizes)} is not imported", "use images")
    forth = node.op.kind == "SPACE_TO_BATCH_ND"
    return _to_batch(node, block, table) if forth else _to_space(node, block, table)


def _to_batch(node: Node, block: list[int], table: np.ndarray) -> ir.Value:
    b, (_, h, w, c) = node.builder, node.sizes(0)
    (top, bottom), (left, right) = table.tolist()
    x = b.op("Pad", node.x, b.constant([0, top, left, 0, 0, bottom, right, 0]))
    rows, columns = (h + top + bottom) // block[0], (w + left + right) // block[1]
    x = b.op("Reshape", x, b.constant([-1, rows, block[0], columns, block[1], c]))
    x = b.op("Transpose", x, perm=[2, 4, 0, 1, 3, 5])
    return b.op("Reshape", x, b.constant([-1, rows, columns, c]))


def _to_space(node: Node, block: list[int], table: np.ndarray) -> ir.Value:
    b, (_, h, w, c) = node.builder, node.sizes(0)
    (top, bottom), (left, right) = table.tolist()
    x = b.op("Reshape", node.x, b.constant([*block, -1, h, w, c]))
    x = b.op("Transpose", x, perm=[2, 3, 0, 4, 1, 5])
    height, width = h * block[0], w * block[1]
    x = b.op("Reshape", x, b.constant([-1, height, width, c]))
    return b.op("Slice", x, b.constant([top, left]), b.constant([height - bottom, width - right]), b.constant([1, 2]))
