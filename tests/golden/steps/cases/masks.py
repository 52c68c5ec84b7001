"""Cases of the steps for masks."""

from __future__ import annotations

import numpy as np

from edge.steps import Context
from edge.steps.context import Frame
from tests.golden.steps.cases.common import Case, Cases, noise, scores

CLASSES = noise(6, 9) % 3
THREE, TWO = ["sky", "sea", "ship"], ["ground", "figure"]
BOXED = Frame(10, 18, 12, 12, 1.5, 1.5, -4.5, 0.0)  # letterboxed: 10 × 18 pixels on 12 × 12
CROPPED = Frame(20, 30, 4, 4, 2.0, 2.0, 6.0, 11.0)
LEVELS = scores(1, 6, 9, 1) / 4 + np.float32(0.5)

CASES: Cases = {
    "argmax_mask": lambda: [
        Case("nchw", {"layout": "nchw"}, scores(1, 4, 5, 6)),
        Case("nhwc", {"layout": "nhwc"}, scores(1, 5, 6, 4)),
        Case("equal scores", {"layout": "nhwc"}, np.zeros((1, 2, 3, 4), np.float32)),
        Case("bytes", {"layout": "nhwc"}, noise(1, 5, 6, 4)),
        Case("NaN", {"layout": "nhwc"}, np.full((1, 2, 2, 2), np.nan, np.float32)),
        Case("two pictures", {"layout": "nhwc"}, scores(2, 5, 6, 4)),
    ],
    "place_mask": lambda: [
        Case("whole", {}, CLASSES, Context(labels=THREE, frame=Frame(12, 18, 6, 9, 2.0, 2.0))),
        Case("through a letterbox", {}, CLASSES, Context(labels=THREE, frame=BOXED)),
        Case("of a crop", {}, CLASSES, Context(labels=THREE, frame=CROPPED)),
        Case("too few labels", {}, CLASSES, Context(labels=TWO, frame=BOXED)),
        Case("without a picture", {}, CLASSES, Context(labels=THREE)),
        Case("numbers", {}, scores(6, 9), Context(labels=THREE, frame=BOXED)),
    ],
    "place_opacity": lambda: [
        Case("through a letterbox", {}, LEVELS, Context(labels=TWO, frame=BOXED)),
        Case("of a crop", {"threshold": 0.7}, LEVELS.reshape(1, 1, 6, 9), Context(labels=TWO, frame=CROPPED)),
        Case("without labels", {}, LEVELS, Context(frame=BOXED)),
        Case("NaN", {}, np.full((1, 2, 2, 1), np.nan, np.float32), Context(labels=TWO, frame=BOXED)),
        Case("no plane", {}, scores(1, 2, 3, 4), Context(labels=TWO, frame=BOXED)),
    ],
}
