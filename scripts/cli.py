"""The `edgewise` command: each command reads its arguments, calls one function, and prints what came of it."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    DownloadColumn,
    Progress,
    TransferSpeedColumn,
)

from scripts.bench_command import bench, diverge
from scripts.console import (
    COLUMNS,
    err,
    fail,
    print_not_run,
    print_predictions,
    print_problems,
    print_report,
    with_progress,
)
from scripts.import_card import import_card
from scripts.quantize_card import quantize_card

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]
Out = Annotated[Path, typer.Option(help="Folder that holds the build; the site appears in its folder `site`.")]
Offline = Annotated[bool, typer.Option("--offline", help="Never use the network; what is not at hand is not built.")]
Catalog = Annotated[Path, typer.Option(help="Folder of card folders.", exists=True, file_okay=False)]
DEFAULT_CATALOG = Path(__file__).parent.parent / "catalog" / "models"
DEFAULT_OUT = Path("build")


app.command("import")(import_card)
app.command()(bench)
app.command()(diverge)
app.command("quantize")(quantize_card)


@app.callback()
def edgewise() -> None:
    """Build, check and serve a catalog of deep-learning models that run where you are."""


@app.command()
def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Card folders, card files or a catalog.", exists=True)
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Apply the cures that are sure.")] = False,
    as_json: Json = False,
) -> None:
    """Check cards and the files they name; print every problem with its cure; exit 1 when there is one."""
    from catalog.check import check_all, find_cards
    from catalog.fix import fix as apply_fixes

    chosen = paths or [DEFAULT_CATALOG]
    problems = check_all(chosen)
    if fix and problems:
        for folder in find_cards(chosen):
            for line in apply_fixes(folder, problems):
                err.print(f"fixed {line}", highlight=False, markup=False)
        problems = check_all(chosen)
    if as_json:
        typer.echo(json.dumps({"problems": [problem.to_json() for problem in problems]}, indent=1))
    else:
        print_problems(problems)
        count = len(find_cards(chosen))
        err.print(f"cards checked: {count}, problems: {len(problems)}", highlight=False)
    raise typer.Exit(1 if problems else 0)


@app.command()
def build(
    out: Out = DEFAULT_OUT,
    catalog: Catalog = DEFAULT_CATALOG,
    offline: Offline = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 when weights could not be had, or a file not run.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Export, verify and bundle every model and make the site; only steps whose inputs changed run again."""
    report = run_build(out, catalog, offline=offline)
    if as_json:
        typer.echo(json.dumps({"site": str(report.site), "steps_made": report.steps_made, "models": report.models}))
    else:
        print_report(report)
    raise typer.Exit(1 if strict and (report.unbuilt or report.not_run) else 0)


@app.command()
def verify(
    ids: Annotated[list[str] | None, typer.Argument(help="Models; without any, all of them.")] = None,
    out: Out = DEFAULT_OUT,
    catalog: Catalog = DEFAULT_CATALOG,
    offline: Offline = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 also when a file could not be run.")] = False,
    as_json: Json = False,
) -> None:
    """Run every file of the models in every runtime against the golden vectors; exit 1 when one failed."""
    from scripts import report
    from scripts.verify import count_steps
    from scripts.verify import verify as run

    rows = with_progress(catalog, ids, count_steps, partial(run, out, offline=offline))
    if as_json:
        typer.echo(json.dumps({"rows": rows}, indent=1))
    else:
        Console(width=None if sys.stdout.isatty() else 200).print(report.checks(rows))
        print_not_run(rows)
    refused = {"failed", "not run"} if strict else {"failed"}
    raise typer.Exit(1 if any(row["status"] in refused for row in rows) else 0)


@app.command()
def fetch(
    ids: Annotated[list[str] | None, typer.Argument(help="Models; without any, all that are published.")] = None,
    catalog: Catalog = DEFAULT_CATALOG,
) -> None:
    """Download the weights and files that others publish into the cache, from where every build takes them."""
    from catalog.source import SourceError, obtain_all
    from scripts.fetching import find

    try:
        wanted = find(catalog, ids or [])
        with Progress(*COLUMNS[:3], DownloadColumn(), TransferSpeedColumn(), console=err) as bar:
            task = bar.add_task("fetching", total=sum(one.bytes or 0 for one in wanted))
            for path in obtain_all(wanted, progress=lambda count: bar.update(task, advance=count)):
                typer.echo(path)
    except (SourceError, ValueError) as error:
        fail(error)


@app.command()
def lock(
    ids: Annotated[list[str] | None, typer.Argument(help="Models; without any, all whose weights are fetched.")] = None,
    out: Out = DEFAULT_OUT,
    catalog: Catalog = DEFAULT_CATALOG,
) -> None:
    """Build, and write what was found out (digests, parity, accuracy) beside the cards whose weights lie elsewhere."""
    from scripts import locked

    for model in run_build(out, catalog).models:
        card = model["card"]
        wanted = card["id"] in ids if ids else card["source"]["url"] is not None
        if wanted and not model["unbuilt"]:
            for path in locked.write(catalog / card["id"], model):
                typer.echo(path)


