"""The benchmark of converters as a page: measurements in, Markdown with tables in HTML out, nothing read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from scripts.bench.figures import OURS, RIGHT

Row = Mapping[str, Any]

RATIOS = {
    "wall": "Time of a conversion",
    "cpu": "Processor time of a conversion",
    "peak": "Peak memory of a conversion",
    "bytes": "Size of the file",
    "latency": "Time of an inference in LiteRT, one thread",
    "latency_cpu": "Processor time of an inference",
}
MEMORY = (2.5, 200)  # what Edgewise promises to stay below: times the size of the model, and MB beside
MISSING = "–"


def page(report: Row, light: Sequence[Row]) -> str:
    """Return the page for what `scripts.bench.converters` and `scripts.bench.light` wrote."""
    models = report["models"]
    names = list(dict.fromkeys(name for model in models.values() for name in model["converters"]))
    parts = [
        "# Converters measured",
        _introduction(report),
        _summary(report["summary"], names),
        "## Time of a conversion",
        "Each bar is in proportion to Edgewise's own time for the model.",
        bars(models, names),
        "## Peak memory of a conversion",
        f"In MB. Edgewise stays below {MEMORY[0]} times the size of the model and {MEMORY[1]} MB.",
        _memory(models, names),
        "## The files in LiteRT",
        "Milliseconds of processor time for an inference, one thread; *wrong* where the output is not onnxruntime's.",
        _each(models, names, _latency),
        "## Size of the file",
        "In MB, float32.",
        _each(models, names, _size),
        "## Ten random images in every precision",
        "The error is the largest, as a share of the largest logit; then how many of ten images keep their winner.",
        _precisions(light),
        "## How this was measured",
        _method(names, report["versions"]),
    ]
    return "\n\n".join(parts) + "\n"


def _introduction(report: Row) -> str:
    machine, models = report["machine"], report["models"].values()
    days, loads = [model["date"] for model in models], [model["load"] for model in models]
    return (
        "ONNX to TFLite in float32: Edgewise against onnx2tf, which has a mode that writes the file itself, its "
        f"default, and one that goes through TensorFlow. Measured {_span(days)} on {machine['cores']} cores "
        f"({machine['cpu']}, {machine['memory_gb']} GB, {machine['system']}), which other work shared: load average "
        f"{_span(loads)}."
    )


def _span(values: Sequence[Any]) -> str:
    return " to ".join(str(value) for value in dict.fromkeys([min(values), max(values)]))


def _summary(summary: Row, names: Sequence[str]) -> str:
    """Return the table of median ratios: peer divided by ours."""
    peers = [name for name in names if name in summary]
    rows = [[label, *(_ratio(summary[peer], key) for peer in peers)] for key, label in RATIOS.items()]
    counts = [str(_count(summary[peer])) for peer in peers]
    return _table(["onnx2tf ÷ Edgewise", *(f"{peer}, median" for peer in peers)], [*rows, ["Models", *counts]])


def _ratio(found: Row, key: str) -> str:
    if key not in found:
        return "not measured"
    ratio, count = found[key]["median"], found[key]["models"]
    return f"{ratio:.2f} ×" + ("" if count == _count(found) else f" ({count} models)")


def _count(found: Row) -> int:
    models: int = found["wall"]["models"] if "wall" in found else 0
    return models


def bars(models: Row, names: Sequence[str]) -> str:
    """Return a table in HTML: for each model and converter a bar, the seconds, and how many times ours that is."""
    longest = max([1.0, *(model["ratios"].get(name, {}).get("wall", 0) for model in models.values() for name in names)])
    groups = [_bars(name, model, longest) for name, model in models.items()]
    return '<table class="bars">\n' + "\n".join(groups) + "\n</table>"


def _bars(name: str, model: Row, longest: float) -> str:
    lines = [_bar(converter, row, _times(model, converter), longest) for converter, row in model["converters"].items()]
    title = f'<tr><th colspan="4" scope="rowgroup">{name}</th></tr>'
    return "<tbody>" + title + "".join(f"<tr>{line}</tr>" for line in lines) + "</tbody>"


def _times(model: Row, converter: str) -> float | None:
    ratio: float | None = 1.0 if converter == OURS else model["ratios"].get(converter, {}).get("wall")
    return ratio


def _bar(converter: str, row: Row, ratio: float | None, longest: float) -> str:
    kind = ' class="bars__ours"' if converter == OURS else ""
    share = f"{100 * (ratio or 0) / longest:.2f}%"
    bar = f'<svg aria-hidden="true" width="100%" height="10"><rect{kind} width="{share}" height="10"/></svg>'
    cells = [_title(converter), bar, _time(row), f"{ratio:.1f} ×" if ratio else MISSING]
    return "".join(f"<td>{cell}</td>" for cell in cells)


def _time(row: Row) -> str:
    return f"{row['wall_s']:.2f} s" if row["status"] == "done" else f"{row['status']} after {_last(row):.0f} s"


def _last(row: Row) -> float:
    seconds: float = row["rounds"][-1]["wall_s"]
    return seconds


def _title(converter: str) -> str:
    return "Edgewise" if converter == OURS else converter


def _memory(models: Row, names: Sequence[str]) -> str:
    head = ["Model", "Its size", "Bound", *map(_title, names)]
    rows = [
        [name, f"{(size := model['bytes'] / 1e6):.0f}", f"{MEMORY[0] * size + MEMORY[1]:.0f}"]
        + [_cell(model, converter, _peak) for converter in names]
        for name, model in models.items()
    ]
    return _table(head, rows)


def _each(models: Row, names: Sequence[str], cell: Callable[[Row], str]) -> str:
    rows = [[str(name), *(_cell(model, converter, cell) for converter in names)] for name, model in models.items()]
    return _table(["Model", *map(_title, names)], rows)


def _cell(model: Row, converter: str, cell: Callable[[Row], str]) -> str:
    row = model["converters"].get(converter)
    return cell(row) if row and row["status"] == "done" else MISSING


def _peak(row: Row) -> str:
    return f"{row['peak_mb']:.0f}"


def _size(row: Row) -> str:
    return f"{row['bytes'] / 1e6:.1f}"


def _latency(row: Row) -> str:
    error: str | None = row.get("error")
    if error is not None:
        return f"does not run: {escape(error)}"
    wrong = "" if row["cosine"] >= RIGHT else f", <em>wrong</em>: cosine {row['cosine']:.2f}"
    return f"{row['latency_cpu_ms']:.2f}{wrong}"


def _precisions(light: Sequence[Row]) -> str:
    precisions = list(dict.fromkeys(name for row in light for name in row["precisions"]))
    rows = [[row["model"], *(_accuracy(row, name) for name in precisions)] for row in light]
    return _table(["Model", *precisions], rows)


def _accuracy(row: Row, precision: str) -> str:
    found = row["precisions"].get(precision)
    if found is None:
        return MISSING
    error = f"{found['error']:.2%}" if found["error"] >= 1e-4 else "below 0.01%"
    return f"{error}, {found['top1']}/{row['inputs']}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    titles = "".join(f'<th scope="col">{title}</th>' for title in head)
    lines = [f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>' for row in rows]
    table = [f'<table class="measures">\n<thead><tr>{titles}</tr></thead>\n<tbody>', *lines, "</tbody>\n</table>"]
    return '<div class="scroll">' + "\n".join(table) + "</div>"


def _method(names: Sequence[str], versions: Row) -> str:
    others = " and ".join(name for name in names if name != OURS)
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        "The models are the nine graphs that ship with onnx, their weights drawn at random from a fixed seed. Every "
        f"conversion is a fresh process, so the start of Python and its imports count; Edgewise, {others} take turns, "
        "and a ratio is taken within a turn, so that other work on the machine weighs on both. A conversion that takes "
        "over a minute is not repeated. onnx2tf writes a float16 file beside the float32 one, and its time is in the "
        "figure, since that cannot be turned off. Peak memory is the largest resident size of one process.\n\n"
        "onnx2tf puts the channels of images last, so Edgewise's file is made with `--layout nhwc` too. LiteRT runs "
        "one thread on the same random input, the files in turns and in both orders, and the median counts. A file "
        f"whose output has a cosine below {RIGHT} with onnxruntime's is timed, but its ratio is not counted. Not "
        f"measured ({MISSING}): AlexNet, ZFNet, VGG19 through TensorFlow, which takes up to 10 minutes and 17 GB.\n\n"
        f"Versions: {listed}. `python -m scripts.bench.converters` and `python -m scripts.bench.light` measure anew."
    )
