"""Suppression of boxes that overlap better ones.

Boxes are `[n, 4]`, scores `[n]`; TensorFlow and ONNX keep a box whose score is above the threshold, and drop one whose
overlap with a better one is above the other threshold.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from converters.importing.net import Net
from converters.importing.tfjs.node import Node

INT32, INT64 = ir.DataType.INT32, ir.DataType.INT64


def suppress(node: Node) -> ir.Value:
    """Return the indices of the boxes that stay, the best first: NonMaxSuppressionV2 and V3."""
    return node.net.cast(_kept(node), INT32)


def suppress_padded(node: Node) -> list[ir.Value]:
    """Return indices, filled up with 0 where asked for, and how many count: NonMaxSuppressionV4."""
    kept = _kept(node)
    return [node.net.cast(_filled(node, kept), INT32), _count(node.net, kept)]


def suppress_scored(node: Node) -> list[ir.Value]:
    """Return indices, their scores, and how many count: NonMaxSuppressionV5, whose scores may not decay."""
    if len(node.inputs) > 5 and node.net.array(node[5]).item() != 0:
        raise node.net.refuse("its scores decay by overlap (soft_nms_sigma)", "use a sigma of 0")
    kept = _kept(node)
    scores = node.net.add("Gather", [node[1], kept], axis=0)
    return [node.net.cast(_filled(node, kept), INT32), _filled(node, scores), _count(node.net, kept)]


def _kept(node: Node) -> ir.Value:
    net = node.net
    boxes, scores = (_unsqueezed(net, x, axes) for x, axes in ((node[0], [0]), (node[1], [0, 1])))
    limits = [net.reshape(x, [1]) for x in (net.cast(node[2], INT64), *node.inputs[3:5])]
    rows = net.add("NonMaxSuppression", [boxes, scores, *limits])  # [boxes that stay, (batch, class, index)]
    return net.add("Gather", [rows, net.constant(2, np.int64)], axis=1)


def _unsqueezed(net: Net, x: ir.Value, axes: Sequence[int]) -> ir.Value:
    return net.add("Unsqueeze", [x, net.constant(axes, np.int64)])


def _filled(node: Node, x: ir.Value) -> ir.Value:
    """Fill a vector up to the most boxes that may stay, if the node asks for that."""
    net = node.net
    if not node.attribute("pad_to_max_output_size", False):
        return x
    most = net.cast(net.reshape(node[2], [1]), INT64)
    zeros = net.add("Expand", [net.like(0, x), most])
    return net.add("Slice", [net.add("Concat", [x, zeros], axis=0), net.constant([0], np.int64), most])


def _count(net: Net, x: ir.Value) -> ir.Value:
    return net.cast(net.add("Size", [x]), INT32)
