"""`edgewise verify`: the checks of a build without the rest of it, from the same cache."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from catalog.card import Card, Tolerance
from catalog.source import UnreachableError
from catalog.vocab import tasks
from edge.runtimes.browser import BROWSER
from edge.verify import Parity
from scripts.build import Cards
from scripts.cache import Cache, only_build
from scripts.model_build import ModelBuild
from scripts.plan import Export, plan


def verify(out: Path, cards: Cards, progress: Callable[[str], None], *, offline: bool = False) -> list[dict[str, Any]]:
    """Run every artefact of `cards` in every runtime; return the rows of `edge.verify.Parity`, each with what was run.

    `progress` is called as each of the `count_steps(cards)` steps begins. Weights that cannot be had give rows that
    were not run.
    """
    with only_build(out), closing(BROWSER):
        cache = Cache(out / "cache")
        return [row for card, folder in cards for row in _rows(card, folder, cache, progress, offline)]


def count_steps(cards: Cards) -> int:
    """Return how many times a verification reports progress, where all weights can be had: nothing is run."""
    return sum(2 + 2 * len(plan(card)) for card, _ in cards)


def _rows(
    card: Card, folder: Path, cache: Cache, progress: Callable[[str], None], offline: bool
) -> list[dict[str, Any]]:
    build = ModelBuild(card, folder, tasks()[card.pipeline_tag], cache, progress, offline=offline)
    try:
        found = [(artefact.export, build.parity(artefact)) for artefact in build.artefacts if not artefact.refusal]
    except UnreachableError as error:
        found = [(export, _not_run(export, build.tolerance(export.precision), error)) for export in plan(card)]
    return [
        {"model": card.id, "format": export.format.name, "precision": export.precision, **row}
        for export, rows in found
        for row in rows
    ]


def _not_run(export: Export, tolerance: Tolerance, error: Exception) -> list[dict[str, Any]]:
    rows = [
        Parity(runtime=name, version=None, status="not run", tolerance=tolerance, reason=str(error))
        for name in export.format.runtimes
    ]
    return [row.model_dump(mode="json") for row in rows]
