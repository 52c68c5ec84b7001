"""Measures one artefact in a process of its own: `python -m edge.bench_process` reads a `Job` as JSON, prints `Times`.

A fresh process has loaded nothing yet, and what it keeps in memory is this artefact's.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

import numpy as np

from edge.runtimes import RUNTIMES, Native, Session, Tensors

AT_LEAST, AT_MOST = 3, 1000  # warm inferences
STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")  # of Linux
RESET_PEAK = "5"  # sets VmHWM to what is resident now; https://docs.kernel.org/filesystems/proc.html


@dataclass(frozen=True)
class Job:
    """An artefact, one golden input as `.npy` files by tensor, and how: `batch` copies, for `seconds` once warm."""

    file: str
    runtime: str
    inputs: Mapping[str, str]
    batch: int
    threads: int
    seconds: float


@dataclass(frozen=True)
class Times:
    """What one process or page measured, in milliseconds and bytes; `peak_memory_bytes` is None where it is not told.

    A warm sample is the mean of `repeats` inferences, since clocks of browsers tick every 0.1 ms.
    """

    load_ms: float
    first_ms: float
    warm_ms: list[float]
    peak_memory_bytes: int | None = None
    repeats: int = 1


def measure(job: Job) -> Times:
    """Load, run once, run until the time is up; raises what the runtime raises, and ValueError for a batch it mixes up.

    The runtime is imported before the clock starts, and the file most likely lies in the system's cache.
    """
    row = RUNTIMES[job.runtime]
    assert isinstance(row, Native), f"{job.runtime} runs in a browser"  # noqa: S101 - the caller's mistake, no input's
    import_module(row.module)
    one = {name: np.load(path) for name, path in job.inputs.items()}
    many = repeated(one, job.batch)
    idle = _reset_peak()
    start = time.perf_counter()
    session = row.load(Path(job.file), threads=job.threads)
    loaded = time.perf_counter()
    outputs = session(many)
    first = time.perf_counter()
    warm = _warm(session, many, job.seconds)
    peak = _peak()
    if job.batch > 1:
        refuse_mixed(outputs, session(one), job.batch)
    memory = None if idle is None or peak is None else peak - idle
    return Times((loaded - start) * 1e3, (first - loaded) * 1e3, warm, memory)


def repeated(tensors: Tensors, batch: int) -> Tensors:
    """Return `batch` copies of each tensor along its first axis."""
    return {name: np.concatenate([value] * batch) if batch > 1 else value for name, value in tensors.items()}


def refuse_mixed(many: Tensors, one: Tensors, batch: int) -> None:
    """Raise ValueError unless each part of a batch comes out as it does alone: some graphs mix them and say nothing."""
    for name, alone in one.items():
        want, got = np.concatenate([np.atleast_1d(alone)] * batch), many[name]
        if got.shape != want.shape:
            raise ValueError(f"{name} is {list(got.shape)}, expected {list(want.shape)}")
        scale = float(np.abs(alone.astype(np.float64)).max(initial=0.0))
        if not np.allclose(got, want, rtol=1e-3, atol=1e-3 * scale, equal_nan=True):
            raise ValueError(f"{name} is another than for its parts alone")


def _warm(session: Session, inputs: Tensors, seconds: float) -> list[float]:
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < AT_LEAST or (time.perf_counter() < end and len(times) < AT_MOST):
        start = time.perf_counter()
        session(inputs)
        times.append((time.perf_counter() - start) * 1e3)
    return times


def _reset_peak() -> int | None:
    """Forget the peak so far, and return what is resident now, in bytes."""
    if not RESET.exists():
        return None
    RESET.write_text(RESET_PEAK)
    return _peak()


def _peak() -> int | None:
    """Return the largest resident size since the last reset, in bytes; the mark of `getrusage` is the parent's too."""
    lines = STATUS.read_text().splitlines() if STATUS.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), None)


if __name__ == "__main__":
    try:
        sys.stdout.write(json.dumps(asdict(measure(Job(**json.load(sys.stdin))))))
    except Exception as error:  # whatever the runtime raises is the finding
        sys.exit(" ".join(str(error).split()) or type(error).__name__)
