"""Builds of models whose weights others publish, with and without a way to them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "catalog" / "models" / "wine-mlp"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """A catalog of one card, whose weights and whose labels are published elsewhere, and a mirror that has both."""
    folder = tmp_path / "catalog" / MODEL.name
    shutil.copytree(MODEL, folder)
    card = (folder / "card.yaml").read_text("utf-8")
    labels = re.search(r"labels: (\[.*?\])", card)
    assert labels is not None
    names = json.loads(labels[1]) if '"' in labels[1] else [name.strip() for name in labels[1][1:-1].split(",")]
    text = "\n".join(names) + "\n"
    weights = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").unlink()
    card = card.replace("  file: model.onnx\n", f"  url: https://weights.example/model.onnx\n  bytes: {len(weights)}\n")
    card = card.replace(labels[0], "labels: labels.txt")
    digest = _mirrored(tmp_path, text.encode())
    published = f"{{url: 'https://weights.example/labels.txt', bytes: {len(text)}, sha256: \"{digest}\"}}"
    (folder / "card.yaml").write_text(f"{card}files:\n  labels.txt: {published}\n", "utf-8")
    _mirrored(tmp_path, weights)
    return folder.parent


def _mirrored(tmp_path: Path, data: bytes) -> str:
    import hashlib

    digest = hashlib.sha256(data).hexdigest()
    (tmp_path / "mirror" / "sha256").mkdir(parents=True, exist_ok=True)
    (tmp_path / "mirror" / "sha256" / digest).write_bytes(data)
    return digest


@pytest.fixture
def edgewise(tmp_path: Path, catalog: Path) -> Run:
    """The command, on this catalog, with an empty cache."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "scripts.cli", *arguments, "--catalog", catalog, "--out", tmp_path / "out"]
        env = {key: value for key, value in os.environ.items() if key != "EDGEWISE_MIRROR"}
        env |= {"EDGEWISE_CACHE": str(tmp_path / "cache")} | environment
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)

    return run


def page(tmp_path: Path) -> str:
    return (tmp_path / "out" / "site" / "models" / MODEL.name / "index.html").read_text("utf-8")


def test_with_a_mirror_the_model_is_built_whole(edgewise, tmp_path):
    """Weights and labels that lie elsewhere are as good as those in the folder."""
    done = edgewise("build", "--strict", EDGEWISE_MIRROR=str(tmp_path / "mirror"))
    assert done.returncode == 0, done.stderr
    api = json.loads((tmp_path / "out/site/api/v1/models/wine-mlp.json").read_text("utf-8"))
    assert api["unbuilt"] is None
    assert api["labels"]
    assert all(row["parity"][0]["status"] == "passed" for row in api["artefacts"])


def test_without_a_way_to_the_weights_the_card_is_shown_with_earlier_results(edgewise, tmp_path, catalog):
    """The page says that nothing was built and what an earlier build found; only --strict makes that an error."""
    assert edgewise("lock", EDGEWISE_MIRROR=str(tmp_path / "mirror")).returncode == 0
    assert {path.name for path in (catalog / MODEL.name).glob("*.json")} == {"lock.json", "verify.json", "eval.json"}
    shutil.rmtree(tmp_path / "out")
    done = edgewise("build", "--offline")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("wine-mlp: artefacts not built here: source unreachable") == 1
    text = page(tmp_path)
    assert "artefacts not built here: source unreachable" in text
    assert "TFLITE w8a8" in text or "TFLITE fp16" in text
    assert "passed" in text
    assert not list((tmp_path / "out/site/models/wine-mlp").rglob("*.onnx"))
    assert edgewise("build", "--offline", "--strict").returncode == 1


def test_a_card_that_was_never_built_is_still_listed(edgewise, tmp_path):
    """Without weights and without earlier results the card can be read all the same."""
    done = edgewise("build", "--offline")
    assert done.returncode == 0, done.stderr
    assert "https://weights.example/model.onnx" in page(tmp_path)


def test_a_mirror_with_other_bytes_stops_the_build(edgewise, tmp_path):
    """Wrong weights are an error, never a reason to show old results."""
    for path in (tmp_path / "mirror" / "sha256").iterdir():
        path.write_bytes(b"other")
    done = edgewise("build", EDGEWISE_MIRROR=str(tmp_path / "mirror"))
    assert done.returncode == 1
    assert "edgewise: wine-mlp: " in done.stderr
    assert "expected sha256" in done.stderr
    assert "Traceback" not in done.stderr
