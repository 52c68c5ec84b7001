"""Where an artefact spends its time: onnxruntime's own profile, operator by operator.

LiteRT has a profiler, but its Python interpreter does not expose it; neither do the runtimes of browsers.
"""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from edge.runtimes import RUNTIMES, Tensors

RUNS = 20  # after a first one, which also allocates
PROFILED = "onnxruntime"
KERNEL = "_kernel_time"  # how the trace names the time of a node's own computation
NOT_EXPOSED = "not exposed: {} gives no profile of its operators to Python"

Event = Mapping[str, Any]  # of Chrome's trace format: times in microseconds


class OperatorTime(BaseModel):
    """One kind of operator in one inference on one thread, the mean of `RUNS`; `share` is of the sum of operators.

    Operators are those that onnxruntime made of the graph: a convolution with what it swallowed is a `FusedConv`.
    """

    operator: str
    calls: float
    total_ms: float
    share: float


def profile(path: Path, runtime: str, inputs: Tensors) -> list[OperatorTime]:
    """Return the operators of an artefact, the most expensive first.

    Raises ValueError where the runtime gives no profile or is not here, and what the runtime raises when it cannot run.
    """
    missing = RUNTIMES[runtime].missing()
    if runtime != PROFILED or missing:
        raise ValueError(missing or NOT_EXPOSED.format(runtime))
    return _operators(_trace(path, inputs))


def _trace(path: Path, inputs: Tensors) -> list[Event]:
    from edge.runtimes import ort

    with tempfile.TemporaryDirectory() as folder:
        chosen = ort.options()
        chosen.enable_profiling = True
        chosen.profile_file_prefix = str(Path(folder) / "trace")
        session = ort.session(path, chosen)
        for _ in range(1 + RUNS):
            session.run(None, inputs)
        events: list[Event] = json.loads(Path(session.end_profiling()).read_text("utf-8"))
    return events


def _operators(events: Iterable[Event]) -> list[OperatorTime]:
    events = list(events)
    warm = min(event["ts"] + event["dur"] for event in events if event["name"] == "model_run")
    times: dict[str, list[float]] = defaultdict(list)
    for event in events:
        if event["name"].endswith(KERNEL) and event["ts"] >= warm:
            times[event["args"]["op_name"]].append(event["dur"] / 1e3)
    whole = sum(map(sum, times.values())) or 1.0
    rows = [
        OperatorTime(operator=name, calls=len(each) / RUNS, total_ms=sum(each) / RUNS, share=sum(each) / whole)
        for name, each in times.items()
    ]
    return sorted(rows, key=lambda row: -row.total_ms)
