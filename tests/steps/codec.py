"""One JSON form for what goes into steps and comes out, read by Python and by `run.mjs`.

`{"array": {dtype, shape, data}}` with little-endian base64 data, `{"sound": {samples: such an array, rate}}`,
`{"bytes": base64}`, `{"named": {name: such a value}}` or `{"plain": any JSON value}`. A job is `{steps, value, labels,
frame, picture, sound}`; what came out is `{value, frame,
warnings}`, or `{refused, frame, warnings}`.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from edge.steps import Context, StepError, run_steps
from edge.steps.context import Frame
from edge.steps.sound import Sound

RUN_MJS = Path(__file__).with_name("run.mjs")
FILES = Path(__file__).parents[1] / "golden" / "steps" / "files"  # what steps of golden vectors name


def encode(value: Any) -> dict[str, Any]:
    """Write a value as JSON."""
    if isinstance(value, np.ndarray):
        data = base64.b64encode(value.astype(value.dtype.newbyteorder("<")).tobytes()).decode()
        return {"array": {"dtype": value.dtype.name, "shape": list(value.shape), "data": data}}
    if isinstance(value, Sound):
        return {"sound": {"samples": encode(value.samples), "rate": value.rate}}
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, Mapping) and any(isinstance(part, np.ndarray) for part in value.values()):
        return {"named": {name: encode(part) for name, part in value.items()}}
    return {"plain": value}


def decode(value: dict[str, Any]) -> Any:
    """Read what `encode` or `run.mjs` wrote."""
    [(kind, body)] = value.items()
    if kind == "array":
        data = np.frombuffer(base64.b64decode(body["data"]), np.dtype(body["dtype"]).newbyteorder("<"))
        return data.astype(body["dtype"]).reshape(body["shape"])
    if kind == "sound":
        return Sound(decode(body["samples"]), body["rate"])
    if kind == "named":
        return {name: decode(part) for name, part in body.items()}
    return base64.b64decode(body) if kind == "bytes" else body


def job(steps: Sequence[dict[str, Any]], value: Any, context: Context | None = None) -> dict[str, Any]:
    """Describe one run of steps."""
    context = context or Context()
    return {
        "steps": list(steps),
        "value": encode(value),
        "labels": context.labels,
        "frame": context.frame and asdict(context.frame),
        "picture": encode(context.picture),
        "sound": encode(context.sound),
    }


def in_python(job: dict[str, Any]) -> dict[str, Any]:
    """Run a job here."""
    frame = job["frame"] and Frame(**job["frame"])
    heard = decode(job["sound"]) if "sound" in job else None
    picture = decode(job["picture"])
    context = Context(labels=job["labels"], folder=FILES, frame=frame, picture=picture, sound=heard)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        steps = [SimpleNamespace(**step) for step in job["steps"]]
        try:
            outcome: dict[str, Any] = {"value": encode(run_steps(steps, decode(job["value"]), context))}
        except StepError as error:
            outcome = {"refused": str(error)}
    texts = [str(warning.message) for warning in caught]
    return outcome | {"frame": context.frame and asdict(context.frame), "warnings": texts}


def in_node(jobs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Run jobs in one Node process: the names of its steps, and a result a job as `in_python` gives it."""
    node = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert node is not None, "no node: install the project, which brings one"
    done = subprocess.run([node, RUN_MJS, FILES], input=json.dumps(jobs).encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    result: dict[str, Any] = json.loads(done.stdout)
    return result
