"""A metric over some of its samples, as a bootstrap asks for it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from edge.examples import Example
from edge.metrics import METRICS
from edge.resampling import resampled

RNG = np.random.default_rng(5)


def png(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


def masks(count: int):
    for _ in range(count):
        wanted = RNG.integers(0, 3, (6, 6), np.uint8)
        got = np.where(RNG.random((6, 6)) < 0.3, 0, wanted)
        yield {"classes": got}, Example(b"", png(wanted))


def sheets(count: int):
    for number in range(count):
        boxes = [[0.2 * place, 0.0, 0.2 * place + 0.1, 0.1] for place in range(3)]
        there = [{"box": box, "label": str((number + place) % 3)} for place, box in enumerate(boxes)]
        guesses = [{**row, "score": float(RNG.random()), "label": str(RNG.integers(3))} for row in there * 2]
        yield guesses, Example(b"", there[: 1 + number % 3])


RESULTS = {
    "accuracy": [([{"label": str(n % 3)}], Example("", str(n % 2))) for n in range(12)],
    "mae": [([{"value": float(n)}], Example("", float(n * n % 7))) for n in range(12)],
    "rmse": [([{"value": float(n)}], Example("", float(n * n % 7))) for n in range(12)],
    "iou": list(masks(12)),
    "mean_average_precision": list(sheets(12)),
}


@pytest.mark.parametrize("metric", RESULTS)
def test_a_resample_gives_what_the_metric_gives_on_those_samples(metric):
    """What each sample adds is found once, and the figure is that of the metric itself."""
    of = resampled(metric, RESULTS[metric])
    for places in (np.arange(12), RNG.integers(0, 12, 12)):
        assert of(places) == pytest.approx(METRICS[metric]([RESULTS[metric][place] for place in places]))


def test_a_sample_drawn_twice_is_not_its_own_nearest_neighbour():
    """Recall would be near 1 in every resample, were copies of a sample neighbours of each other."""
    results = [(RNG.standard_normal(8), Example(b"", str(number))) for number in range(10)]
    assert METRICS["recall_at_1"](results) == 0
    assert resampled("recall_at_1", results)(np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 4])) == 0
