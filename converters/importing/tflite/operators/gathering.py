"""Entries by index: gather, scatter, search."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from converters.importing.tflite.node import Node, imports


@imports("GATHER")
def gather(node: Node) -> ir.Value:
    """Pick entries along an axis; with batch axes, each entry of the batch has indices of its own."""
    b, rank = node.builder, len(node.shape(0))
    axis, batch = node.axis(int(node.attribute("axis", 0)), rank), int(node.attribute("batch_dims", 0))
    if not batch:
        return b.op("Gather", node.x, node[1], axis=axis)
    if axis != batch:
        raise node.refuse(f"its axis {axis} does not follow its {batch} batch axes", "transpose its operand before")
    indices = b.op("Unsqueeze", b.cast(node[1], np.int64), b.constant([-1]))
    return b.op("GatherND", node.x, indices, batch_dims=batch)


@imports("EMBEDDING_LOOKUP")
def embedding(node: Node) -> ir.Value:
    """Pick rows of a table, which is the second operand."""
    return node.builder.op("Gather", node[1], node[0], axis=0)


@imports("GATHER_ND")
def gather_nd(node: Node) -> ir.Value:
    """Pick entries, or rows, by tuples of indices along the last axis."""
    return node.builder.op("GatherND", node.x, node.builder.cast(node[1], np.int64))


@imports("SCATTER_ND")
def scatter_nd(node: Node) -> ir.Value:
    """Add entries to zeros at tuples of indices."""
    b = node.builder
    dtype = node.tensor(1).dtype
    if dtype.kind == "b":
        raise node.refuse("it scatters truth values, which cannot be added", "scatter int32")
    zeros = b.op("ConstantOfShape", node.vector(2), value=ir.Tensor(np.zeros(1, dtype)))
    return b.op("ScatterND", zeros, b.cast(node[0], np.int64), node[1], reduction="add")


@imports("WHERE")
def where(node: Node) -> ir.Value:
    """Return tuples of indices of what is true, a row each."""
    found = node.builder.op("Transpose", node.builder.op("NonZero", node.x), perm=[1, 0])
    return node.builder.cast(found, node.op.outputs[0].dtype)


@imports("TOPK_V2")
def top_k(node: Node) -> list[ir.Value]:
    """Return the largest entries along the last axis in order, and where they are; the first of equal ones first."""
    values, indices = node.builder.ops("TopK", [node.x, node.vector(1)], 2, axis=-1)
    return [values, node.builder.cast(indices, node.op.outputs[1].dtype)]


@imports("ONE_HOT")
def one_hot(node: Node) -> ir.Value:
    """Put a number at each index, another elsewhere; ONNX would count negative indices from the end."""
    b, dtype = node.builder, node.op.outputs[0].dtype
    axis = node.axis(int(node.attribute("axis", -1)), len(node.shape(0)) + 1)
    places = b.op(
        "Range", b.constant(np.array(0, np.int32)), b.cast(node[1], np.int32), b.constant(np.array(1, np.int32))
    )
    shape = [1] * (len(node.shape(0)) + 1)
    shape[axis] = -1
    hits = b.op(
        "Equal",
        b.op("Unsqueeze", b.cast(node[0], np.int32), b.constant([axis])),
        b.op("Reshape", places, b.constant(shape)),
    )
    return b.op("Where", hits, b.cast(node[2], dtype), b.cast(node[3], dtype))


@imports("UNSORTED_SEGMENT_PROD", "UNSORTED_SEGMENT_MAX", "UNSORTED_SEGMENT_MIN", "UNSORTED_SEGMENT_SUM")
def unsorted_segments(node: Node) -> ir.Value:
    """Combine rows of one number; those of negative numbers go to a row that is cut off."""
    reduction = {"PROD": "mul", "MAX": "max", "MIN": "min", "SUM": "add"}[node.op.kind.rsplit("_", 1)[1]]
    b, dtype, rank = node.builder, node.tensor(0).dtype, len(node.shape(1))
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    start = {"mul": 1, "max": limits.min, "min": limits.max, "add": 0}[reduction]
    ids, count = b.cast(node[1], np.int64), node.vector(2)
    ids = b.op("Where", b.op("Less", ids, b.constant([0])), count, ids)
    shape = b.op("Concat", b.op("Add", count, b.constant([1])), b.constant(node.sizes(0)[rank:]), axis=0)
    blank = b.op("ConstantOfShape", shape, value=ir.Tensor(np.array([start], dtype)))
    filled = b.op("ScatterND", blank, b.op("Unsqueeze", ids, b.constant([-1])), node.x, reduction=reduction)
    return b.op("Slice", filled, b.constant([0]), b.constant([-1]), b.constant([0]))
