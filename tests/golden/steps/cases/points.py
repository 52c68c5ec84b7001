"""Cases of the steps for points."""

from __future__ import annotations

import numpy as np

from edge.steps import Context
from edge.steps.context import Frame
from tests.golden.steps.cases.common import Case, Cases, noise, scores

NAMED = Context(labels=["nose", "tail"], frame=Frame(60, 100, 8, 16, 12.5, 6.25, -20.0, 0.0))
POINTS = np.array([[1, 2, 0.5], [-3, 40, np.nan]], np.float32)
FLAT = np.zeros((1, 2, 4, 4), np.float32)

CASES: Cases = {
    "take_points": lambda: [
        Case("x before y", {}, scores(1, 8)),
        Case("fractions with scores", {"columns": 3, "order": "yx", "width": 16, "height": 8}, scores(1, 1, 4, 3)),
        Case("with depth", {"columns": 3, "third": "depth"}, scores(12)),
        Case("bytes", {}, noise(1, 8)),
        Case("no whole points", {"columns": 3}, scores(1, 8)),
        Case("NaN", {}, np.full((1, 4), np.nan, np.float32)),
        Case("no array", {}, "text"),
    ],
    "find_peaks": lambda: [
        Case("nchw", {"layout": "nchw", "width": 16, "height": 8}, scores(1, 5, 6, 7)),
        Case("nhwc", {"layout": "nhwc", "width": 16, "height": 8}, scores(1, 6, 7, 5)),
        Case("all equal", {"layout": "nchw", "width": 4, "height": 4}, FLAT),
        Case("one cell", {"layout": "nchw", "width": 4, "height": 4}, scores(1, 3, 1, 1)),
        Case("NaN", {"layout": "nchw", "width": 4, "height": 4}, np.full((1, 1, 2, 2), np.nan, np.float32)),
        Case("no maps", {"layout": "nchw", "width": 4, "height": 4}, scores(4, 4)),
    ],
    "place_points": lambda: [
        Case("through a letterbox", {}, POINTS, NAMED),
        Case("without labels", {}, POINTS, Context(frame=NAMED.frame)),
        Case("too few", {}, POINTS[:1], NAMED),
        Case("without a picture", {}, POINTS, Context(labels=NAMED.labels)),
    ],
}
