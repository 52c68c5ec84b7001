"""Non-maximum suppression."""

from __future__ import annotations

import numpy as np

from converters.edge_graph import Tensor
from converters.lowering import arithmetic as a
from converters.lowering.builder import INT32
from converters.lowering.indexing import static_shape
from converters.lowering.node import Node, lowers
from converters.lowering.reshaping import reshape
from converters.lowering.shapes import concat, slice_, split, squeeze, unsqueeze, vector
from converters.lowering.value import Value


@lowers("NonMaxSuppression")
def non_max_suppression(node: Node) -> Value:
    """Rows `[batch, class, box]` of the boxes that no better box covers, for each batch entry and class."""
    boxes, scores = node.x, node[1]
    batches, classes, count = static_shape(scores)
    most = node.ints(2, "max_output_boxes_per_class") or [0]
    limit = min(most[0], count)
    if limit <= 0:
        raise node.refuse("it selects no box", "set max_output_boxes_per_class")
    corners = _corners(boxes) if node.attribute("center_point_box", 0) else _ordered(boxes)
    rows = [_selected(node, corners, scores, batch, kind, limit) for batch in range(batches) for kind in range(classes)]
    return a.cast(concat(rows, 0), np.dtype(np.int64))


def _corners(boxes: Value) -> Value:
    """Turn `[centre x, centre y, width, height]` into `[y1, x1, y2, x2]`."""
    x, y, w, h = split(boxes, [1] * 4, -1)
    return concat([y - h * 0.5, x - w * 0.5, y + h * 0.5, x + w * 0.5], -1)


def _ordered(boxes: Value) -> Value:
    """Put the lower corner first, whichever diagonal is given."""
    y1, x1, y2, x2 = split(boxes, [1] * 4, -1)
    return concat([a.minimum(y1, y2), a.minimum(x1, x2), a.maximum(y1, y2), a.maximum(x1, x2)], -1)


def _selected(node: Node, boxes: Value, scores: Value, batch: int, kind: int, limit: int) -> Value:
    builder = node.builder
    own = squeeze(slice_(boxes, {0: slice(batch, batch + 1)}), [0])
    points = squeeze(slice_(scores, {0: slice(batch, batch + 1), 1: slice(kind, kind + 1)}), [0, 1])
    overlap, least = _threshold(node, 3, 0.0), _threshold(node, 4, float(np.finfo(np.float32).min))
    indices, valid = Tensor(INT32, (limit,)), Tensor(INT32, ())
    maximum = Tensor(INT32, (), np.array(limit, np.int32))
    operands = [builder.tensor(own), builder.tensor(points), maximum, overlap, least]
    builder.compute_dtype("NON_MAX_SUPPRESSION_V4", boxes.dtype)
    builder.append("NON_MAX_SUPPRESSION_V4", list(operands), [indices, valid], {})
    size = builder.tensor(reshape(builder.value(valid), [1]))
    found = builder.value(builder.emit("SLICE", [indices], [vector(0), size], shape=(None,)))
    column = unsqueeze(found, [1])
    zero = column * 0
    return concat([zero + batch, zero + kind, column], 1)


def _threshold(node: Node, index: int, default: float) -> Tensor:
    value = node.get(index)
    if value is None:
        return Tensor(np.dtype(np.float32), (), np.array(default, np.float32))
    return node.builder.tensor(reshape(value, []))
