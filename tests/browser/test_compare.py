from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from catalog.card import Tolerance
from edge.verify import compare

COUNT = 400


def cases(seed: int) -> list[tuple[Any, Any, Tolerance]]:
    """Pairs that lie about as far apart as their tolerance allows; one in ten holds a value that is no number."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(COUNT):
        want = rng.normal(0, 1, (int(rng.integers(1, 4)), int(rng.integers(2, 6))))
        got = want + rng.normal(0, 0.01, want.shape)
        tolerance = Tolerance(
            precision="fp32",
            absolute_tolerance=float(rng.uniform(0.005, 0.03)),
            relative_tolerance=float(rng.choice([0.0, 0.01])),
            mismatched_elements_per_million=int(rng.choice([0, 200_000])),
            top1_agreement=1.0 if number % 2 else None,
        )
        if number % 10 == 0:
            got[0, 0] = np.nan
        made.append((got, want, tolerance))
    return made


def test_the_page_judges_as_the_build_does() -> None:
    """On pairs near their tolerance, page and build agree on every verdict and every largest difference."""
    pairs = cases(seed=0)
    node = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert node is not None, "no node: install the project, which brings one"
    jobs = [
        {
            "got": [str(value) for value in got.ravel()],
            "want": want.ravel().tolist(),
            "shape": want.shape,
            "tolerance": tolerance.model_dump(mode="json"),
        }
        for got, want, tolerance in pairs
    ]
    script = Path(__file__).with_name("compare.mjs")
    done = subprocess.run([node, script], input=json.dumps(jobs), capture_output=True, text=True, check=True)
    page = json.loads(done.stdout)
    build = [compare([(got, want)], tolerance, runtime="numpy", version="") for got, want, tolerance in pairs]
    verdicts = [row.status == "passed" for row in build]
    assert 0.2 < np.mean(verdicts) < 0.8, "the cases must lie on both sides"
    assert [row["passed"] for row in page] == verdicts
    finite = [
        (row["largest"], mine.max_abs) for row, mine in zip(page, build, strict=True) if row["largest"] is not None
    ]
    assert len(finite) == COUNT - COUNT // 10
    assert [largest for largest, _ in finite] == [largest for _, largest in finite]
