"""Cases of the steps for results."""

from __future__ import annotations

import numpy as np

from edge.steps import Context
from edge.steps.context import Frame
from tests.golden.steps.cases.common import Case, Cases, noise, scores

NAMED = [{"name": "length", "unit": "cm", "min": 0, "max": 10}, {"name": "count", "min": 0, "max": 5}]
BOXED = Context(frame=Frame(5, 9, 12, 12, 0.75, 0.75, -1.5, 0.0), picture=noise(5, 9, 3))  # of 5 × 9 pixels, on 12 × 12
CROPPED = Context(frame=Frame(20, 30, 4, 4, 2.0, 2.0, 6.0, 11.0), picture=noise(20, 30, 3))
LETTERS = Context(labels=list("abcdefgh"))

CASES: Cases = {
    "softmax": lambda: [
        Case("rows", {}, scores(2, 5)),
        Case("far apart", {}, np.array([[1000, -1000, 999, -np.inf]], np.float32)),
        Case("one class", {}, np.array([[3]], np.float32)),
        Case("half precision", {}, scores(1, 4).astype(np.float16)),
        Case("NaN", {}, np.array([[np.nan, 1]], np.float32)),
        Case("infinity", {}, np.array([[np.inf, 1]], np.float32)),
        Case("nothing", {}, np.zeros((1, 0), np.float32)),
    ],
    "sigmoid": lambda: [
        Case("scores", {}, scores(2, 5)),
        Case("far from 0", {}, np.array([-1000, -90, 0, 90, 1000, np.inf, -np.inf, np.nan], np.float32)),
        Case("no array", {}, "text"),
    ],
    "top_k": lambda: [
        Case("five unless said", {}, scores(1, 8), LETTERS),
        Case("ties keep order", {"k": 4}, np.array([[0, 1, 1, 0, 1, -0.0, 0, -np.inf]], np.float32), LETTERS),
        Case("more than there are", {"k": 100}, scores(1, 8, seed=1), LETTERS),
        Case("bytes", {"k": 3}, noise(1, 8), LETTERS),
        Case("wrong number", {}, scores(1, 7), LETTERS),
        Case("NaN", {}, np.full((1, 8), np.nan, np.float32), LETTERS),
    ],
    "image_to_original": lambda: [
        Case("letterboxed", {}, noise(12, 12, 3), BOXED),
        Case("twice as large", {"filter": "bicubic"}, noise(24, 24, 3), BOXED),
        Case("cropped", {}, noise(4, 4, 1), CROPPED),
        Case("no picture", {}, noise(4, 4, 1)),
        Case("no image", {}, scores(2, 3), BOXED),
    ],
    "recolor": lambda: [
        Case("three times as large", {}, noise(18, 27, 1), Context(frame=Frame(6, 9, 6, 9), picture=noise(6, 9, 3))),
        Case("cropped", {}, noise(5, 5, 1), CROPPED),
        Case("with borders", {}, noise(24, 24, 1), BOXED),
        Case("colour", {}, noise(5, 5, 3), CROPPED),
        Case("no picture", {}, noise(5, 5, 1)),
    ],
    "pool": lambda: [
        Case("mean, nchw", {"layout": "nchw"}, scores(1, 3, 4, 5)),
        Case("max, nhwc", {"layout": "nhwc", "kind": "max"}, scores(1, 4, 5, 3)),
        Case("tokens", {"layout": "rows"}, scores(1, 6, 4)),
        Case("chunks", {"layout": "rows", "kind": "max"}, scores(5, 4)),
        Case("bytes", {"layout": "nhwc"}, noise(1, 4, 5, 3)),
        Case("one vector", {"layout": "rows"}, scores(4)),
        Case("two pictures", {"layout": "nhwc"}, scores(2, 4, 5, 3)),
        Case("unknown kind", {"layout": "nhwc", "kind": "sum"}, scores(1, 4, 5, 3)),
    ],
    "l2_normalize": lambda: [
        Case("rows", {}, scores(3, 5)),
        Case("zeros", {}, np.zeros((1, 4), np.float32)),
        Case("bytes", {}, noise(2, 6)),
        Case("NaN", {}, np.full((1, 4), np.nan, np.float32)),
    ],
    "to_numbers": lambda: [
        Case("two", {"columns": NAMED}, scores(1, 2)),
        Case("wrong number", {"columns": NAMED}, scores(1, 3)),
        Case("NaN", {"columns": NAMED}, np.full((1, 2), np.nan, np.float32)),
    ],
    "to_image": lambda: [
        Case("nchw", {"layout": "nchw"}, scores(1, 3, 4, 5) / 5 + np.float32(0.5)),
        Case("nhwc", {"layout": "nhwc"}, scores(1, 4, 5, 1) / 5 + np.float32(0.5)),
        Case("halves", {"layout": "nhwc"}, ((np.arange(256) - 0.5) / 255).astype(np.float32).reshape(1, 16, 16, 1)),
        Case("other layout", {"layout": "nchw"}, scores(1, 4, 5, 3)),
        Case("two images", {"layout": "nhwc"}, scores(2, 4, 5, 3)),
        Case("NaN", {"layout": "nhwc"}, np.full((1, 1, 1, 1), np.nan, np.float32)),
    ],
}
