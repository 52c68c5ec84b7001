"""How a card's figures are measured: a row a metric, over results and what would have been right."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge.examples import Example
from edge.steps import wav

Results = Sequence[tuple[Any, Example]]


def _accuracy_within(k: int) -> Callable[[Results], float]:
    """Share of examples whose label is among the k best."""
    return lambda results: float(
        np.mean([example.expected in [row["label"] for row in result[:k]] for result, example in results])
    )


FRAME = 0.01  # seconds of a recording that count as one answer


def frame_accuracy(results: Results) -> float:
    """Share of the time of all recordings, in frames of 10 ms, that has the label it should have, or none."""
    pairs = [
        (_frames(result, seconds), _frames(example.expected, seconds)) for result, example, seconds in _timed(results)
    ]
    return float(np.mean(np.concatenate([got == right for got, right in pairs])))


def _timed(results: Results) -> Iterator[tuple[Any, Example, float]]:
    for result, example in results:
        if not isinstance(example.expected, list) or not isinstance(example.input, bytes):
            expected = "a sound as `input` and its segments, [{start, end, label}], as `expected`"
            raise TypeError(f"frame_accuracy needs {expected}, got {example.expected!r}: correct the evaluation file")
        yield result, example, wav.read(example.input).seconds


def _frames(segments: Sequence[Mapping[str, Any]], seconds: float) -> NDArray[np.object_]:
    """Return the label in the middle of each frame of a sound; None where there is none."""
    middles = (np.arange(max(1, round(seconds / FRAME))) + 0.5) * FRAME
    labels = np.full(len(middles), None, object)
    for segment in segments:
        labels[(segment["start"] <= middles) & (middles < segment["end"])] = segment["label"]
    return labels


def psnr(results: Results) -> float:
    """Mean over images of 10 log10(255² / MSE) in dB, on 8-bit RGB."""
    return float(np.mean([_psnr_of(result, example) for result, example in results]))


def _psnr_of(result: Any, example: Example) -> float:
    if not isinstance(example.expected, bytes):
        raise TypeError(f"psnr needs an image to compare with, got {example.expected!r}: name its file as `expected`")
    with Image.open(io.BytesIO(example.expected)) as image:
        expected = np.asarray(image.convert("RGB"), np.float64)
    error = np.mean((result.astype(np.float64) - expected) ** 2)
    return float(10 * np.log10(255**2 / error))


METRICS: Mapping[str, Callable[[Results], float]] = {
    "accuracy": _accuracy_within(1),
    "top5_accuracy": _accuracy_within(5),
    "psnr": psnr,
    "frame_accuracy": frame_accuracy,
}
