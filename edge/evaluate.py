"""Evaluation: the card's figures, measured again end to end, from a person's input to the result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from catalog.card import Card, Evaluation
from edge.examples import of_file
from edge.metrics import METRICS
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
