"""What a build makes of a card: which formats in which precisions, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.card import Card, Precision
from converters.formats import FORMATS, Format

AS_IT_IS, PUBLISHED = "none", "published"  # recipes: the imported graph unchanged; the source's own bytes
OWN_FORMATS = {"tflite"}  # sources of these formats are offered as they were published


@dataclass(frozen=True)
class Export:
    """One file to make: a format, what it holds its numbers in, and the recipe that gets there."""

    format: Format
    precision: str
    recipe: str


@dataclass(frozen=True)
class Artefact:
    """What an export gave: a folder of files, or why the format cannot say what the graph means."""

    export: Export
    folder: Path
    refusal: str | None

    @property
    def files(self) -> list[Path]:
        """Return the files, the one to load first."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())


@dataclass(frozen=True)
class Row:
    """An artefact with what its runs gave."""

    artefact: Artefact
    parity: list[dict[str, Any]]  # one for each runtime of its format
    accuracy: list[dict[str, Any]]  # one for each figure of the card that names a file


def plan(card: Card) -> list[Export]:
    """List the exports of a card: its source's precision and those it asks for, in every format that has them.

    A format without the precision of a quantised source computes the same quantised values in float32.
    """
    base = card.source.precision
    exports = [
        Export(row, precision, _recipe(card, row, precision))
        for precision in dict.fromkeys([base, *card.edge.precisions])
        for row in FORMATS.values()
        if precision in row.recipes
    ]
    return exports + [
        Export(row, Precision.FP32.value, AS_IT_IS) for row in FORMATS.values() if base not in row.recipes
    ]


def _recipe(card: Card, row: Format, precision: str) -> str:
    if precision != card.source.precision:
        return row.recipes[precision]
    return PUBLISHED if row.name == card.source.format and row.name in OWN_FORMATS else AS_IT_IS


def count_steps(card: Card) -> int:
    """Count the steps that a build of this card reports: its own four, and three an export."""
    return 4 + 3 * len(plan(card))
