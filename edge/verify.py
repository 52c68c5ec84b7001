"""Verification: an artefact runs in a real runtime and is held against the golden vectors; nothing passes unrun."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from catalog.card import Tolerance
from edge.golden import Golden
from edge.runtimes import RUNTIMES, Tensors, UnsupportedError

Array = npt.NDArray[Any]
Status = Literal["passed", "failed", "not run", "unsupported"]


class Parity(BaseModel):
    """One row of `verify.json`: an artefact in a runtime. Figures are the worst over all golden vectors."""

    runtime: str
    version: str | None
    status: Status
    max_abs: float | None = None  # in units of the output
    max_rel: float | None = None  # of the elements that are not 0
    cosine: float | None = None
    top1: float | None = None  # share of vectors with the same winner along the last axis
    ppm: float | None = None  # elements outside the tolerance, per million
    tolerance: Tolerance
    reason: str | None = None


def verify(artefact: Path, runtime: str, golden: Sequence[Golden], tolerance: Tolerance) -> Parity:
    """Run every golden input and compare; a runtime that raises gives a failed row that says so.

    A runtime that is not here gives `not run`, and one that can take no such file `unsupported`: never `passed`.
    """
    row = RUNTIMES.get(runtime)
    missing = "no runtime of Edgewise" if row is None else row.missing()
    if row is None or missing:
        return Parity(runtime=runtime, version=None, status="not run", tolerance=tolerance, reason=missing)
    try:
        session = row.load(artefact)
        pairs = [pair for vector in golden for pair in _pairs(session(vector.inputs), vector.outputs)]
    except Exception as error:  # whatever the runtime raises is the finding
        status: Status = "unsupported" if isinstance(error, UnsupportedError) else "failed"
        return Parity(runtime=runtime, version=row.version(), status=status, tolerance=tolerance, reason=str(error))
    return compare(pairs, tolerance, runtime=runtime, version=row.version())


def _pairs(got: Tensors, want: Tensors) -> list[tuple[Array, Array]]:
    if got.keys() != want.keys():
        raise ValueError(f"expected the outputs {', '.join(want)}, got {', '.join(got) or 'none'}")
    return [(got[name], want[name]) for name in want]


def compare(pairs: Sequence[tuple[Array, Array]], tolerance: Tolerance, *, runtime: str, version: str) -> Parity:
    """Compare (got, expected) pairs by numpy's `allclose` rule, counted over all elements."""
    if not pairs:
        return Parity(
            runtime=runtime, version=version, status="not run", tolerance=tolerance, reason="the card has no samples"
        )
    reason = next(filter(None, (_incomparable(got, want) for got, want in pairs)), None)
    if reason:
        return Parity(runtime=runtime, version=version, status="failed", tolerance=tolerance, reason=reason)
    figures = _figures([(got.astype(np.float64), want.astype(np.float64)) for got, want in pairs], tolerance)
    reason = _out_of_tolerance(figures, tolerance)
    return Parity(
        runtime=runtime,
        version=version,
        status="failed" if reason else "passed",
        tolerance=tolerance,
        reason=reason,
        **figures,
    )


def _incomparable(got: Array, want: Array) -> str | None:
    if got.shape != want.shape:
        return f"expected an output of shape {list(want.shape)}, got {list(got.shape)}"
    bad = got.size - int(np.isfinite(got).sum())
    return f"expected numbers, got {bad} of {got.size} output elements that are NaN or infinite" if bad else None


def _figures(pairs: list[tuple[Array, Array]], tolerance: Tolerance) -> dict[str, float | None]:
    got, want = (np.concatenate([pair[side].ravel() for pair in pairs]) for side in (0, 1))
    error, size = np.abs(got - want), np.abs(want)
    outside = error > tolerance.absolute_tolerance + tolerance.relative_tolerance * size
    norms = float(np.linalg.norm(got) * np.linalg.norm(want))
    told = [(_classes_last(g), _classes_last(w)) for g, w in pairs] if tolerance.top1_agreement is not None else []
    ranked = [(g, w) for g, w in told if w.shape[-1] > 1]
    return {
        "max_abs": float(error.max(initial=0.0)),
        "max_rel": float((error[size > 0] / size[size > 0]).max(initial=0.0)),
        "cosine": float(got @ want / norms) if norms else None,
        "top1": float(np.mean([np.mean(g.argmax(-1) == w.argmax(-1)) for g, w in ranked])) if ranked else None,
        "ppm": float(outside.mean() * 1e6),
    }


def _classes_last(array: Array) -> Array:
    """Drop the axes of one entry behind the classes, as in `[1, 1000, 1, 1]`."""
    while array.ndim > 1 and array.shape[-1] == 1:
        array = array[..., 0]
    return array


def _out_of_tolerance(figures: dict[str, float | None], tolerance: Tolerance) -> str | None:
    ppm, top1 = figures["ppm"], figures["top1"]
    if ppm is None or not ppm <= tolerance.mismatched_elements_per_million:
        allowed = f"{tolerance.absolute_tolerance:g} + {tolerance.relative_tolerance:g} × |expected|"
        return (
            f"{ppm:.0f} of a million elements lie further than {allowed} from the golden output, "
            f"at most {figures['max_abs']:.3g}; {tolerance.mismatched_elements_per_million} may"
        )
    if tolerance.top1_agreement is not None and (top1 is None or top1 < tolerance.top1_agreement):
        return f"the same winner in {top1} of the golden vectors, expected at least {tolerance.top1_agreement}"
    return None
