"""The commands `edgewise bench` and `edgewise diverge`: figures of a finished build's files, as tables or JSON."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn
from rich.table import Table

from scripts.console import COLUMNS, err, fail

Out = Annotated[Path, typer.Option(help="Folder that holds the finished build.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of a table for people.")]
DEFAULT_CATALOG = Path(__file__).parent.parent / "catalog" / "models"
DEFAULT_OUT = Path("build")
ARTEFACT = ("model", "format", "precision", "runtime")

Row = Mapping[str, Any]


def bench(
    ids: Annotated[list[str] | None, typer.Argument(help="Models; without any, all that are built.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Fresh processes for each row, in turns.")] = 3,
    profile: Annotated[bool, typer.Option("--profile", help="Show the time of each operator instead.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Also write perf.json beside the cards.")] = False,
    out: Out = DEFAULT_OUT,
    catalog: Annotated[Path, typer.Option(help="Folder of card folders, for --write.")] = DEFAULT_CATALOG,
    as_json: Json = False,
) -> None:
    """Measure every built file in every runtime: loading, first and warm inferences, memory, batches, threads."""
    from catalog.check import NAME
    from scripts import built, perf
    from scripts.inputs import InputError

    site = out / "site"
    targets = [out / "perf", *([catalog] if write else [])]
    try:
        chosen = ids or built.ids(site)
        if write and (absent := [model for model in chosen if not (catalog / model / NAME).exists()]):
            raise InputError(f"{absent[0]}: no card of it in {catalog}: give its folder with --catalog")  # noqa: TRY301
        if profile:
            _print((row for model in chosen for row in perf.profile(site, model)), _profile, as_json)
        else:
            _print(_measure(site, chosen, rounds, targets), _performance, as_json)
    except InputError as error:
        fail(error)


def diverge(
    model: Annotated[str, typer.Argument(help="Model of the build.")],
    a: Annotated[str, typer.Option(help="Precision of the ONNX file that is the reference.")] = "fp32",
    b: Annotated[str, typer.Option(help="Precision of the ONNX file that is compared with it.")] = "w8a8",
    threshold: Annotated[float, typer.Option(min=0, help="Relative error beyond which layers part.")] = 0.1,
    out: Out = DEFAULT_OUT,
    as_json: Json = False,
) -> None:
    """Compare two ONNX files of a model layer by layer on a golden input, and say where they part."""
    from scripts import perf
    from scripts.inputs import InputError

    try:
        found = perf.diverge(out / "site", model, a, b, threshold)
    except (InputError, ValueError) as error:
        fail(error)
    first = found.first.tensor if found.first else None
    layers = [row.model_dump(mode="json") for row in found.layers]
    if as_json:
        told = {"threshold": threshold, "first": first, "layers": layers, "unmatched": found.unmatched}
        typer.echo(json.dumps(told, indent=1))
        return
    _console().print(_layers(layers, first))
    if found.unmatched:
        err.print(f"only in {a}: {', '.join(found.unmatched)}", highlight=False, markup=False, soft_wrap=True)
    where = f"first beyond {threshold:g}: {first}" if first else f"no layer is beyond {threshold:g}"
    err.print(where, highlight=False, markup=False, soft_wrap=True)


def _measure(site: Path, ids: list[str], rounds: int, targets: list[Path]) -> Iterator[Row]:
    """Measure model by model, and write each one's `perf.json` when it is done."""
    from scripts import perf

    total = rounds * sum(len(perf.cases(site, model)) for model in ids)
    with Progress(*COLUMNS, TimeElapsedColumn(), console=err) as bar:
        task = bar.add_task("measuring", total=total)

        def progress(case: Any) -> None:
            bar.update(task, description=f"{case.model} {case.format} {case.precision} {case.runtime}", advance=1)

        for model in ids:
            rows = perf.measure(site, model, progress, rounds)
            for folder in targets:
                perf.write(folder / model, rows)
            yield from rows


def _print(rows: Iterable[Row], table: Any, as_json: bool) -> None:
    found = list(rows)
    if as_json:
        typer.echo(json.dumps({"rows": found}, indent=1))
    else:
        _console().print(table(found))


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else 200)


def _performance(rows: Iterable[Row]) -> Table:
    figures = ("batch", "threads", "load ms", "first ms", "median ms", "p95 ms", "memory MB", "file kB")
    table = Table(*ARTEFACT, *figures, "", box=None, header_style="bold")
    for row in rows:
        times = [_number(row[name], ".3g") for name in ("load_ms", "first_ms", "warm_median_ms", "warm_p95_ms")]
        sizes = [_number(row["peak_memory_bytes"], ".1f", 1e6), _number(row["file_bytes"], ".1f", 1e3)]
        words = [row["status"], row["reason"]] if row["reason"] else [row["note"]]
        said = textwrap.shorten(": ".join(filter(None, words)), 60, placeholder=" …")  # the JSON has all of it
        table.add_row(*(row[name] for name in ARTEFACT), str(row["batch"]), str(row["threads"]), *times, *sizes, said)
    return table


def _profile(rows: Iterable[Row]) -> Table:
    table = Table(*ARTEFACT, "operator", "calls", "ms", "share", "", box=None, header_style="bold")
    for row in rows:
        figures = [_number(row["calls"], "g"), _number(row["total_ms"], ".3g"), _number(row["share"], ".1%")]
        table.add_row(*(row[name] for name in ARTEFACT), row["operator"] or "", *figures, row["reason"] or "")
    return table


def _layers(rows: Iterable[Row], first: str | None) -> Table:
    table = Table("", "tensor", "operator", "shape", "cosine", "relative error", "", box=None, header_style="bold")
    for row in rows:
        figures = [_number(row["cosine"], ".6f"), _number(row["relative_error"], ".2e")]
        shape = "×".join(map(str, row["shape"]))
        mark = "→" if row["tensor"] == first else ""
        table.add_row(mark, row["tensor"], row["operator"], shape, *figures, row["note"] or "")
    return table


def _number(value: float | None, form: str, unit: float = 1) -> str:
    return "" if value is None else format(value / unit, form)
