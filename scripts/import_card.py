"""The command `edgewise import`: another catalog's metadata in, a draft of a card and a list of what is open out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text


def import_card(
    catalog: Annotated[str, typer.Argument(help="onnx-hub, huggingface, modelhub or mlmodelscope.")],
    file: Annotated[
        Path,
        typer.Argument(
            help="Its manifest, README.md, config.json or manifest.", exists=True, dir_okay=False, readable=True
        ),
    ],
    model: Annotated[
        str | None, typer.Option(help="A model or file of the manifest; for huggingface the repository owner/name.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The card's folder; by default catalog/models/NAME.")
    ] = None,
) -> None:
    """Draft a card from another catalog's metadata, and list what a person must still fill in or confirm."""
    from catalog import importing
    from catalog.importing import card, metadata
    from catalog.importing.yaml_text import printable
    from catalog.problem import Problem

    console = Console(stderr=True)
    try:
        draft = importing.draft(catalog, metadata.read(file), model)
        path, rows = card.write(draft, f"{catalog}, `{draft.name}` in {file.name}", out)
    except metadata.MetadataError as error:
        where, expected, got, cure = map(printable, (error.where, error.expected, error.got, error.cure))
        problem = Problem(str(file), error.line, where, expected, got, cure, "import-failed")
        console.print(str(problem), highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(1) from error
    except OSError as error:
        console.print(
            f"edgewise: cannot write the card: {error}; give another folder with -o",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
        raise typer.Exit(1) from error
    console.print(_table(rows))
    typer.echo(path)


def _table(rows: Iterable[Any]) -> Table:
    from catalog.importing.yaml_text import printable

    table = Table("field", "what to fill in or to confirm", "why, or where to look", box=None, header_style="bold")
    for row in rows:
        table.add_row(*(Text(printable(text), overflow="fold") for text in (row.field, row.what, row.why)))
    return table
