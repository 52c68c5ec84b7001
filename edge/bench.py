"""How fast and how large artefacts are in each runtime; machines of other kinds give other figures.

Each figure is taken in several fresh processes (in browsers, fresh pages), and the processes of different artefacts and
batches take turns, forwards and backwards, so that whatever else the machine does hits all alike.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel

from edge.bench_process import Job, Times
from edge.machine import Device, device
from edge.runtimes import RUNTIMES, Native, UnsupportedError

BATCHES = (1, 2, 4, 8)
ROUNDS = 3
WARM_SECONDS = 0.2  # of warm inferences, in each round
TIMEOUT = 600  # seconds for one process; one that takes longer fails
IN_BROWSERS = "batch 1 and one thread only in browsers"
Status = Literal["measured", "failed", "not run", "unsupported"]


class Performance(BaseModel):
    """One row of `perf.json`: an artefact in a runtime, at one batch and number of threads.

    `load_ms` is from the file to a session ready to run (native runtimes are imported before, browsers load theirs in
    this time), `first_ms` the first inference, both the median over the rounds; the warm figures are over all samples.
    `peak_memory_bytes` is the most that was resident above the idle process with the runtime and the input in it, the
    worst of the rounds; it is not told in browsers and outside Linux. Times are of the whole batch.
    """

    model: str
    format: str
    precision: str
    runtime: str
    versions: dict[str, str]
    device: Device
    batch: int
    threads: int
    file_bytes: int
    status: Status
    load_ms: float | None = None
    first_ms: float | None = None
    warm_median_ms: float | None = None
    warm_p95_ms: float | None = None
    warm_samples: int = 0
    peak_memory_bytes: int | None = None
    reason: str | None = None  # why there are no figures
    note: str | None = None  # what else to know, such as why there is no larger batch


@dataclass(frozen=True)
class Case:
    """What one row measures."""

    model: str
    format: str
    precision: str
    file: Path
    file_bytes: int
    runtime: str
    batch: int = 1
    threads: int = 1

    @property
    def artefact(self) -> tuple[Path, str]:
        """Return what cases of other batches and threads share."""
        return self.file, self.runtime


def sweep(cases: Sequence[Case], cores: int, *, batched: bool) -> list[Case]:
    """Add the larger batches on one thread, where `batched`, and batch 1 on all cores; browsers have batch 1 only."""
    native = [case for case in cases if isinstance(RUNTIMES.get(case.runtime), Native)]
    settings = [(batch, 1) for batch in BATCHES[1:] if batched] + [(1, cores)] * (cores > 1)
    return [*cases, *(replace(case, batch=batch, threads=threads) for batch, threads in settings for case in native)]


def measure(
    cases: Sequence[Case],
    inputs: Mapping[str, Path],
    progress: Callable[[Case], None] = lambda _: None,
    *,
    rounds: int = ROUNDS,
) -> list[Performance]:
    """Measure `cases` on one golden input, `.npy` files by tensor; `progress` is called `rounds` times for each.

    A batch that a graph cannot take leaves no row; the row of batch 1 says why in its note.
    """
    runs: dict[Case, list[Times]] = {case: [] for case in cases}
    errors: dict[Case, tuple[Status, str]] = {}
    for number in range(rounds):
        for case in cases if number % 2 == 0 else reversed(cases):
            progress(case)
            if not any(_settles(failed, case) for failed in errors):
                try:
                    runs[case].append(_times(case, inputs))
                except _NoFiguresError as error:
                    errors[case] = (error.status, str(error))
    machine = device()
    kept = [case for case in cases if case.batch == 1 or not any(_settles(failed, case) for failed in errors)]
    rows = {case: _row(case, runs[case], errors.get(case), machine) for case in kept}
    for failed, (_, why) in errors.items():
        if failed.batch > 1:
            rows[replace(failed, batch=1)].note = f"no batch of {failed.batch}: {why}"
    return list(rows.values())


class _NoFiguresError(Exception):
    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def _settles(failed: Case, case: Case) -> bool:
    """Tell whether it need not be tried again: what fails at one batch fails at larger ones."""
    return failed.artefact == case.artefact and failed.threads == case.threads and failed.batch <= case.batch


def _times(case: Case, inputs: Mapping[str, Path]) -> Times:
    row = RUNTIMES.get(case.runtime)
    missing = "no runtime of Edgewise" if row is None else row.missing()
    if missing:
        raise _NoFiguresError("not run", missing)
    return (_in_process if isinstance(row, Native) else _in_browser)(case, inputs)


def _in_process(case: Case, inputs: Mapping[str, Path]) -> Times:
    named = {name: str(path) for name, path in inputs.items()}
    job = Job(str(case.file), case.runtime, named, case.batch, case.threads, WARM_SECONDS)
    command = [sys.executable, "-m", "edge.bench_process"]
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            command, input=json.dumps(asdict(job)), capture_output=True, text=True, check=False, timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired as error:
        raise _NoFiguresError("failed", f"took longer than {TIMEOUT} s") from error
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"its process ended with {done.returncode}"]
        raise _NoFiguresError("failed", said[-1])
    return Times(**json.loads(done.stdout))


def _in_browser(case: Case, inputs: Mapping[str, Path]) -> Times:
    from edge.runtimes.browser import BROWSER

    tensors = {name: np.load(path) for name, path in inputs.items()}
    try:
        return Times(**BROWSER.time(case.runtime, case.file, tensors, WARM_SECONDS))
    except UnsupportedError as error:
        raise _NoFiguresError("unsupported", str(error)) from error
    except RuntimeError as error:
        raise _NoFiguresError("failed", str(error)) from error


def _row(case: Case, runs: Sequence[Times], error: tuple[Status, str] | None, machine: Device) -> Performance:
    runtime = RUNTIMES.get(case.runtime)
    versions = {} if runtime is None or runtime.missing() else {case.runtime: runtime.version()}
    status, reason = error or ("measured", None)
    row = Performance(
        **{key: value for key, value in vars(case).items() if key != "file"},
        versions=versions | {"python": platform.python_version()},
        device=machine,
        status=status,
        reason=reason,
    )
    if error:
        return row
    repeats = max(run.repeats for run in runs)
    note = None if isinstance(runtime, Native) else f"{IN_BROWSERS}; a warm sample averages up to {repeats} inferences"
    return row.model_copy(update=_figures(runs) | {"note": note})


def _figures(runs: Sequence[Times]) -> dict[str, object]:
    warm = [sample for run in runs for sample in run.warm_ms]
    memory = [run.peak_memory_bytes for run in runs if run.peak_memory_bytes is not None]
    return {
        "load_ms": _rounded(np.median([run.load_ms for run in runs])),
        "first_ms": _rounded(np.median([run.first_ms for run in runs])),
        "warm_median_ms": _rounded(np.median(warm)),
        "warm_p95_ms": _rounded(np.percentile(warm, 95)),
        "warm_samples": len(warm),
        "peak_memory_bytes": max(memory, default=None),
    }


def _rounded(milliseconds: float | np.floating) -> float:
    return float(f"{milliseconds:.4g}")
