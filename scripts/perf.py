"""`edgewise bench`: a finished build's artefacts measured, profiled, or compared layer by layer; see `edge.bench`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from edge import bench, divergence, profiling
from edge.machine import device
from edge.runtimes import Tensors
from edge.runtimes.browser import BROWSER
from scripts import built
from scripts.inputs import InputError

PERF = "perf.json"


def cases(site: Path, model_id: str) -> list[bench.Case]:
    """List what is measured of a model: every artefact in every runtime, at each batch and number of threads."""
    api = built.read(site, model_id)
    first = [
        bench.Case(model_id, row["format"], row["precision"], site / row["file"], row["bytes"], runtime)
        for row in api["artefacts"]
        for runtime in row["runtimes"]
    ]
    return bench.sweep(first, device().cores, batched=unbatched(api) is None)


def unbatched(api: dict[str, Any]) -> str | None:
    """Return why a model's card takes one input at a time, or None where each input's first axis is the batch."""
    for tensor in api["card"]["inputs"]:
        axes = [axis["name"] for axis in tensor["axes"]]
        if axes[:1] != ["batch"]:
            return f"batch 1 only: the first axis of {tensor['id']} is {axes[0] if axes else 'none'}, not batch"
    return None


def measure(site: Path, model_id: str, progress: Callable[[bench.Case], None], rounds: int) -> list[dict[str, Any]]:
    """Return the rows of `edge.bench.Performance` as JSON."""
    api = built.read(site, model_id)
    with closing(BROWSER):
        rows = bench.measure(cases(site, model_id), built.golden(site, api), progress, rounds=rounds)
    if why := unbatched(api):
        rows = [row.model_copy(update={"note": row.note or why}) for row in rows]
    return [row.model_dump(mode="json") for row in rows]


def write(folder: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write `perf.json` into a model's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PERF).write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", "utf-8")


def profile(site: Path, model_id: str) -> list[dict[str, Any]]:
    """Return the operators of each artefact in each runtime; one row with the reason where there is no profile."""
    inputs, rows = _tensors(site, model_id), []
    for case in cases(site, model_id):
        if (case.batch, case.threads) == (1, 1):
            head = {key: getattr(case, key) for key in ("model", "format", "precision", "runtime")}
            try:
                found = profiling.profile(case.file, case.runtime, inputs)
                rows += [head | row.model_dump(mode="json") | {"reason": None} for row in found]
            except Exception as error:  # whatever the runtime raises is the finding
                nothing = dict.fromkeys(profiling.OperatorTime.model_fields)
                rows.append(head | nothing | {"reason": str(error)})
    return rows


def diverge(site: Path, model_id: str, a: str, b: str, threshold: float) -> divergence.Divergence:
    """Compare the ONNX files of two precisions; raises `InputError` for one that the build does not have."""
    found = {
        row["precision"]: site / row["file"]
        for row in built.read(site, model_id)["artefacts"]
        if row["format"] == "onnx"
    }
    for precision in (a, b):
        if precision not in found:
            there = ", ".join(found) or "none"
            raise InputError(f"{model_id}: expected one of its precisions in ONNX ({there}), got {precision}")
    return divergence.diverge(found[a], found[b], _tensors(site, model_id), threshold)


def _tensors(site: Path, model_id: str) -> Tensors:
    paths = built.golden(site, built.read(site, model_id))
    return {name: np.load(path) for name, path in paths.items()}
