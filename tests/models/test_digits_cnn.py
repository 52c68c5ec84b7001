from __future__ import annotations

from pathlib import Path

from catalog.check import load
from edge.pipeline import Pipeline
from edge.runtimes import RUNTIMES
from tests.models.drawings import drawings

FOLDER = Path(__file__).parents[2] / "catalog" / "models" / "digits-cnn"


def test_digits_drawn_with_a_round_brush_are_read():
    """A visitor's drawing is not a scan of 1994, and is read all the same: at least 95 of 100."""
    pipeline, session = Pipeline(load(FOLDER), FOLDER), RUNTIMES["onnxruntime"].load(FOLDER / "model.onnx")
    read = [(digit, pipeline.predict(session, picture)[0]["label"]) for digit, picture in drawings()]
    assert len(read) >= 100
    assert sum(digit == label for digit, label in read) >= 0.95 * len(read), read
