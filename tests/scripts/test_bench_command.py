"""`edgewise bench` and `edgewise diverge`, as a person types them after a build."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge.bench import Performance
from scripts.perf import unbatched

ROOT = Path(__file__).parents[2]
NAME = "digits-cnn"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A catalog of one model, built without a browser."""
    folder = tmp_path_factory.mktemp("bench")
    shutil.copytree(ROOT / "catalog" / "models" / NAME, folder / "catalog" / NAME)
    done = edgewise(folder, "build", "--offline", "--catalog", str(folder / "catalog"))
    assert done.returncode == 0, done.stderr
    return folder


def edgewise(folder, *words):
    command = [sys.executable, "-m", "scripts.cli", *words, "--out", str(folder / "out")]
    env = os.environ | {"EDGEWISE_CHROMIUM": "/nowhere/chromium"}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_every_file_is_measured_in_every_runtime_and_kept(folder):
    """The rows are those that are printed, in the build's folder and, on demand, beside the card."""
    words = ("bench", NAME, "--rounds", "1", "--json", "--write", "--catalog", str(folder / "catalog"))
    done = edgewise(folder, *words)
    assert done.returncode == 0, done.stderr
    rows = [Performance.model_validate(row) for row in json.loads(done.stdout)["rows"]]
    native = [row for row in rows if row.runtime in {"onnxruntime", "litert"}]
    assert {row.status for row in native} == {"measured"}
    assert {(row.format, row.precision) for row in native} >= {("onnx", "w8a8"), ("ort", "fp32"), ("tflite", "fp16")}
    assert {row.status for row in rows if row not in native} == {"not run"}
    for place in (folder / "out" / "perf", folder / "catalog"):
        assert json.loads((place / NAME / "perf.json").read_text("utf-8")) == json.loads(done.stdout)["rows"]
    checked = [sys.executable, "-m", "scripts.cli", "check", str(folder / "catalog")]
    assert subprocess.run(checked, cwd=ROOT, check=False, capture_output=True).returncode == 0


def test_people_see_a_row_a_measurement(folder):
    """The table names each figure with its unit."""
    done = edgewise(folder, "bench", NAME, "--rounds", "1")
    assert done.returncode == 0, done.stderr
    head, *rows = done.stdout.splitlines()
    assert "median ms" in head
    assert "memory MB" in head
    assert any(row.split()[1:4] == ["tflite", "w8a8", "litert"] for row in rows)


def test_a_profile_is_shown_or_said_not_to_be_exposed(folder):
    """Operators of onnxruntime with their share; nothing made up for LiteRT."""
    done = edgewise(folder, "bench", NAME, "--profile", "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    own = [row for row in rows if (row["format"], row["precision"], row["runtime"]) == ("onnx", "w8a8", "onnxruntime")]
    assert sum(row["share"] for row in own) == pytest.approx(1)
    assert "QLinearConv" in {row["operator"] for row in own}
    assert {row["reason"][:11] for row in rows if row["runtime"] == "litert"} == {"not exposed"}


def test_eight_bits_stay_near_the_source_in_every_layer(folder):
    """Each layer is shown as the next one reads it, after its clipping; a strict threshold finds one that parts."""
    done = edgewise(folder, "diverge", NAME, "--b", "w8a8")
    assert done.returncode == 0, done.stderr
    assert "relu0" in done.stdout
    assert "no layer is beyond 0.1" in done.stderr
    found = json.loads(edgewise(folder, "diverge", NAME, "--threshold", "0.001", "--json").stdout)
    assert found["first"] == "relu0"
    assert found["unmatched"] == ["conv0", "conv1", "conv2"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("bench", "digits"), "digits: not in the build"),
        (("bench", NAME, "--write", "--catalog", "tests"), f"{NAME}: no card of it in tests"),
        (("diverge", NAME, "--b", "w4"), "expected one of its precisions in ONNX (fp32, fp16, w8a8), got w4"),
    ],
)
def test_a_wrong_name_is_refused_with_the_cure(folder, words, said):
    """A typing error ends with 1 and says what there is."""
    done = edgewise(folder, *words)
    assert done.returncode == 1
    assert said in done.stderr


def test_a_card_without_a_batch_axis_is_measured_on_one_input():
    """What a first axis of another name means, such as the lines of a page, is not guessed."""
    axes = [{"name": "batch", "size": 1}, {"name": "x", "size": 8}]
    card = {"inputs": [{"id": "image", "axes": axes}, {"id": "lines", "axes": axes[1:]}]}
    assert unbatched({"card": card}) == "batch 1 only: the first axis of lines is x, not batch"
    assert unbatched({"card": {"inputs": card["inputs"][:1]}}) is None
