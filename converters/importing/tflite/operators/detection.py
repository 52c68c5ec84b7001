"""Non-maximum suppression, and the operator that detectors of the TensorFlow Object Detection API end with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx_ir as ir
from flatbuffers import flexbuffers

from converters.errors import MalformedModel
from converters.importing.tflite.builder import Builder
from converters.importing.tflite.node import Node, imports

MOST = 2**20  # boxes: more than any detector looks at
PER_CLASS = 100  # boxes of one class that the slow variant keeps, unless the options say otherwise
POSTPROCESS = "CUSTOM:TFLite_Detection_PostProcess"
SCALES = ("y_scale", "x_scale", "h_scale", "w_scale")
NEEDED = (*SCALES, "max_detections", "max_classes_per_detection", "num_classes", "nms_score_threshold",
          "nms_iou_threshold")  # fmt: skip


@imports("NON_MAX_SUPPRESSION_V4")
def non_max_suppression(node: Node) -> list[ir.Value]:
    """Select boxes `[N, 4]` that no better one covers: indices by falling score, 0 behind them, and their number."""
    b, [most] = node.builder, node.ints(2, "number of boxes")
    rows = _survivors(b, node.x, b.op("Unsqueeze", node[1], b.constant([0])), most, node[3], node[4])
    picks, count = _first(node, b.op("Gather", rows, b.constant(2, np.int64), axis=1), most), b.op("Shape", rows, end=1)
    return [b.cast(picks, np.int32), b.op("Squeeze", b.cast(count, np.int32), b.constant([0]))]


def _survivors(
    b: Builder, boxes: ir.Value, scores: ir.Value, most: int, overlap: ir.Value, least: ir.Value
) -> ir.Value:
    """Return rows `[0, class, box]` of boxes `[N, 4]` by class and falling score; scores are `[classes, N]`."""
    batch = b.constant([0])
    operands = b.op("Unsqueeze", boxes, batch), b.op("Unsqueeze", scores, batch), b.constant([most])
    return b.op("NonMaxSuppression", *operands, overlap, least)


def _first(node: Node, found: ir.Value, most: int) -> ir.Value:
    """Return so many of the entries that were found; 0 where there are fewer."""
    if not 0 < most <= MOST:
        raise node.refuse(f"it selects {most:,} boxes", f"let it select 1 to {MOST:,}")
    b = node.builder
    filled = b.op("Concat", found, b.constant([0] * most), axis=0)
    return b.op("Gather", filled, b.constant([*range(most)]), axis=0)


@imports(POSTPROCESS)
def detections(node: Node) -> list[ir.Value]:
    """Return boxes `[1, D, 4]` (y_min, x_min, y_max, x_max), classes, scores `[1, D]` and their number `[1]`, float32.

    Operands are encoded boxes `[1, N, 4]`, scores `[1, N, C]` and anchors `[N, 4]`. Only the order of scores counts for
    who covers whom, so boxes compete by their rank: of equal scores the earlier box is better, in every runtime.
    Behind the last detection stand zeros, where LiteRT leaves the memory as it was.
    """
    options = _options(node)
    b, most = node.builder, int(options["max_detections"])
    select = _by_class if options.get("use_regular_nms") else _by_best_class
    boxes, kinds, scores, count = select(node, options, _decoded(node, options), most)
    per_box = int(options["max_classes_per_detection"])
    boxes = b.op("Tile", boxes, b.constant([1, per_box])) if per_box > 1 else boxes
    valid = b.op("Unsqueeze", b.op("Less", b.constant([*range(most)]), count), b.constant([1]))
    shapes = ([1, most * per_box, 4], [1, most * per_box], [1, most * per_box])
    filled = [b.op("Where", valid, value, b.constant(0.0)) for value in (boxes, kinds, scores)]
    results = [b.op("Reshape", value, b.constant(shape)) for value, shape in zip(filled, shapes, strict=True)]
    return [*results, b.cast(count, np.float32)]


def _by_best_class(node: Node, options: Mapping[str, Any], boxes: ir.Value, most: int) -> list[ir.Value]:
    """Let boxes compete by the score of their best class, whatever that is: LiteRT's fast variant.

    Returns boxes `[D, 4]`, classes and scores `[D, classes of a box]`, and how many count `[1]`.
    """
    b, per_box = node.builder, int(options["max_classes_per_detection"])
    scores, kinds = b.ops("TopK", [_named(node, options), b.constant([per_box])], 2)
    best = b.op("Slice", scores, b.constant([0]), b.constant([1]), b.constant([1]))
    best = b.op("Transpose", best, perm=[1, 0])
    competing = _above(b, best, _ranks(b, best, node.sizes(2)[0]), options)
    overlap = b.constant(float(options["nms_iou_threshold"]))
    rows = _survivors(b, boxes, competing, most, overlap, b.constant(0.0))
    picks = _first(node, b.op("Gather", rows, b.constant(2, np.int64), axis=1), most)
    taken = [b.op("Gather", value, picks, axis=0) for value in (boxes, b.cast(kinds, np.float32), scores)]
    return [*taken, b.op("Shape", rows, end=1)]


def _by_class(node: Node, options: Mapping[str, Any], boxes: ir.Value, most: int) -> list[ir.Value]:
    """Let boxes compete within each class, then take the best of all: LiteRT's regular variant.

    Returns boxes `[D, 4]`, classes and scores `[D, 1]`, and how many count `[1]`.
    """
    if int(options["max_classes_per_detection"]) != 1:
        raise node.refuse("it names several classes of a box (max_classes_per_detection)", "export it with one")
    b, count = node.builder, node.sizes(2)[0]
    scores = b.op("Transpose", _named(node, options), perm=[1, 0])
    limit, overlap = int(options.get("detections_per_class", PER_CLASS)), float(options["nms_iou_threshold"])
    competing = _above(b, scores, _ranks(b, scores, count), options)
    rows = _survivors(b, boxes, competing, limit, b.constant(overlap), b.constant(0.0))
    size, total = max(int(options["num_classes"]) * min(limit, count), most), b.op("Shape", rows, end=1)
    columns = (b.op("Gather", rows, b.constant(column, np.int64), axis=1) for column in (1, 2))
    kinds, places = (_first(node, column, size) for column in columns)
    own = b.op("Add", b.op("Mul", kinds, b.constant(count, np.int64)), places)
    own = b.op("Gather", b.op("Reshape", scores, b.constant([-1])), own, axis=0)
    found = b.op("Less", b.constant([*range(size)]), total)
    own = b.op("Where", found, own, b.constant(float(np.finfo(np.float32).min)))
    top, at = b.ops("TopK", [own, b.constant([most])], 2)
    kinds, places = (b.op("Gather", value, at, axis=0) for value in (kinds, places))
    taken = [b.op("Unsqueeze", value, b.constant([1])) for value in (b.cast(kinds, np.float32), top)]
    return [b.op("Gather", boxes, places, axis=0), *taken, b.op("Min", total, b.constant([most]))]


def _ranks(b: Builder, scores: ir.Value, count: int) -> ir.Value:
    """Return the rank of each of `count` scores along the last axis, from `count` for the best down to 1."""
    _, order = b.ops("TopK", [scores, b.constant([count])], 2)
    _, places = b.ops("TopK", [order, b.constant([count])], 2, largest=0)  # sorting an order inverts it
    return b.op("Sub", b.constant(float(count)), b.cast(places, np.float32))


def _above(b: Builder, scores: ir.Value, ranks: ir.Value, options: Mapping[str, Any]) -> ir.Value:
    """Return the ranks of scores, 0 for those below the threshold."""
    low = b.op("Less", scores, b.constant(float(options["nms_score_threshold"])))
    return b.op("Where", low, b.constant(0.0), ranks)


def _named(node: Node, options: Mapping[str, Any]) -> ir.Value:
    """Return the scores of classes without the background `[N, classes]`."""
    b, kinds = node.builder, int(options["num_classes"])
    start = node.sizes(1)[2] - kinds
    flat = b.op("Squeeze", node[1], b.constant([0]))
    return b.op("Slice", flat, b.constant([start]), b.constant([start + kinds]), b.constant([1]))


def _options(node: Node) -> Mapping[str, Any]:
    """Read the options, a FlexBuffers map."""
    options = flexbuffers.Loads(node.attribute("options"))
    missing = [name for name in NEEDED if name not in options]
    if missing:
        raise MalformedModel(node.where, f"its options lack {', '.join(missing)}", "export the model again")
    per_box, kinds, scores = options["max_classes_per_detection"], options["num_classes"], node.sizes(1)[-1]
    if not 1 <= per_box <= kinds <= scores:
        why = f"it names {per_box} of {kinds} classes for each box, and there are {scores} scores"
        raise MalformedModel(node.where, why, "export the model again")
    return dict(options)


def _decoded(node: Node, options: Mapping[str, Any]) -> ir.Value:
    """Return corners from centres relative to anchors: SSD's encoding."""
    b = node.builder
    flat = b.op("Squeeze", node.x, b.constant([0]))
    y, x, h, w = b.ops("Split", [flat, b.constant([1] * 4)], 4, axis=1)
    anchor_y, anchor_x, anchor_h, anchor_w = b.ops("Split", [node[2], b.constant([1] * 4)], 4, axis=1)
    by_y, by_x, by_h, by_w = (b.constant(float(options[name])) for name in SCALES)
    centre_y = b.op("Add", b.op("Mul", b.op("Div", y, by_y), anchor_h), anchor_y)
    centre_x = b.op("Add", b.op("Mul", b.op("Div", x, by_x), anchor_w), anchor_x)
    half = b.constant(0.5)
    half_h = b.op("Mul", b.op("Mul", half, b.op("Exp", b.op("Div", h, by_h))), anchor_h)
    half_w = b.op("Mul", b.op("Mul", half, b.op("Exp", b.op("Div", w, by_w))), anchor_w)
    low = (b.op("Sub", centre_y, half_h), b.op("Sub", centre_x, half_w))
    high = (b.op("Add", centre_y, half_h), b.op("Add", centre_x, half_w))
    return b.op("Concat", *low, *high, axis=1)
