"""Cases of the steps of `time.yaml`."""

from __future__ import annotations

import numpy as np

from edge.steps import Context
from edge.steps.sound import Sound
from tests.golden.steps.cases.common import Case, Cases, scores

RATE = 10
SECONDS = 2.0
WHOLE = Sound(np.zeros(int(RATE * SECONDS), np.float32), RATE)
SPEECH = Context(labels=["speech"], sound=WHOLE)
EVENTS = Context(labels=["dog", "bell", "horn"], sound=WHOLE)
ROWS = np.array([0.9, 0.8, 0.1, 0.7, 0, 0, 0, 0.6, 0, 0, 0, 0.5, 0.5, 0.9, 0.2, 0.1, 0.1, 0.1, 0.99, 1], np.float32)
CLASSES = np.round(1 / (1 + np.exp(-scores(20, 3))), 1).astype(np.float32)

CASES: Cases = {
    "mean_over_rows": lambda: [
        Case("scores", {}, scores(5, 3)),
        Case("one row", {}, scores(1, 3).astype(np.float16)),
        Case("more axes", {}, scores(4, 2, 3)),
        Case("no rows", {}, scores(0, 3)),
        Case("a number", {}, np.array(1.0, np.float32)),
    ],
    "segments": lambda: [
        Case("a threshold", {"step": 0.1}, ROWS, SPEECH),
        Case("a column", {"step": 0.1, "threshold": 0.65}, ROWS[:, None], SPEECH),
        Case("gaps closed", {"step": 0.1, "min_silence": 0.25}, ROWS, SPEECH),
        Case("short ones dropped", {"step": 0.1, "min_speech": 0.2}, ROWS, SPEECH),
        Case("widened", {"step": 0.1, "pad": 0.07}, ROWS, SPEECH),
        Case("all of it", {"step": 0.1, "min_silence": 0.15, "min_speech": 0.2, "pad": 0.3}, ROWS, SPEECH),
        Case("rows beyond the end", {"step": 0.15, "threshold": 0.05}, ROWS, SPEECH),
        Case("several labels", {"step": 0.1, "threshold": 0.6}, CLASSES, EVENTS),
        Case("several labels, joined", {"step": 0.1, "threshold": 0.3, "min_silence": 0.3}, CLASSES, EVENTS),
        Case("silence", {"step": 0.1}, ROWS * 0, SPEECH),
        Case("no rows", {"step": 0.1}, ROWS[:0], SPEECH),
        Case("NaN", {"step": 0.1}, ROWS * np.float32(np.nan), SPEECH),
        Case("wrong number of labels", {"step": 0.1}, CLASSES, SPEECH),
        Case("no labels", {"step": 0.1}, ROWS, Context(sound=WHOLE)),
        Case("no sound", {"step": 0.1}, ROWS, Context(labels=["speech"])),
    ],
    "peaks": lambda: [
        Case("all above the threshold", {"step": 0.1}, ROWS, SPEECH),
        Case("apart", {"step": 0.1, "distance": 0.3}, ROWS, SPEECH),
        Case("just apart", {"step": 0.125, "distance": 0.25, "threshold": 0.6}, ROWS, SPEECH),
        Case("several labels", {"step": 0.1, "distance": 0.5, "threshold": 0.2}, CLASSES, EVENTS),
        Case("rows beyond the end", {"step": 0.15}, ROWS, SPEECH),
        Case("silence", {"step": 0.1}, ROWS * 0, SPEECH),
        Case("no rows", {"step": 0.1}, ROWS[:0], SPEECH),
        Case("no sound", {"step": 0.1}, ROWS, Context(labels=["speech"])),
    ],
}
