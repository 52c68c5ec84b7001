"""`python -m scripts.bench.converters`: our ONNX → TFLite converter against onnx2tf, direct and through TensorFlow.

Every conversion is a fresh process; the converters take turns, and so do their files in LiteRT. Figures go to
`build/bench/converters.json`, model by model, so that an interrupted run keeps what it has and a later run with other
`--models` adds to it; `figures.py` says what the ratios mean, `converters_page.py` makes a page of it.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from edge.machine import device
from scripts.bench import figures, peer
from scripts.bench.process import Cost, run

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "bench"
KEPT = Path(__file__).parent / "results" / "converters.json"
MODELS = (
    "squeezenet",
    "shufflenet",
    "inception_v1",
    "densenet121",
    "inception_v2",
    "resnet50",
    "bvlc_alexnet",
    "zfnet512",
    "vgg19",
)
OURS = (  # onnx2tf always puts the channels of images last
    "import pathlib, sys; from converters.to_tflite import convert_file; "
    "convert_file(*map(pathlib.Path, sys.argv[1:]), layout='nhwc')"
)
MAKE = "import pathlib, sys; from tests.conformance.light import save; save(sys.argv[1], pathlib.Path(sys.argv[2]))"

# Every converter writes {out}/{model}_float32.tflite. onnx2tf also writes a float16 file, which cannot be turned off.
COMMANDS = {
    figures.OURS: ("{python}", "-c", OURS, "{source}", "{out}/{model}_float32.tflite"),
    "onnx2tf direct": ("{peer}/bin/onnx2tf", "-i", "{source}", "-o", "{out}", "-tb", "flatbuffer_direct"),
    "onnx2tf TensorFlow": ("{peer}/bin/onnx2tf", "-i", "{source}", "-o", "{out}", "-tb", "tf_converter"),
}
REPEATED_BELOW = 60.0  # seconds: chance matters little in a conversion that takes longer, so it runs once
Row = dict[str, Any]


def measure(model: str, names: Sequence[str], rounds: int, seconds: float, environment: Path) -> Row:
    """Return the figures of one model for the named converters."""
    with TemporaryDirectory(dir=BUILD) as folder:
        base = Path(folder)
        source = _make(model, base)
        costs: dict[str, list[Cost]] = {name: [] for name in names}
        for number in range(rounds):
            for name in names:
                if number == 0 or _worth_repeating(costs[name][-1]):
                    costs[name].append(_convert(name, source, base / name, seconds, environment))
        files = {name: base / name / f"{model}_float32.tflite" for name in names if costs[name][-1].status == "done"}
        runs = _latency(source, files)
        sizes = {name: path.stat().st_size for name, path in files.items()}
        rows = {
            name: figures.converter_row([asdict(cost) for cost in costs[name]], sizes.get(name, 0), runs.get(name, {}))
            for name in names
        }
        found = {name: figures.ratios(rows, runs, name) for name in names if name != figures.OURS}
        return _circumstances(source) | {"converters": rows, "ratios": found}


def _worth_repeating(cost: Cost) -> bool:
    return cost.status == "done" and cost.wall_s < REPEATED_BELOW


def _make(model: str, folder: Path) -> Path:
    subprocess.run([sys.executable, "-c", MAKE, model, str(folder)], cwd=ROOT, check=True)  # noqa: S603
    return folder / f"{model}.onnx"


def _convert(name: str, source: Path, out: Path, seconds: float, environment: Path) -> Cost:
    out.mkdir(exist_ok=True)
    values = {"python": sys.executable, "peer": environment, "source": source, "out": out, "model": source.stem}
    command = [part.format(**values) for part in COMMANDS[name]]
    env = os.environ | {"PATH": f"{environment / 'bin'}:{os.environ['PATH']}"}  # onnx2tf calls onnxsim by its name
    log = BUILD / f"{source.stem}-{name.replace(' ', '-')}.log"
    cost = run(command, log, seconds=seconds, cwd=ROOT, env=env)
    _say(f"{source.stem}, {name}: {cost.status}, {cost.wall_s:.2f} s, {cost.cpu_s:.2f} CPU s, {cost.peak_mb:.0f} MB")
    return cost


def _latency(source: Path, files: dict[str, Path]) -> dict[str, Row]:
    """Time the files in a process of its own; if one of them brings LiteRT down, each gets the reason."""
    pairs = [f"{name}={path}" for name, path in files.items()]
    command = [sys.executable, "-m", "scripts.bench.latency", str(source), *pairs]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=False)  # noqa: S603
    if done.returncode:
        return {name: {"error": f"LiteRT's process ended with {done.returncode}"} for name in files}
    report: dict[str, Row] = json.loads(done.stdout)
    return report


def _circumstances(source: Path) -> Row:
    return {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "bytes": source.stat().st_size,
        "load": round(os.getloadavg()[1], 1),
    }


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    found = device()
    return found.model_dump(exclude={"memory_bytes"}) | {"memory_gb": round(found.memory_bytes / 1e9)}


def _versions(environment: Path) -> dict[str, str]:
    ours = {name: importlib.metadata.version(name) for name in ("ai-edge-litert", "onnxruntime")}
    theirs = peer.versions(environment)
    return ours | {"python": platform.python_version()} | {f"{name} (peer)": v for name, v in theirs.items()}


def _earlier(path: Path, head: Row) -> Row:
    """Return the models measured before on the same machine with the same versions."""
    if not path.exists():
        return {}
    report: Row = json.loads(path.read_text())
    same = {key: report[key] for key in head} == head
    models: Row = report["models"] if same else {}
    return models


def _save(path: Path, head: Row, models: Row) -> None:
    ordered = {name: models[name] for name in MODELS if name in models}
    report = head | {"models": ordered, "summary": figures.summary(ordered)}
    path.write_text(json.dumps(report, indent=1) + "\n")


def _say(line: str) -> None:
    typer.echo(line, err=True)


def main(
    models: Annotated[str, typer.Option(help="Names, with commas.")] = ",".join(MODELS),
    peers: Annotated[str, typer.Option(help="Names, with commas.")] = "onnx2tf direct,onnx2tf TensorFlow",
    rounds: Annotated[int, typer.Option(min=1, help="Conversions by each converter.")] = 3,
    seconds: Annotated[float, typer.Option(help="Limit of one conversion; more is reported as timed out.")] = 900,
    peer_env: Annotated[Path, typer.Option("--peer", help="onnx2tf's virtual environment.")] = BUILD / "venv",
    write: Annotated[bool, typer.Option(help=f"Also write {KEPT.relative_to(ROOT)}.")] = False,
) -> None:
    """Measure and write `build/bench/converters.json`."""
    BUILD.mkdir(parents=True, exist_ok=True)
    environment = peer.ensure(peer_env).resolve()
    head = {"machine": machine(), "versions": _versions(environment)}
    path = BUILD / "converters.json"
    measured = _earlier(path, head)
    for number, model in enumerate(models.split(","), 1):
        _say(f"{number}/{len(models.split(','))} {model}")
        measured[model] = measure(model, [figures.OURS, *peers.split(",")], rounds, seconds, environment)
        _save(path, head, measured)
    if write:
        KEPT.write_text(path.read_text())


if __name__ == "__main__":
    typer.run(main)
