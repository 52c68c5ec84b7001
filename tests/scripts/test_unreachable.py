"""Builds of models whose weights others publish, with and without a way to them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import running

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
        out = [] if arguments[0] == "fetch" else ["--out", tmp_path / "out"]
        command = [sys.executable, "-m", "scripts.cli", *arguments, "--catalog", catalog, *out]
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


def test_what_was_fetched_once_is_built_without_a_network(edgewise, tmp_path):
    """`fetch` fills the cache and says where each file lies; a build finds them there, offline and without a mirror."""
    mirror = serving_mirror(tmp_path)
    with mirror as address:
        done = edgewise("fetch", "wine-mlp", EDGEWISE_MIRROR=address)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == 2
    assert edgewise("build", "--offline", "--strict").returncode == 0
    unknown = edgewise("fetch", "wine-mlq")
    assert unknown.returncode == 1
    assert "expected the id of a model" in unknown.stderr
    assert "wine-mlp" in unknown.stderr


def test_a_card_that_is_marked_unbuilt_is_never_downloaded_and_no_error(edgewise, tmp_path, catalog):
    """Weights of hundreds of megabytes are built where they are at hand; elsewhere it is only shown, strict or not."""
    path = catalog / "wine-mlp" / "card.yaml"
    path.write_text(path.read_text("utf-8").replace("status: published", "status: unbuilt"), "utf-8")
    with serving_mirror(tmp_path) as address:
        done = edgewise("build", "--strict", EDGEWISE_MIRROR=address)
        assert done.returncode == 0, done.stderr
        assert "nothing on this page has been run" in page(tmp_path)
        assert edgewise("fetch", "wine-mlp", EDGEWISE_MIRROR=address).returncode == 0
        assert edgewise("build", "--strict", EDGEWISE_MIRROR=address).returncode == 0
    assert "nothing on this page has been run" not in page(tmp_path)


@contextmanager
def serving_mirror(tmp_path: Path) -> Iterator[str]:
    """The mirror at an address, as a host of static files would have it."""
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path / "mirror")
    yield from running(ThreadingHTTPServer(("127.0.0.1", 0), handler))
