"""Which points the test-drive joins by lines."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from catalog.check import load
from edge.pipeline import labels_of

ROOT = Path(__file__).parents[2]
SKELETONS = ROOT / "site" / "assets" / "test-drive" / "results" / "skeletons.js"


def lines_of(labels: list[str]) -> list[list[str]]:
    node = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert node is not None, "no node: install the project, which brings one"
    script = f"import {{ linesOf }} from '{SKELETONS}'; console.log(JSON.stringify(linesOf({json.dumps(labels)})))"
    done = subprocess.run([node, "--input-type=module", "-e", script], capture_output=True, check=True, text=True)
    pairs: list[list[str]] = json.loads(done.stdout)
    return pairs


@pytest.mark.parametrize(
    ("model", "count", "lines"),
    [
        ("hand-landmark", 21, [["wrist", "thumb_cmc"], ["index_finger_mcp", "index_finger_pip"]]),
        ("face-landmark", 133, [["lips 61", "lips 146"], ["face oval 109", "face oval 10"]]),
        ("movenet-lightning", 16, [["left_shoulder", "left_elbow"], ["right_knee", "right_ankle"]]),
    ],
)
def test_hands_faces_and_bodies_are_drawn_with_their_lines(model, count, lines):
    """Bones of fingers and limbs, and contours of eyes, lips and the face, between points that the card names."""
    folder = ROOT / "catalog" / "models" / model
    labels = labels_of(load(folder).outputs[0], folder)
    found = lines_of(labels)
    assert len(found) == count
    assert all(line in found for line in lines)


def test_points_of_no_known_kind_are_not_joined():
    """Labels that a stranger made up get no lines."""
    assert lines_of(["a", "b"]) == []
