"""Runs many jobs in forked processes, so that a native crash or a hang costs only the job that caused it."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Outcome:
    """How one job ended: `passed`, `refused`, `wrong`, `failed`, `crashed` or `hung`; `detail` says why."""

    status: str
    detail: str = ""


class Worker:
    """A forked process that takes job numbers and sends outcomes."""

    def __init__(self, jobs: Sequence[T], run: Callable[[T], Outcome]) -> None:
        context = multiprocessing.get_context("fork")
        self.pipe, child = context.Pipe()
        self.process = context.Process(target=_serve, args=(child, jobs, run), daemon=True)
        self.process.start()
        child.close()
        self.current: int | None = None

    def give(self, job: int) -> None:
        """Start a job."""
        self.current = job
        self.pipe.send(job)

    def stop(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.join()


def _serve(pipe: Connection, jobs: Sequence[T], run: Callable[[T], Outcome]) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the interpreter reports on stderr what the outcome says anyway
    while True:
        pipe.send(run(jobs[pipe.recv()]))


def run_all(jobs: Sequence[T], run: Callable[[T], Outcome], *, workers: int = 2, seconds: float = 30) -> list[Outcome]:
    """Return one outcome for each job, in order. A job may take `seconds`."""
    outcomes: list[Outcome | None] = [None] * len(jobs)
    pending = list(range(len(jobs)))[::-1]
    pool = [Worker(jobs, run) for _ in range(workers)]
    while pending or any(worker.current is not None for worker in pool):
        for worker in pool:
            if worker.current is None and pending:
                worker.give(pending.pop())
        busy = [worker for worker in pool if worker.current is not None]
        ready = wait([worker.pipe for worker in busy], seconds)
        for worker in busy:
            if worker.pipe in ready or not ready:
                index, worker.current = worker.current, None
                assert index is not None
                outcomes[index] = _receive(worker) if worker.pipe in ready else Outcome("hung", f"over {seconds} s")
                if outcomes[index].status in ("crashed", "hung"):  # type: ignore[union-attr]
                    worker.stop()
                    pool[pool.index(worker)] = Worker(jobs, run)
    for worker in pool:
        worker.stop()
    return [outcome for outcome in outcomes if outcome is not None]


def _receive(worker: Worker) -> Outcome:
    try:
        outcome: Outcome = worker.pipe.recv()
    except (EOFError, ConnectionError):
        worker.process.join()
        return Outcome("crashed", f"exit code {worker.process.exitcode}")
    return outcome
