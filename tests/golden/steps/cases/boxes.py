"""Cases of the steps for boxes."""

from __future__ import annotations

from typing import Any

import numpy as np

from edge.steps import Context
from edge.steps.context import Frame
from tests.golden.steps.cases.common import Case, Cases, scores

PICTURE = {"width": 16, "height": 8}
LABELS = Context(labels=list("abc"))
BOXED = Context(labels=list("abc"), frame=Frame(60, 100, 8, 16, 12.5, 6.25, -20.0, 0.0))


def boxes(count: int, classes: int, seed: int = 0) -> dict[str, Any]:
    """Return boxes at random places, many of which overlap, with scores that are often equal."""
    rng = np.random.default_rng(seed)
    start, side = rng.uniform(0, 12, (count, 2)), rng.uniform(0, 8, (count, 2))
    corners = np.concatenate([start, start + side], axis=1).astype(np.float32)
    return {"boxes": corners, "scores": rng.integers(0, 9, (count, classes)).astype(np.float32) / 8}


KEPT = {
    "boxes": np.array([[1, 2, 3, 6], [0, 0, 8, 16], [5, 5, 5, 5]], np.float32),
    "scores": np.array([[0.9], [0.5], [0.25]], np.float32),
    "classes": np.array([2, 0, 1], np.int32),
}
GRID = {"output": "y", "strides": [4, 8], **PICTURE}
DFL = {"scores": ["c4", "c8"], "distances": ["d4", "d8"], "strides": [4, 8], **PICTURE}
PRIORS = {"boxes": "b", "scores": "c", "strides": [4, 8], "sizes": [3, 5.5, 7], "counts": [2, 1], **PICTURE}
OFFSETS = {"b": scores(1, 18, 4), "c": scores(1, 18, 2, seed=1)}
SPREAD = {"c4": scores(1, 8, 3), "c8": scores(1, 2, 3), "d4": scores(1, 8, 20), "d8": scores(1, 2, 20)}
TAKEN = {"b": scores(1, 5, 4), "c": scores(1, 5, 3, seed=1)}
DETECTED = {"b": scores(1, 4, 4), "k": np.array([[2, 0, 7, -1]], np.float32), "s": scores(1, 4)}
NAMES = {"boxes": "b", "classes": "k", "scores": "s", **PICTURE}

CASES: Cases = {
    "decode_grid_boxes": lambda: [
        Case("two grids", GRID, {"y": scores(1, 10, 8), "other": scores(1, 1, 1)}),
        Case("wrong size", {**GRID, "width": 24}, {"y": scores(1, 10, 8)}),
        Case("wrong name", {**GRID, "output": "z"}, {"y": scores(1, 10, 8)}),
        Case("NaN", GRID, {"y": np.full((1, 10, 8), np.nan, np.float32)}),
        Case("two pictures", GRID, {"y": scores(2, 10, 8)}),
        Case("no names", GRID, scores(1, 10, 8)),
    ],
    "decode_dfl_boxes": lambda: [
        Case("two grids", DFL, SPREAD),
        Case("one name too few", {**DFL, "scores": ["c4"]}, SPREAD),
        Case("wrong size", {**DFL, "height": 24}, SPREAD),
    ],
    "decode_prior_boxes": lambda: [
        Case("two grids", PRIORS, OFFSETS),
        Case("other variances", {**PRIORS, "variances": [1, 0.5]}, OFFSETS),
        Case("sizes that do not fit", {**PRIORS, "counts": [1, 1]}, OFFSETS),
        Case("wrong size", {**PRIORS, "width": 24}, OFFSETS),
    ],
    "take_boxes": lambda: [
        *[Case(order, {"boxes": "b", "scores": "c", "order": order}, TAKEN) for order in ("yxyx", "xyxy", "cxcywh")],
        Case("fractions", {"boxes": "b", "scores": "c", "width": 320, "height": 240}, TAKEN),
        Case("unequal numbers", {"boxes": "b", "scores": "c"}, {"b": scores(1, 5, 4), "c": scores(1, 4, 3)}),
        Case("no boxes", {"boxes": "c", "scores": "c"}, TAKEN),
    ],
    "take_detections": lambda: [
        Case("with classes that have no label", NAMES, DETECTED, LABELS),
        Case("without labels", NAMES, DETECTED),
        Case("wrong name", {**NAMES, "classes": "z"}, DETECTED, LABELS),
    ],
    "drop_class": lambda: [
        Case("the first", {}, boxes(4, 3)),
        Case("the last", {"index": 2}, boxes(4, 3)),
        Case("beyond", {"index": 3}, boxes(4, 3)),
        Case("no boxes", {}, scores(4, 3)),
    ],
    "nms": lambda: [
        Case("by class", {}, boxes(30, 3)),
        Case("any class", {"class_wise": False, "iou": 0.2}, boxes(30, 3)),
        Case("at most five", {"max": 5, "score": 0}, boxes(30, 3)),
        Case("everything overlaps", {"iou": 0}, boxes(30, 1)),
        Case(
            "nothing", {"score": 1, "iou": 1}, {"boxes": boxes(3, 1)["boxes"], "scores": np.zeros((3, 1), np.float32)}
        ),
        Case("none to begin with", {}, boxes(0, 3)),
        Case("no boxes", {}, KEPT),
    ],
    "place_boxes": lambda: [
        Case("through a letterbox", {}, KEPT, BOXED),
        Case("without labels", {}, KEPT, Context(frame=BOXED.frame)),
        Case("a class without a label", {}, KEPT, Context(labels=["a", "b"], frame=BOXED.frame)),
        Case("without a picture", {}, KEPT, LABELS),
        Case("not kept", {}, boxes(3, 2), BOXED),
    ],
}
