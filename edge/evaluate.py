"""Evaluation: the card's figures, measured again end to end, from a person's input to the result."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydantic import BaseModel

from catalog.card import Card, Evaluation
from edge.examples import Example, of_file
from edge.pipeline import Pipeline
from edge.runtimes import Session


class Accuracy(BaseModel):
    """One row of `eval.json`: a metric of one artefact."""

    metric: str
    value: float  # fraction 0..1; PSNR in dB
    samples: int
    claimed: float | None  # by the card; only for fp32
    status: str  # "reproduced", "differs" or "measured"


def evaluate(
    card: Card, folder: Path, claim: Evaluation, task: Mapping[str, str], session: Session, *, is_source: bool
) -> Accuracy:
    """Measure one figure of the card; for the source itself it must come out as claimed."""
    if claim.file is None:
        raise ValueError(f"evaluation of {claim.metric}: no file to measure on")
    examples = list(of_file(folder / claim.file, task))
    pipeline = Pipeline(card, folder)
    value = METRICS[claim.metric]([(pipeline.predict(session, example.input), example) for example in examples])
    near = abs(value - claim.value) <= claim.tolerance + 1e-9
    status = ("reproduced" if near else "differs") if is_source else "measured"
    return Accuracy(
        metric=claim.metric,
        value=value,
        samples=len(examples),
        claimed=claim.value if is_source else None,
        status=status,
    )


Results = Sequence[tuple[Any, Example]]


def _accuracy_within(k: int) -> Callable[[Results], float]:
    """Share of examples whose label is among the k best."""
    return lambda results: float(
        np.mean([example.expected in [row["label"] for row in result[:k]] for result, example in results])
    )


def _psnr(results: Results) -> float:
    """Mean over images of 10 log10(255² / MSE) in dB, on 8-bit RGB."""
    return float(np.mean([_psnr_of(result, example) for result, example in results]))


def _psnr_of(result: Any, example: Example) -> float:
    if not isinstance(example.expected, bytes):
        raise TypeError(f"psnr needs an image to compare with, got {example.expected!r}: name its file as `expected`")
    with Image.open(io.BytesIO(example.expected)) as image:
        expected = np.asarray(image.convert("RGB"), np.float64)
    error = np.mean((result.astype(np.float64) - expected) ** 2)
    return float(10 * np.log10(255**2 / error))


METRICS: dict[str, Callable[[Results], float]] = {
    "accuracy": _accuracy_within(1),
    "top5_accuracy": _accuracy_within(5),
    "psnr": _psnr,
}
