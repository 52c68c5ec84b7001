from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import words
from onnx import TensorProto, helper
from playwright.sync_api import Page
from snippets import snippets
from views import main_artefact

from catalog import vocab
from tests.conftest import ROOT, serve


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "0 bytes"),
        (809, "809 bytes"),
        (1000, "1 kB"),
        (38_211, "38.2 kB"),
        (999_950, "1000 kB"),
        (3_700_000, "3.7 MB"),
    ],
)
def test_sizes_have_three_digits(count: int, expected: str) -> None:
    """A number of bytes is written with three significant digits and a decimal unit."""
    assert words.size(count) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "–"),
        (0.0, "0"),
        (3.12e-7, "3.1e-7"),
        (0.047, "0.047"),
        (0.5, "0.5"),
        (2e-12, "2.0e-12"),
        (2.0, "2"),
    ],
)
def test_deviations_are_short(value: float | None, expected: str) -> None:
    """A deviation below a thousandth is written with two digits and a short exponent, else as it is."""
    assert words.figure(value) == expected


@pytest.mark.parametrize(
    ("expression", "short"),
    [
        ("CC0-1.0", "No conditions"),
        ("MIT", "Commercial use allowed"),
        ("MIT AND CC-BY-NC-4.0", "No commercial use"),
        ("(MIT OR GPL-3.0-only)", "Share alike"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "Read the licence"),
        ("LicenseRef-mine", "Read the licence"),
    ],
)
def test_a_verdict_is_the_strictest_part_of_a_licence(expression: str, short: str) -> None:
    """A compound licence is summed up by its strictest part; one that is not known is not guessed."""
    assert words.verdict(expression).short == short


def test_every_step_of_the_vocabulary_has_words() -> None:
    """A step of the vocabulary is described in words that hold its required parameters."""
    unworded = [name for name in vocab.steps() if name not in words.STEPS]
    assert unworded == []


def test_a_step_without_words_is_given_by_name() -> None:
    """A step that is newer than its words, or lacks a parameter, still reads as its name and parameters."""
    assert words.step({"id": "warp", "kwargs": {"k": 3}}) == "warp k = 3"
    assert words.step({"id": "resize", "kwargs": {"width": 8}}) == "resize width = 8"


def test_axes_show_their_range() -> None:
    """An axis shows its size, its range, and its step where it is not 1."""
    assert words.axis_size({"size": 8}) == "8"
    assert words.axis_size({"size": {"min": 16, "step": 1, "max": 64}}) == "16…64"
    assert words.axis_size({"size": {"min": 32, "step": 2, "max": 64}}) == "32…64 in steps of 2"


@pytest.fixture
def digits(stage: Path) -> dict[str, Any]:
    """The fixture's digit model."""
    model: dict[str, Any] = json.loads((stage / "api/v1/models/digits-cnn.json").read_text("utf-8"))
    return model


@pytest.fixture
def model_file(tmp_path: Path, digits: dict[str, Any]) -> Path:
    """An ONNX file with the card's input and output, whose result is 64 times ten ones."""
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 8, 8])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 10])
    weights = onnx.numpy_helper.from_array(np.ones((64, 10), np.float32), "w")
    nodes = [helper.make_node("Flatten", ["image"], ["flat"]), helper.make_node("MatMul", ["flat", "w"], ["logits"])]
    graph = helper.make_graph(nodes, "digits", [image], [logits], [weights])
    path = tmp_path / Path(digits["artefacts"][0]["file"]).name
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def code(model: dict[str, Any], language: str) -> str:
    """The program that the page shows for a language."""
    main = main_artefact(model["artefacts"])
    assert main is not None
    programs = {s["id"]: s["code"] for s in snippets(model["card"], Path(main["file"]).name)}
    return programs[language]


def test_the_python_program_runs(digits: dict[str, Any], model_file: Path) -> None:
    """The Python program of a page, copied next to the downloaded file, runs and prints the output's shape."""
    command = [sys.executable, "-c", code(digits, "python")]
    done = subprocess.run(command, cwd=model_file.parent, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "(1, 10) float32"


IMPORT_MAP = '<script type="importmap">{"imports": {"onnxruntime-web/wasm": "./ort/ort.wasm.bundle.min.mjs"}}</script>'


@pytest.mark.browser
def test_the_javascript_program_runs(digits: dict[str, Any], model_file: Path, page: Page) -> None:
    """The JavaScript program of a page, served beside the downloaded file, runs and logs the output's ten zeros."""
    folder = model_file.parent
    (folder / "ort").symlink_to(ROOT / "site/node_modules/onnxruntime-web/dist")
    (folder / "use.mjs").write_text(code(digits, "javascript"), "utf-8")
    (folder / "index.html").write_text(f'{IMPORT_MAP}<script type="module" src="use.mjs"></script>', "utf-8")
    for address in serve(folder, isolated=False):
        with page.expect_console_message(lambda message: message.type == "log") as logged:
            page.goto(address)
        assert logged.value.text.startswith("[1, 10] Float32Array(10)")


@pytest.mark.parametrize("language", ["python", "javascript", "android", "ios"])
def test_a_hostile_tensor_name_stays_a_text(digits: dict[str, Any], language: str) -> None:
    """Quotes, line breaks and templates in a tensor's name do not leave the text they stand in."""
    digits["card"]["outputs"][0]["id"] = '"); evil()\n$x ${evil()}'
    shown = code(digits, language)
    assert '\\"); evil()\\n' in shown
    assert language != "android" or "\\$x \\${evil()}" in shown
