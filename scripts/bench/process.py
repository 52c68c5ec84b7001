"""Runs a program in a fresh process and says what it cost."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What one process took; the figures of a process that did not end well are no measurement of its work.

    `status` is `done`, `failed` or `timed out`. `wall_s` and `cpu_s` (user and system, with the processes it waited
    for) are seconds; `peak_mb` is the largest resident size of a single one of these processes in 10^6 bytes.
    """

    status: str
    wall_s: float
    cpu_s: float
    peak_mb: float


def run(command: Sequence[str], log: Path, *, seconds: float, cwd: Path, env: Mapping[str, str]) -> Cost:
    """Run a command, its output to `log`; after `seconds` it and all it started are killed.

    The caller must be small: Linux counts the memory of the process that starts another one into that one's peak.
    """
    with log.open("wb") as stream:
        start = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - the commands are our own
            command, stdout=stream, stderr=subprocess.STDOUT, cwd=cwd, env=env, start_new_session=True
        )
        late = threading.Event()
        timer = threading.Timer(seconds, _kill, (process.pid, late))
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    outcome = "timed out" if late.is_set() else "failed" if process.returncode else "done"
    return Cost(
        outcome, round(wall, 3), round(usage.ru_utime + usage.ru_stime, 3), round(usage.ru_maxrss * 1.024e-3, 1)
    )


def _kill(group: int, late: threading.Event) -> None:
    late.set()
    os.killpg(group, signal.SIGKILL)