@app.command()
def convert(
    model: Annotated[
        str, typer.Argument(help="A model file (ONNX, TFLite, TF.js, Keras, PyTorch), a card's folder, or an id.")
    ],
    to: Annotated[str, typer.Option(help="Format: onnx, ort, tflite or tfjs.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write; for tfjs, the folder.")],
    precision: Annotated[str, typer.Option(help="fp32, fp16, int8_dynamic, w8a8; tfjs: uint8, uint16.")] = "fp32",
    calibration: Annotated[
        Path | None, typer.Option(help="Folder of .npz files, the input tensors of one sample each.", exists=True)
    ] = None,
    layout: Annotated[
        str, typer.Option(help="Axes of images: keep, or nhwc for channels last (tflite, tfjs).")
    ] = "keep",
    fold_steps: Annotated[
        bool,
        typer.Option("--fold-steps", help="Put the card's element-wise steps into the graph: pixels in, scores out."),
    ] = False,
    catalog: Catalog = DEFAULT_CATALOG,
) -> None:
    """Convert any model file or a card's; refuse by name what the format cannot express exactly."""
    from catalog.source import SourceError
    from converters.errors import ConversionError
    from scripts.convert import convert as run
    from scripts.convert import find, left

    try:
        source, card = find(model, catalog, with_card=fold_steps)
        choices: dict[str, Any] = {"to": to, "precision": precision, "calibration": calibration, "layout": layout}
        written = run(source, out, **choices, card=card, fold_steps=fold_steps)
    except (ConversionError, SourceError, ValueError) as error:
        fail(error)
    for path in written:
        typer.echo(f"{path}  {path.stat().st_size} bytes")
    for line in left(written[-1]) if fold_steps else []:
        typer.echo(line)


@app.command()
def run(
    model: Annotated[str, typer.Argument(help="Model, by the name of its folder.")],
    inputs: Annotated[
        list[str] | None, typer.Argument(help="Files, folders, - for standard input, addresses, or name=value pairs.")
    ] = None,
    text: Annotated[str | None, typer.Option(help="A text to run the model on.")] = None,
    to: Annotated[str, typer.Option("--format", help="Format of the file to run, of a built site.")] = "onnx",
    precision: Annotated[str | None, typer.Option(help="Precision of the file to run, if not the source's.")] = None,
    draw: Annotated[Path | None, typer.Option(help="Folder for pictures of what was found.")] = None,
    save: Annotated[Path | None, typer.Option(help="Folder for results that are arrays, as .npy files.")] = None,
    allow_network: Annotated[bool, typer.Option("--allow-network", help="Read https addresses.")] = False,
    out: Out = DEFAULT_OUT,
    catalog: Catalog = DEFAULT_CATALOG,
    as_json: Json = False,
) -> None:
    """Run a model of the catalog on files, folders, texts or values; exit 1 when one of them could not be read."""
    from catalog.source import SourceError
    from converters.errors import ConversionError
    from scripts.inputs import Given, InputError, find
    from scripts.predict import Model

    try:
        chosen = Model(catalog, model)
        texts = [Given("text", lambda: text)] if text is not None else []
        given = find(inputs or [], chosen.task["input"], texts, allow_network=allow_network)
        session = chosen.session((to, precision), out / "site")
        failed = print_predictions(chosen, session, given, {"drawn": draw, "saved": save}, as_json)
    except (ConversionError, InputError, SourceError) as error:
        fail(error)
    raise typer.Exit(1 if failed else 0)


@app.command()
def site(
    serve: Annotated[bool, typer.Option("--serve", help="Serve it until interrupted.")] = False,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 picks a free one.", min=0, max=65535)] = 8000,
    out: Out = DEFAULT_OUT,
    catalog: Catalog = DEFAULT_CATALOG,
    offline: Offline = False,
) -> None:
    """Build what changed and say where the site is; with --serve, serve it."""
    from scripts.serve import make_server

    report = run_build(out, catalog, offline=offline)
    print_report(report)
    if not serve:
        return
    try:
        server = make_server(report.site, host, port)
    except OSError as error:
        err.print(
            f"edgewise: cannot listen on {host}:{port}: {error.strerror}. Free the port, or choose another with --port."
        )
        raise typer.Exit(1) from error
    err.print(f"\nServing on http://{host}:{server.server_address[1]}/  (Ctrl+C stops)", highlight=False)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        err.print("stopped")


def run_build(folder: Path, catalog: Path, *, offline: bool = False) -> Any:
    """Build with a progress bar; print problems and exit 1 when it cannot be published."""
    from scripts.build import build, count_steps

    work = partial(build, folder, offline=offline)
    return with_progress(catalog, None, count_steps, work)


if __name__ == "__main__":
    sys.exit(app())
