"""What the commands print: tables and messages for people, progress while something runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

out, err = Console(), Console(stderr=True)
COLUMNS = (
    SpinnerColumn(),
    TextColumn("{task.description:<44}"),
    BarColumn(),
    TextColumn("{task.completed}/{task.total}"),
)


def fail(error: Exception) -> NoReturn:
    """Say why a command cannot go on, and end it with 1."""
    err.print(f"edgewise: {error}", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(1) from error


def print_predictions(model: Any, session: Any, given: Any, folders: dict[str, Path | None], as_json: bool) -> int:
    """Print a table, or a line for each of several inputs, with a progress bar; return how many failed."""
    from scripts import predict, tables

    failed, kind, told = 0, model.task["result"], tables.table if len(given) == 1 else tables.line
    width = max((len(one.name) for one in given), default=0)
    with Progress(*COLUMNS, TimeElapsedColumn(), console=err, disable=len(given) < 2, transient=True) as bar:
        task = bar.add_task(model.card.id, total=len(given))
        for one in model.predict(session, given, lambda: bar.update(task, advance=1)):
            failed += one.error is not None
            written = predict.write(kind, one, folders)
            if as_json:
                row = {"input": one.name, "error": one.error, "result": predict.as_json(one.result), **written}
                typer.echo(json.dumps(row, ensure_ascii=False))
            elif one.error is not None:
                err.print(f"edgewise: {one.name}: {one.error}", highlight=False, markup=False, soft_wrap=True)
            else:
                lead = "" if len(given) == 1 else f"{one.name:<{width}}  "
                typer.echo(lead + "  → ".join([told(kind, one.result), *written.values()]))
    return failed


def with_progress(catalog: Path, ids: list[str] | None, count: Callable[[Any], int], work: Callable[..., Any]) -> Any:
    """Return `work(cards, progress)` under a bar of `count(cards)` steps on standard error; print what stops it."""
    from scripts.build import BuildError, read_cards

    try:
        with Progress(*COLUMNS, TimeElapsedColumn(), console=err) as bar:
            task = bar.add_task("reading cards", total=1)
            cards = read_cards(catalog, ids)
            bar.update(task, total=count(cards))
            done = work(cards, lambda text: bar.update(task, description=text, advance=1))
            bar.update(task, completed=count(cards))  # models that could not be had took fewer steps
            return done
    except BuildError as error:
        print_problems(error.problems)
        fail(error)


def print_problems(problems: Any) -> None:
    """Print each problem as a paragraph."""
    for problem in problems:
        out.print(str(problem), highlight=False, markup=False, soft_wrap=True)
        out.print()


def print_report(report: Any) -> None:
    """Print a row a model, what was left out, and where the site is."""
    from scripts import report as tables

    err.print(tables.models(report.models))
    err.print(f"{report.steps_made} steps made, the rest was up to date")
    for reason in list(report.unbuilt.values())[:1]:  # where one is out of reach, most are, for the same reason
        told = f"{', '.join(report.unbuilt)}: artefacts not built here: source unreachable. {reason}"
        err.print(told, highlight=False, markup=False, soft_wrap=True)
    print_not_run(report.checks)
    typer.echo(report.site / "index.html")


def print_not_run(rows: Any) -> None:
    """Print which runtimes were not there, and what to do."""
    from scripts.report import not_run

    for line in not_run(rows):
        err.print(line, highlight=False, markup=False, soft_wrap=True)
