"""How a card's figures are measured: a row a metric, over results and what would have been right."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from edge.examples import Example

Results = Sequence[tuple[Any, Example]]


def _accuracy_within(k: int) -> Callable[[Results], float]:
    """Share of examples whose label is among the k best."""
    return lambda results: float(
        np.mean([example.expected in [row["label"] for row in result[:k]] for result, example in results])
    )


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
}
