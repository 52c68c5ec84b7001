"""Fuzzes the converters: valid models, changed at random, in confined processes; counts how each conversion ends.

    python -m scripts.bench.fuzz_converters --minutes 10 --out build/fuzz

Ends with status 1 when a conversion raised anything but a `ConversionError`, ran out of memory, crashed or hung. Those
files lie in the output folder under their seed, one for each place in the code.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import onnx_ir as ir

from tests.conformance.cases import fetch
from tests.conformance.runner import Outcome, run_all
from tests.converters.corpus.confined import CONVERTERS, SECONDS, attempt, confine
from tests.converters.corpus.mutation import mutate
from tests.graphs import convnet

BATCH = 400  # conversions between two reports; each batch has fresh processes
LARGEST = 2**15  # bytes of a model to start from
PROPER = {"converted", "refused", "malformed"}
confine_once = cache(confine)


@dataclass
class Tally:
    """How conversions ended, and one example of each way that must not be."""

    counts: Counter[str] = field(default_factory=Counter)
    findings: dict[str, int] = field(default_factory=dict)

    def add(self, seed: int, outcome: Outcome) -> None:
        """Note one outcome."""
        self.counts[outcome.status] += 1
        if outcome.status not in PROPER:
            self.findings.setdefault(f"{outcome.status}: {outcome.detail[-200:]}", seed)


def starting_models() -> list[bytes]:
    """Return small valid models: one convolutional network, and the operator tests of onnx."""
    models = [ir.to_proto(convnet()).SerializeToString()]
    paths = sorted(fetch().glob("node/*/model.onnx"))
    return [*models, *(path.read_bytes() for path in paths if path.stat().st_size <= LARGEST)]


def convert_mutant(models: list[bytes], folder: Path, seed: int) -> Outcome:
    """Convert the mutant of a seed, alternately to each format, in this process once it is confined."""
    logging.disable(logging.CRITICAL)
    confine_once()
    name = sorted(CONVERTERS)[seed % len(CONVERTERS)]
    source = folder / f"{seed}.onnx"
    source.write_bytes(mutate(models, seed))
    outcome = attempt(CONVERTERS[name], source, folder / f"{seed}.{name}")
    source.unlink()
    return outcome


def fuzz(seconds: float, first: int, report: Path) -> Tally:
    """Convert mutants of consecutive seeds until the time is over."""
    models, tally, seed = starting_models(), Tally(), first
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        convert = partial(convert_mutant, models, Path(folder))
        while time.monotonic() < end:
            seeds = range(seed, seed + BATCH)
            for one, outcome in zip(seeds, run_all(seeds, convert, seconds=SECONDS), strict=True):
                tally.add(one, outcome)
            seed += BATCH
            _write(report, models, tally)
    return tally


def _write(report: Path, models: list[bytes], tally: Tally) -> None:
    report.mkdir(parents=True, exist_ok=True)
    for seed in tally.findings.values():
        (report / f"{seed}.onnx").write_bytes(mutate(models, seed))
    text = json.dumps({"counts": dict(tally.counts), "findings": tally.findings}, indent=1)
    (report / "report.json").write_text(text, "utf-8")


def main() -> int:
    """Run for the time that the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0, help="first seed (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"))
    arguments = parser.parse_args()
    tally = fuzz(arguments.minutes * 60, arguments.seed, arguments.out)
    print(json.dumps({"counts": dict(tally.counts), "findings": tally.findings}, indent=1))
    return 1 if tally.findings else 0


if __name__ == "__main__":
    sys.exit(main())
