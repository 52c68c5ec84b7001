"""Fuzzes the agreement of the TFLite converter with onnxruntime, on operator tests whose parts are made to disagree.

    python -m scripts.bench.fuzz_agreement --minutes 15 --out build/agreement

One size, index or attribute of a valid model is changed. `accepted`: onnxruntime refuses the model and it is converted.
`wrong`: both run it and the numbers differ; `disputed` are those that the reference implementation of the standard
decides against onnxruntime. Ends with status 1 where there is either, or where LiteRT fails to run or
crashes on what was converted. Those models lie in the output folder under their seed, one for each message.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import resource
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator

from converters import to_tflite
from converters.errors import ConversionError
from tests.conformance.cases import Case, cases
from tests.conformance.litert import compare, run
from tests.conformance.runner import Outcome, run_all
from tests.converters.corpus.contradiction import Feeds, contradict

BATCH = 2000
MEMORY = 4 * 2**30
SECONDS = 20
# What onnxruntime lacks, beside what the standard forbids.
LIMITS = re.compile(
    "NOT_IMPLEMENTED|not supported|[Uu]nsupported|only supports|ReorderOutput|hidden_size|LRN|saturate|Unexpected mode"
    "|OneElementVector|1ElementVector|IsBQuantParamSupported|total_sequence_length|attn_mask|op should be scalars"
)
# What it says of indices that are inputs, of which a converter knows nothing.
OUTSIDE = re.compile("out of (data )?bounds|[Oo]ut of range|invalid index|must be in range|out of range|write_indices")
GOOD = {"agrees", "refused", "disputed", "a limit of onnxruntime", "refused at run time", "cannot be built"}


def mutant(tests: list[Case], seed: int) -> tuple[str, onnx.ModelProto, Feeds]:
    """Return the name of a test, and its model changed by this seed with its inputs."""
    case = tests[seed % len(tests)]
    model, feeds, _ = case.baked()
    operators = ", ".join(sorted(set(case.operators))[:3])
    return f"{case.name}: {operators}", *contradict(model, feeds, seed)


def judge(tests: list[Case], folder: Path, seed: int) -> Outcome:
    """Convert the mutant of a seed, run it in both runtimes and compare."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    logging.disable(logging.CRITICAL)
    try:
        name, model, feeds = mutant(tests, seed)
    except Exception as error:  # a change that numpy cannot make
        return Outcome("cannot be built", str(error))
    source, target = folder / f"{seed}.onnx", folder / f"{seed}.tflite"
    source.write_bytes(model.SerializeToString())
    try:
        to_tflite.convert_file(source, target)
    except ConversionError:
        return Outcome("refused")
    except Exception as error:  # none must leave a converter
        return Outcome("raised", f"{name}: {type(error).__name__}: {error}")
    finally:
        source.unlink()
    wanted = _reference(model, feeds)
    try:
        actual = run(target.read_bytes(), feeds)
    except (RuntimeError, ValueError) as error:
        return (
            Outcome("refused at run time") if isinstance(wanted, str) else Outcome("fails to run", f"{name}: {error}")
        )
    finally:
        target.unlink()
    if isinstance(wanted, str) and OUTSIDE.search(wanted) and any(feed.dtype.kind == "i" for feed in feeds.values()):
        return Outcome("refused at run time")
    if isinstance(wanted, str):
        limit = LIMITS.search(wanted)
        return Outcome("a limit of onnxruntime") if limit else Outcome("accepted", f"{name}: {wanted}")
    difference = compare(_scaled(actual, wanted), _scaled(wanted, wanted))
    if difference is None:
        return Outcome("agrees")
    return Outcome("disputed" if _is_standard(model, feeds, actual) else "wrong", f"{name}: {difference}")


def _scaled(outputs: list[Any], like: list[Any]) -> list[Any]:
    """Divide real outputs by the largest entry of what is wanted: where thousands are added up, zeros are not exact."""
    largest = [
        max(1.0, np.abs(want[np.isfinite(want)]).max(initial=0)) if want.dtype.kind == "f" else 1 for want in like
    ]
    return [got / most if got.dtype.kind == "f" else got for got, most in zip(outputs, largest, strict=False)]


def _is_standard(model: onnx.ModelProto, feeds: Feeds, actual: list[Any]) -> bool:
    """Tell whether the standard's reference implementation gives these outputs."""
    try:
        return compare(actual, list(ReferenceEvaluator(model).run(None, feeds))) is None
    except Exception:  # it raises whatever it meets
        return False


def _reference(model: onnx.ModelProto, feeds: Feeds) -> list[Any] | str:
    """Return what onnxruntime computes, or why it does not."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        return list(onnxruntime.InferenceSession(model.SerializeToString(), options).run(None, feeds))
    except Exception as error:  # its errors share no class
        return str(error) or type(error).__name__


def _kind(outcome: Outcome) -> str:
    """Return the outcome without numbers and the test's name: one example of each is enough."""
    detail = outcome.detail.split(": ", 1)[-1]
    return f"{outcome.status}: {re.sub(r'[^a-zA-Z]*[0-9][0-9.e+-]*[^a-zA-Z]*', ' # ', detail)[:300]}"


def fuzz(seconds: float, first: int, report: Path) -> tuple[Counter[str], dict[str, int]]:
    """Judge mutants of consecutive seeds until the time is over; return counts, and a seed for each finding."""
    tests, counts, findings = cases(), Counter[str](), dict[str, int]()
    report.mkdir(parents=True, exist_ok=True)
    end, seed = time.monotonic() + seconds, first
    while time.monotonic() < end:
        seeds = range(seed, seed + BATCH)
        for one, outcome in zip(seeds, run_all(seeds, partial(judge, tests, report), seconds=SECONDS), strict=True):
            counts[outcome.status] += 1
            if outcome.status not in GOOD:
                findings.setdefault(_kind(outcome), one)
        seed += BATCH
        (report / "report.json").write_text(json.dumps({"counts": counts, "findings": findings}, indent=1), "utf-8")
    return counts, findings


def main() -> int:
    """Run for the time that the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--seed", type=int, default=0, help="first seed (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("build/agreement"))
    arguments = parser.parse_args()
    counts, findings = fuzz(arguments.minutes * 60, arguments.seed, arguments.out)
    print(json.dumps({"counts": counts, "findings": findings}, indent=1))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
