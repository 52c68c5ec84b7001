"""Cases of the steps of `masks.yaml`."""

from __future__ import annotations

from tests.golden.steps.cases.common import Cases

CASES: Cases = {}
