"""`edgewise verify` and `edgewise build`, with and without a browser."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import descendants, running

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "catalog" / "models" / "wine-mlp"
NOWHERE = {"EDGEWISE_CHROMIUM": "/nowhere/chromium"}
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """A catalog of one small model."""
    shutil.copytree(MODEL, tmp_path / "catalog" / MODEL.name)
    return tmp_path / "catalog"


@pytest.fixture
def command(catalog: Path, tmp_path: Path) -> Callable[..., list[str]]:
    """The words of a command on this catalog, with a build folder of its own."""
    return lambda *words: [
        *(sys.executable, "-m", "scripts.cli", *words),
        *("--catalog", str(catalog), "--out", str(tmp_path / "out")),
    ]


@pytest.fixture
def edgewise(command) -> Run:
    """The command, run to its end."""

    def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        env = os.environ | environment
        return subprocess.run(command(*words), cwd=ROOT, env=env, capture_output=True, text=True, check=False)

    return run


def web_rows(done: subprocess.CompletedProcess[str]) -> list[dict]:
    """The rows of `verify --json` that need a browser."""
    rows = json.loads(done.stdout)["rows"]
    return [row for row in rows if row["runtime"] in {"onnxruntime-web", "litert-js", "tfjs-wasm"}]


def test_every_embedded_model_passes_in_every_runtime(report):
    """Each file of the catalog computes what its source does, in browsers too; only LiteRT.js refuses open sizes."""
    embedded = {model["card"]["id"] for model in report.models if model["card"]["source"]["url"] is None}
    rows = [row for row in report.checks if row["model"] in embedded]
    others = [row for row in rows if row["status"] != "passed"]
    assert {(row["runtime"], row["status"]) for row in others} == {("litert-js", "unsupported")}
    assert all("fixed sizes only" in row["reason"] for row in others)
    passed = {(row["model"], row["format"]) for row in rows if row["status"] == "passed"}
    assert passed == {(model, form) for model in embedded for form in ("onnx", "ort", "tflite", "tfjs")}


def test_without_a_browser_rows_are_not_run_until_there_is_one(edgewise):
    """Nothing passes unrun, only --strict makes that an error, and a browser that comes is used at once."""
    done = edgewise("verify", "--json", **NOWHERE)
    assert done.returncode == 0, done.stderr
    assert {row["status"] for row in web_rows(done)} == {"not run"}
    assert {row["reason"] for row in web_rows(done)} == {
        "EDGEWISE_CHROMIUM names 'chromium', which is no program: correct or unset it"
    }
    assert edgewise("verify", "--json", "--strict", **NOWHERE).returncode == 1
    done = edgewise("verify", "--json", "--strict")
    assert done.returncode == 0, done.stderr
    assert {row["status"] for row in web_rows(done)} == {"passed"}


def test_a_machine_without_any_browser_says_how_to_get_one(edgewise, tmp_path):
    """Playwright names the path of a browser that it never installed; that is none."""
    none = {"EDGEWISE_CHROMIUM": "", "PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)}
    done = edgewise("verify", **none)
    assert done.returncode == 0, done.stderr
    assert "tfjs-wasm: 2 not run: no Chromium on the PATH: run `playwright install chromium`" in done.stderr


def test_a_build_without_a_browser_publishes_tfjs_as_not_run(edgewise, tmp_path):
    """The files are there, every one of them, and the page says that nobody has run them."""
    done = edgewise("build", **NOWHERE)
    assert done.returncode == 0, done.stderr
    api = json.loads((tmp_path / "out/site/api/v1/models/wine-mlp.json").read_text("utf-8"))
    (row,) = [row for row in api["artefacts"] if (row["format"], row["precision"]) == ("tfjs", "fp32")]
    assert (row["parity"][0]["status"], row["accuracy"]) == ("not run", [])
    files = [row["file"], *(part["file"] for part in row["further"])]
    assert sorted(Path(name).name for name in files) == ["model.json", "weights.bin"]
    assert all((tmp_path / "out/site" / name).is_file() for name in files)
    page = (tmp_path / "out/site/models/wine-mlp/index.html").read_text("utf-8")
    assert all(Path(name).name in page for name in files)
    assert "not run" in page
    assert edgewise("build", "--strict", **NOWHERE).returncode == 1


def test_a_row_out_of_tolerance_fails_the_command_and_says_which(edgewise, catalog):
    """A failure is an exit code for programs and a line for people."""
    card = catalog / MODEL.name / "card.yaml"
    text = card.read_text("utf-8")
    strict = text.replace("precision: fp16, absolute_tolerance: 0.01", "precision: fp16, absolute_tolerance: 1.0e-9")
    assert strict != text
    card.write_text(strict, "utf-8")
    done = edgewise("verify")
    assert done.returncode == 1
    failed = [line.split()[1:4] for line in done.stdout.splitlines() if " failed " in line]
    assert ["tfjs", "fp16", "tfjs-wasm"] in failed


def test_an_unknown_model_is_refused_with_those_that_exist(edgewise):
    """A typing error is told from a model without files."""
    done = edgewise("verify", "wine-mlb")
    assert done.returncode == 1
    assert "wine-mlb: no such model: choose one of wine-mlp" in done.stderr


def test_a_killed_command_leaves_no_browser(command):
    """However a build ends, its browser ends with it."""
    with subprocess.Popen(command("verify"), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        browser = wait_for(lambda: {p for p, words in descendants(process.pid).items() if "--no-first-run" in words})
        assert browser, "the browser never started"
        process.send_signal(signal.SIGKILL)
    assert wait_for(lambda: browser.isdisjoint(running())), "a browser is left"


def wait_for(condition: Callable[[], object]) -> object:
    """Ask until the answer is not empty, at most a minute."""
    deadline = time.monotonic() + 60
    while not (answer := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return answer
