"""One JSON form for what goes into steps and comes out, read by Python and by `run.mjs`.

`{"array": {dtype, shape, data}}` with little-endian base64 data, `{"bytes": base64}` or `{"plain": any JSON value}`.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from edge.steps import StepError, run_steps

RUN_MJS = Path(__file__).with_name("run.mjs")


def encode(value: Any) -> dict[str, Any]:
    """Write a value as JSON."""
    if isinstance(value, np.ndarray):
        data = base64.b64encode(value.astype(value.dtype.newbyteorder("<")).tobytes()).decode()
        return {"array": {"dtype": value.dtype.name, "shape": list(value.shape), "data": data}}
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    return {"plain": value}


def decode(value: dict[str, Any]) -> Any:
    """Read what `encode` or `run.mjs` wrote."""
    [(kind, body)] = value.items()
    if kind == "array":
        data = np.frombuffer(base64.b64decode(body["data"]), np.dtype(body["dtype"]).newbyteorder("<"))
        return data.astype(body["dtype"]).reshape(body["shape"])
    return base64.b64decode(body) if kind == "bytes" else body


def job(steps: Sequence[dict[str, Any]], value: Any, labels: list[str] | None = None) -> dict[str, Any]:
    """Describe one run of steps."""
    return {"steps": list(steps), "value": encode(value), "labels": labels}


def in_python(job: dict[str, Any]) -> dict[str, Any]:
    """Run a job here: `{value, warnings}` or `{refused, warnings}`."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        steps = [SimpleNamespace(**step) for step in job["steps"]]
        try:
            outcome: dict[str, Any] = {"value": encode(run_steps(steps, decode(job["value"]), labels=job["labels"]))}
        except StepError as error:
            outcome = {"refused": str(error)}
    return outcome | {"warnings": [str(warning.message) for warning in caught]}


def in_node(jobs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Run jobs in one Node process: the names of its steps, and a result a job as `in_python` gives it."""
    node = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert node is not None, "no node: install the project, which brings one"
    done = subprocess.run([node, RUN_MJS], input=json.dumps(jobs).encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    result: dict[str, Any] = json.loads(done.stdout)
    return result
