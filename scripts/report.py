"""What a build or a verification found, as tables for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from rich.table import Table

Row = Mapping[str, Any]


def models(rows: Iterable[Row]) -> Table:
    """Return a table with a row for each model of `api/v1/models/<id>.json`."""
    table = Table("model", "artefacts", "verified", "smallest", "measured", box=None, header_style="bold")
    for model in rows:
        table.add_row(*_model(model))
    return table


def _model(model: Row) -> list[str]:
    rows = [parity for artefact in model["artefacts"] for parity in artefact["parity"]]
    run = [parity for parity in rows if parity["status"] in ("passed", "failed")]
    if not rows:
        return [model["card"]["id"], "0", "not built", "", ""]
    figures = {row["metric"]: row["value"] for row in model["artefacts"][0]["accuracy"]}
    return [
        model["card"]["id"],
        str(len(model["artefacts"])),
        f"{sum(parity['status'] == 'passed' for parity in run)}/{len(run)} runs"
        + (" earlier" if model["unbuilt"] else ""),
        f"{min(artefact['bytes'] for artefact in model['artefacts']) / 1000:.0f} kB",
        ", ".join(f"{metric} {value:.4g}" for metric, value in figures.items()),
    ]


def parity(model: Row) -> list[dict[str, Any]]:
    """Return a model's checks as rows that stand for themselves."""
    return [
        {"model": model["card"]["id"], "format": artefact["format"], "precision": artefact["precision"], **row}
        for artefact in model["artefacts"]
        for row in artefact["parity"]
    ]


def checks(rows: Iterable[Row]) -> Table:
    """Return a table of such rows."""
    columns = ("model", "format", "precision", "runtime", "status", "max abs", "cosine", "top-1", "reason")
    table = Table(*columns, box=None, header_style="bold")
    for row in rows:
        figures = [_figure(row["max_abs"], ".2e"), _figure(row["cosine"], ".6f"), _figure(row["top1"], ".4g")]
        words = [row["model"], row["format"], row["precision"], row["runtime"], row["status"]]
        table.add_row(*words, *figures, row["reason"] or "")
    return table


def _figure(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def not_run(rows: Iterable[Row]) -> list[str]:
    """Return a line for each runtime and reason for which rows were not run."""
    counts = Counter((row["runtime"], row["reason"]) for row in rows if row["status"] == "not run")
    return [f"{runtime}: {count} not run: {reason}" for (runtime, reason), count in counts.items()]
