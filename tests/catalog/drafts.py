"""Drafts of the metadata in `imports/`, for the tests of `edgewise import`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from catalog import importing
from catalog.check import check
from catalog.importing import card
from catalog.loader import load as load_document
from scripts.cli import app

FILES = {path.stem: path for path in sorted((Path(__file__).parent / "imports").iterdir())}
TEXTS = {name: path.read_text("utf-8") for name, path in FILES.items()}
CHOICES = {"onnx-hub": "leafnet-12.onnx"}


def drafted(catalog: str, text: str | None = None, choice: str | None = None) -> importing.Draft:
    return importing.draft(catalog, TEXTS[catalog] if text is None else text, choice or CHOICES.get(catalog))


def written(draft: importing.Draft, folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the written card's data and why each open field is open; what a check finds must lie in these."""
    path, rows = card.write(draft, "a test", folder)
    unlisted = [problem for problem in check(folder) if not any(lies_in(problem.where, row.field) for row in rows)]
    assert unlisted == []
    data = load_document(path).data
    assert data["status"] == "draft"
    return data, {row.field: row.why for row in rows}


def lies_in(where: str, field: str) -> bool:
    return where == field or where.startswith((f"{field}.", f"{field}["))


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["import", *map(str, arguments)], env={"COLUMNS": "200"})
