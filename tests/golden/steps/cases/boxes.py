"""Cases of the steps of `boxes.yaml`."""

from __future__ import annotations

from tests.golden.steps.cases.common import Cases

CASES: Cases = {}
