"""Non-maximum suppression, and the operator that detectors of the TensorFlow Object Detection API end with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx_ir as ir
from flatbuffers import flexbuffers

from converters.errors import MalformedModel
from converters.tflite_import.builder import Builder
from converters.tflite_import.node import Node, imports

POSTPROCESS = "CUSTOM:TFLite_Detection_PostProcess"
SCALES = ("y_scale", "x_scale", "h_scale", "w_scale")
NEEDED = (*SCALES, "max_detections", "max_classes_per_detection", "num_classes", "nms_score_threshold",
          "nms_iou_threshold")  # fmt: skip


@imports("NON_MAX_SUPPRESSION_V4")
def non_max_suppression(node: Node) -> list[ir.Value]:
    """Select boxes `[N, 4]` that no better one covers: indices by falling score, 0 behind them, and their number."""
    b, [most] = node.builder, node.ints(2, "number of boxes")
    picks, count = _selected(b, node.x, node[1], most, node[3], node[4])
    return [b.cast(picks, np.int32), b.op("Squeeze", b.cast(count, np.int32), b.constant([0]))]


def _selected(
    b: Builder, boxes: ir.Value, scores: ir.Value, most: int, overlap: ir.Value, least: ir.Value
) -> tuple[ir.Value, ir.Value]:
    """Return `most` indices of boxes, 0 behind the last, and their number `[1]`, both int64."""
    rows = b.op(
        "NonMaxSuppression",
        b.op("Unsqueeze", boxes, b.constant([0])),
        b.op("Unsqueeze", scores, b.constant([0, 1])),
        b.constant([most]),
        overlap,
        least,
    )
    picks = b.op("Gather", rows, b.constant(2, np.int64), axis=1)
    filled = b.op("Concat", picks, b.constant([0] * most), axis=0)
    return b.op("Gather", filled, b.constant([*range(most)]), axis=0), b.op("Shape", rows, end=1)


@imports(POSTPROCESS)
def detections(node: Node) -> list[ir.Value]:
    """Return boxes `[1, D, 4]` (y_min, x_min, y_max, x_max), classes, scores `[1, D]` and their number `[1]`, float32.

    Operands are encoded boxes `[1, N, 4]`, scores `[1, N, C]` and anchors `[N, 4]`. The fast variant, as LiteRT has it:
    boxes compete by the score of their best class, whatever that is. Only the order counts for that, so boxes are
    sorted before: of equal scores the earlier box is better, in every runtime.
    """
    options = _options(node)
    b, most, per_box = node.builder, int(options["max_detections"]), int(options["max_classes_per_detection"])
    boxes, kinds, scores = _decoded(node, options), *_best_classes(node, options, per_box)
    count = node.sizes(2)[0]
    first = b.op("Reshape", b.op("Slice", scores, b.constant([0]), b.constant([1]), b.constant([1])), b.constant([-1]))
    ranked, order = b.ops("TopK", [first, b.constant([count])], 2)
    boxes = b.op("Gather", boxes, order, axis=0)
    ranks = b.constant(np.arange(count, 0, -1, dtype=np.float32))
    low = b.op("Less", ranked, b.constant(float(options["nms_score_threshold"])))
    competing = b.op("Where", low, b.constant(0.0), ranks)
    overlap = b.constant(float(options["nms_iou_threshold"]))
    picks, found = _selected(b, boxes, competing, most, overlap, b.constant(0.0))
    valid = b.op("Unsqueeze", b.op("Less", b.constant([*range(most)]), found), b.constant([1]))
    rows = b.op("Gather", order, picks, axis=0)
    taken = [b.op("Gather", boxes, picks, axis=0), *(b.op("Gather", v, rows, axis=0) for v in (kinds, scores))]
    taken[0] = b.op("Tile", taken[0], b.constant([1, per_box])) if per_box > 1 else taken[0]
    shapes = ([1, most * per_box, 4], [1, most * per_box], [1, most * per_box])
    filled = [b.op("Where", valid, value, b.constant(0.0)) for value in taken]
    results = [b.op("Reshape", value, b.constant(shape)) for value, shape in zip(filled, shapes, strict=True)]
    return [*results, b.cast(found, np.float32)]


def _options(node: Node) -> Mapping[str, Any]:
    """Read the options, a FlexBuffers map."""
    options = flexbuffers.Loads(node.attribute("options"))
    missing = [name for name in NEEDED if name not in options]
    if missing:
        raise MalformedModel(node.where, f"its options lack {', '.join(missing)}", "export the model again")
    if options.get("use_regular_nms"):
        raise node.refuse("it selects boxes for each class (use_regular_nms)", "export it with the fast variant")
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


def _best_classes(node: Node, options: Mapping[str, Any], count: int) -> tuple[ir.Value, ir.Value]:
    """Return the best classes of each box `[N, count]`, counted without the background, and their scores."""
    b, kinds = node.builder, int(options["num_classes"])
    start = node.sizes(1)[2] - kinds
    flat = b.op("Squeeze", node[1], b.constant([0]))
    named = b.op("Slice", flat, b.constant([start]), b.constant([start + kinds]), b.constant([1]))
    scores, indices = b.ops("TopK", [named, b.constant([count])], 2)
    return b.cast(indices, np.float32), scores
