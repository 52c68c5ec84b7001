"""The benchmark of converters as a page: measurements in, Markdown with one plot out, and nothing read or written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from scripts.bench.figures import RIGHT

Row = Mapping[str, Any]

RATIOS = {
    "wall": "Conversion, wall time",
    "cpu": "Conversion, processor time",
    "peak": "Conversion, peak memory",
    "bytes": "Size of the file",
    "latency": "LiteRT latency, one thread",
    "latency_cpu": "LiteRT processor time, one thread",
}
SHAPES = ('<circle cx="{x:.1f}" cy="{y}" r="5"/>', '<rect x="{left:.1f}" y="{top}" width="9" height="9" fill="none"/>')
WIDTH, LEFT, RIGHT_EDGE, LINE = 720, 120, 690, 28  # of the plot


def page(report: Row) -> str:
    """Return the page for what `python -m scripts.bench.converters` wrote."""
    models, peers = report["models"], list(report["summary"])
    return (
        "\n\n".join(
            [
                "# Converters measured",
                _introduction(report),
                _summary(report["summary"]),
                plot(models, peers),
                *(_model(name, model) for name, model in models.items()),
                _method(),
            ]
        )
        + "\n"
    )


def _introduction(report: Row) -> str:
    machine, versions = report["machine"], report["versions"]
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"ONNX to TFLite in float32: Edgewise's converter against onnx2tf, which has a mode that writes the file "
        f"itself and one that goes through TensorFlow. Measured on {machine['cores']} cores ({machine['cpu']}, "
        f"{machine['memory_gb']} GB, {machine['system']}) with {listed}."
    )


def _summary(summary: Row) -> str:
    """Return the table of median ratios: peer divided by ours."""
    head = ["onnx2tf ÷ Edgewise, median", *summary]
    rows = [[label, *(_ratio(summary[peer].get(key)) for peer in summary)] for key, label in RATIOS.items()]
    return "Above 1, Edgewise is faster, or smaller.\n\n" + _table(head, rows)


def _ratio(found: Row | None) -> str:
    return f"{found['median']:.2f} × (models: {found['models']})" if found else "not measured"


def _model(name: str, model: Row) -> str:
    circumstances = f"{model['bytes'] / 1e6:.0f} MB of ONNX, measured {model['date']}, load average {model['load']}."
    head = ["Converter", "Conversions", "Time s", "CPU s", "Peak MB", "File MB", "LiteRT ms", "Output"]
    rows = [[name, *_cells(row)] for name, row in model["converters"].items()]
    return f"## {name}\n\n{circumstances}\n\n{_table(head, rows)}"


def _cells(row: Row) -> list[str]:
    if row["status"] != "done":
        return [f"{row['status']} after {row['rounds'][-1]['wall_s']:.0f} s", *["–"] * 6]
    costs = [str(len(row["rounds"])), f"{row['wall_s']:.2f}", f"{row['cpu_s']:.2f}", f"{row['peak_mb']:.0f}"]
    size = f"{row['bytes'] / 1e6:.1f}"
    if "error" in row:
        return [*costs, size, "does not run", row["error"].replace("\n", " ").replace("|", "\\|")]
    verdict = "right" if row["cosine"] >= RIGHT else "wrong"
    return [*costs, size, f"{row['latency_ms']:.2f}", f"{verdict}, cosine {row['cosine']:.5f}"]


def _table(head: list[str], rows: list[list[str]]) -> str:
    ruler = ["---", *["--:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, ruler, *rows])


def plot(models: Row, peers: list[str]) -> str:
    """Return an SVG: how many times longer each peer's conversion took, one line a model, logarithmic."""
    ratios = [[model["ratios"].get(peer, {}).get("wall") for peer in peers] for model in models.values()]
    end = max([10.0, *(ratio for line in ratios for ratio in line if ratio)])
    height = LINE * (len(models) + 3)
    lines = [_line(i, name, ratios[i], end) for i, name in enumerate(models)]
    words = "; ".join(
        f"{name}: " + ", ".join(f"{peer} {r:.1f}" for peer, r in zip(peers, line, strict=True) if r)
        for name, line in zip(models, ratios, strict=True)
    )
    return (
        f'<figure>\n<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="ratio-title ratio-words"'
        f' fill="currentColor" stroke="currentColor" font-size="14">\n'
        f'<title id="ratio-title">Conversion time of onnx2tf divided by that of Edgewise</title>\n'
        f'<desc id="ratio-words">{words}.</desc>\n'
        + "\n".join([*_ticks(end, LINE * len(models)), *lines, *_legend(peers, LINE * (len(models) + 2))])
        + "\n</svg>\n<figcaption>Conversion time of onnx2tf divided by that of Edgewise.</figcaption>\n</figure>"
    )


def _across(ratio: float, end: float) -> float:
    return LEFT + (RIGHT_EDGE - LEFT) * max(0.0, math.log(ratio) / math.log(end))


def _ticks(end: float, bottom: int) -> list[str]:
    values = [value for value in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000) if value <= end]
    across = [(value, _across(value, end)) for value in values]
    return [
        f'<path d="M{x:.1f} 4V{bottom}" opacity="0.25"/>{_text(f"{value} ×", x, bottom + 20, "middle")}'
        for value, x in across
    ]


def _line(number: int, name: str, ratios: list[float | None], end: float) -> str:
    y = LINE * number + LINE // 2
    marks = [_mark(i, _across(ratio, end), y) for i, ratio in enumerate(ratios) if ratio]
    return _text(name, LEFT - 12, y + 5, "end") + "".join(marks)


def _legend(peers: list[str], y: int) -> list[str]:
    return [
        _mark(i, LEFT + 200 * i, y) + _text(peer, LEFT + 200 * i + 12, y + 5, "start") for i, peer in enumerate(peers)
    ]


def _mark(kind: int, x: float, y: int) -> str:
    return SHAPES[kind % len(SHAPES)].format(x=x, y=y, left=x - 4.5, top=y - 4.5)


def _text(words: str, x: float, y: int, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}" stroke="none">{words}</text>'


def _method() -> str:
    return (
        "## How this was measured\n\n"
        "The models are the nine graphs that ship with onnx, their weights drawn at random from a fixed seed. Every "
        "conversion is a fresh process, so the start of Python and its imports count; the converters take turns, and "
        "a ratio is taken within a turn. A converter that needs over a minute for a model runs once. onnx2tf writes a "
        "float16 file beside the float32 one, and its time is in the figure, since that cannot be turned off. Peak "
        "memory is the largest resident size of one process. LiteRT runs one thread on the same random input, the "
        "files in turns and in both orders, and the median counts; the output is compared with onnxruntime's."
        f" *Wrong* means a cosine below {RIGHT}: such a file is timed, but its ratio is not counted."
    )
