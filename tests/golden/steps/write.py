"""Writes the golden vectors of the steps from the Python implementation: `python -m tests.golden.steps.write [STEP…]`.

Both languages must reproduce them. A file a step: `[{"case", "job", "outcome"}]` in the form of `tests/steps/codec.py`.
The cases stand in `cases/`; without arguments all are written.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from catalog.vocab import STEP_KINDS
from tests.golden.steps.cases.common import Case, Cases
from tests.steps.codec import in_python, job

FOLDER = Path(__file__).parent


def all_cases() -> Cases:
    """Return the cases of every step."""
    modules = (import_module(f"tests.golden.steps.cases.{kind}") for kind in STEP_KINDS)
    return {step: cases for module in modules for step, cases in module.CASES.items()}


def vector(step: str, case: Case) -> dict[str, Any]:
    """Return what Python says to a case."""
    one = job([{"id": step, "kwargs": dict(case.kwargs)}], case.value, case.context)
    return {"case": case.name, "job": one, "outcome": in_python(one)}


def main() -> None:
    """Write a file a step."""
    cases = all_cases()
    for step in sys.argv[1:] or cases:
        lines = ",\n".join(json.dumps(vector(step, case), separators=(",", ":")) for case in cases[step]())
        (FOLDER / f"{step}.json").write_text(f"[\n{lines}\n]\n", "utf-8")


if __name__ == "__main__":
    main()
