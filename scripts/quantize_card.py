"""The command `edgewise quantize`: a card's variants, smallest first, and which of them keeps its accuracy."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from scripts.console import fail

if TYPE_CHECKING:
    from quantize.search import Row

DEFAULT_CATALOG = Path(__file__).parent.parent / "catalog" / "models"
FORMATS = ["onnx", "tflite"]  # whose first runtimes are in this process


def quantize_card(
    model: Annotated[str, typer.Argument(help="Model, by the name of its folder.")],
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Inputs without labels, to measure agreement with fp32 on.", exists=True, dir_okay=False),
    ] = None,
    to: Annotated[list[str] | None, typer.Option("--format", help="A format; without, onnx and tflite.")] = None,
    largest_drop: Annotated[
        float | None, typer.Option(help="Measure agreement with fp32, which may drop by this fraction, such as 0.1.")
    ] = None,
    minimum_samples: Annotated[int, typer.Option(help="Of agreement: fewer samples decide nothing.", min=1)] = 20,
    catalog: Annotated[Path, typer.Option(help="Folder of card folders.", exists=True, file_okay=False)] = (
        DEFAULT_CATALOG
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Try every recipe; recommend the smallest file inside the card's accuracy budget, and say why not the others."""
    from catalog.source import SourceError
    from converters.errors import ConversionError
    from scripts.inputs import InputError
    from scripts.predict import Model
    from scripts.search import Search, budget_of

    try:
        chosen = Model(catalog, model)
        unlabelled = {path.name: path.read_bytes() for path in files or []}
        search = Search(chosen, budget_of(chosen.card, largest_drop, minimum_samples), unlabelled)
        rows = search.rows(to or FORMATS)
    except (ConversionError, InputError, SourceError, ValueError) as error:
        fail(error)
    if as_json:
        typer.echo(json.dumps({"search": [asdict(row) for row in rows]}, indent=1))
    else:
        Console(width=None if sys.stdout.isatty() else 200).print(table(rows))


def table(rows: Sequence[Row]) -> Table:
    """Return the rows of a search for people."""
    columns = ("format", "precision", "recipe", "bytes", "value", "95 %", "samples", "status", "reason")
    found = Table(*columns, box=None, header_style="bold")
    for row in rows:
        figures = ["", "", "", ""]
        if row.value is not None:
            interval = f"{row.low:.4g}…{row.high:.4g}"
            figures = [f"{row.bytes:,}", f"{row.value:.4g}", interval, str(row.samples)]
        found.add_row(row.format, row.precision, row.recipe, *figures, row.status, row.reason)
    return found
