"""Converts one file in a process of its own, which may not grow by more than a given amount of memory."""

from __future__ import annotations

import multiprocessing
import resource
import signal
import traceback
from collections.abc import Callable
from pathlib import Path

from converters import to_tfjs, to_tflite
from converters.errors import ConversionError, MalformedModel
from tests.conformance.runner import Outcome

Convert = Callable[[Path, Path], None]
CONVERTERS: dict[str, Convert] = {"tflite": to_tflite.convert_file, "tfjs": to_tfjs.convert_file}
MEMORY = 500 * 2**20  # bytes that a conversion of a small file may take
SECONDS = 20


def confine(memory: int = MEMORY) -> None:
    """Let this process map `memory` more bytes than it has mapped now; what asks for more meets a `MemoryError`."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + memory
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def attempt(convert: Convert, source: Path, target: Path) -> Outcome:
    """Convert, and say how it ended: `converted`, `refused`, `malformed`, `memory` or `raised` something else."""
    try:
        convert(source, target)
    except ConversionError as error:
        if _from_memory(error):
            return Outcome("memory", str(error))
        return Outcome("malformed" if isinstance(error, MalformedModel) else "refused", str(error))
    except BaseException as error:
        return Outcome("raised", f"{type(error).__name__}: {str(error)[:300]} at {_place(error)}")
    return Outcome("converted")


def _from_memory(error: BaseException | None) -> bool:
    return error is not None and (isinstance(error, MemoryError) or _from_memory(error.__context__))


def _place(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


def convert_confined(converter: str, source: Path, target: Path) -> Outcome:
    """Run `attempt` of a converter in a confined process."""
    return confined(CONVERTERS[converter], source, target)


def confined(convert: Convert, source: Path, target: Path) -> Outcome:
    """Run `attempt` in a forked and confined process; it ended as `hung` after `SECONDS` of work, as `crashed` else."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def run() -> None:
        confine()
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        sender.send(attempt(convert, source, target))

    process = context.Process(target=run, daemon=True)
    process.start()
    sender.close()
    try:
        outcome: Outcome = receiver.recv()
    except EOFError:
        process.join()
        hung = process.exitcode in (-signal.SIGXCPU, -signal.SIGKILL)
        return Outcome("hung" if hung else "crashed", f"exit code {process.exitcode}")
    process.join()
    return outcome
