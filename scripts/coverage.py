"""`python -m scripts.coverage`: run ONNX's operator tests against both converters, keep how they ended as JSON.

Writes `converters/coverage.json`, which the site makes a page of; needs what the tests need: the development packages,
a Chromium and the site's JavaScript packages.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edge.runtimes import RUNTIMES
from edge.runtimes.browser import BROWSER
from tests.conformance import cases, litert, tfjs
from tests.conformance.cases import Case
from tests.conformance.runner import Outcome, run_all

PATH = Path(__file__).resolve().parents[1] / "converters" / "coverage.json"
DISPUTED = "onnxruntime and the converted model agree with each other, and not with the test's data"

Row = dict[str, Any]


def run_tflite(tests: Sequence[Case]) -> list[Outcome]:
    """Run the tests in LiteRT."""
    return run_all(tests, litert.run_case)


def run_tfjs(tests: Sequence[Case]) -> list[Outcome]:
    """Run the tests in a browser; raises RuntimeError if there is none."""
    if reason := RUNTIMES["tfjs-wasm"].missing():
        raise RuntimeError(reason)
    with closing(BROWSER), TemporaryDirectory() as folder:
        return tfjs.run_cases(tests, Path(folder))


def tfjs_version() -> str:
    """Return the version of the TF.js that the tests run in."""
    return f"TF.js {RUNTIMES['tfjs-wasm'].version().partition(',')[0]}, wasm backend"


TARGETS: dict[str, tuple[Callable[[Sequence[Case]], list[Outcome]], Callable[[], str]]] = {
    "TFLite": (run_tflite, lambda: f"LiteRT {importlib.metadata.version('ai-edge-litert')}"),
    "TF.js": (run_tfjs, tfjs_version),
}


def operators_of(tests: Sequence[Case]) -> list[str]:
    """Return the operator that each test is about: an expanded function stands for the function, not for its parts."""
    own = {test.name: next((op for op in test.operators if op != "Constant"), "Constant") for test in tests}
    return [own.get(test.name.split("_expanded")[0], own[test.name]) for test in tests]


def by_operator(names: Sequence[str], operators: Sequence[str], outcomes: Sequence[Outcome]) -> Row:
    """Return the counts of one target and, by operator, what did not pass and why."""
    rows: Row = {operator: {"passed": 0, "total": 0} for operator in sorted({*operators})}
    gaps: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for name, operator, outcome in zip(names, operators, outcomes, strict=True):
        passed = outcome.status == "passed"
        rows[operator]["total"] += 1
        rows[operator]["passed"] += passed
        if not passed:
            gaps[operator, outcome.status, reason(outcome)].append(name)
    for (operator, status, why), found in sorted(gaps.items()):
        rows[operator].setdefault("gaps", []).append({"status": status, "reason": why, "tests": sorted(found)})
    return {
        "passed": sum(row["passed"] for row in rows.values()),
        "total": len(names),
        "operators": rows,
    }


def reason(outcome: Outcome) -> str:
    """Return why a test did not pass, without the node's name, so that like reasons count as one."""
    if outcome.status == "disputed":
        return DISPUTED
    return outcome.detail.split(" cannot be converted: ")[-1]


def main() -> None:
    """Run everything and write the file."""
    tests = cases.cases()
    names, operators = [test.name for test in tests], operators_of(tests)
    targets = {
        target: {"runtime": version()} | by_operator(names, operators, run(tests))
        for target, (run, version) in TARGETS.items()
    }
    report = {"onnx": cases.VERSION, "targets": targets}
    PATH.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
