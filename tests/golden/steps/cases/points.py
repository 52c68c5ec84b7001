"""Cases of the steps of `points.yaml`."""

from __future__ import annotations

from tests.golden.steps.cases.common import Cases

CASES: Cases = {}
