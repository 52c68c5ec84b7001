"""`edgewise run`, as a person types it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "catalog/models/digits-cnn/samples"
ROW = {"age": 59, "sex": "2", "bmi": 32.1, "blood_pressure": 101, "total_cholesterol": 157, "ldl": 93.2, "hdl": 38,
       "cholesterol_ratio": 4, "log_triglycerides": 4.8598, "glucose": 87}  # fmt: skip
Done = subprocess.CompletedProcess[str]


def edgewise(*arguments: str | Path, stdin: bytes = b"") -> Done:
    command = [sys.executable, "-m", "scripts.cli", "run", *map(str, arguments)]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"COLUMNS": "200"}, input=stdin, capture_output=True, check=False
    )
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


def test_a_folder_of_pictures_is_read_and_a_bad_one_does_not_stop_the_others(tmp_path: Path):
    """Each file gets its line, the broken one its reason, and the exit code says that something failed."""
    for name in ("scan-3", "scan-7"):
        shutil.copy(DIGITS / f"{name}.png", tmp_path)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    done = edgewise("digits-cnn", tmp_path)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert [line.removeprefix(f"{tmp_path}/")[:13] for line in lines] == ["scan-3.png  3", "scan-7.png  7"]
    assert "broken.png: decode_image: expected a PNG, JPEG, WebP, GIF or BMP image" in done.stderr
    assert "Traceback" not in done.stderr


def test_json_and_standard_input_serve_programs():
    """One object an input, with the result as its task's type says."""
    done = edgewise("digits-cnn", "-", "--json", stdin=(DIGITS / "scan-5.png").read_bytes())
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout)
    assert (row["input"], row["error"], row["result"][0]["label"]) == ("standard input", None, "5")


def test_rows_are_given_as_pairs_or_as_a_file(tmp_path: Path):
    """The same values by name on the command line and from a JSON file give the same figure."""
    (tmp_path / "row.json").write_text(json.dumps(ROW), "utf-8")
    pairs = [f"{name}={value}" for name, value in ROW.items() if name != "sex"]
    by_file = edgewise("diabetes-regressor", tmp_path / "row.json")
    assert by_file.returncode == 0, by_file.stderr
    assert by_file.stdout.startswith("name                      value")
    assert "progression after a year" in by_file.stdout
    by_pairs = edgewise("diabetes-regressor", *pairs, "sex=2")
    assert by_pairs.stdout == by_file.stdout
    refused = edgewise("diabetes-regressor", *pairs, "sex=3")
    assert refused.returncode == 1
    assert "sex to be one of 1, 2, got '3'" in refused.stderr


def test_texts_are_given_directly():
    """A line of code on the command line is enough."""
    done = edgewise("code-language-id", "--text", "def f(x):\n    return x + 1\n")
    assert done.returncode == 0, done.stderr
    assert "Python" in done.stdout


@pytest.mark.shared
def test_files_of_any_kind_are_named_by_their_bytes(tmp_path: Path, mirror: Path | None):
    """A folder may hold anything: text, bytes that are no text, names without an ending, folders."""
    if mirror is None:
        pytest.skip("no weights that others publish are here")
    samples = ROOT / "catalog/models/magika/samples"
    (tmp_path / "deeper").mkdir()
    shutil.copy(samples / "tides.py", tmp_path / "a")
    shutil.copy(samples / "ramps.png", tmp_path / "deeper" / "b.txt")
    done = edgewise("magika", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    found = {Path(row["input"]).relative_to(tmp_path).as_posix(): row["result"][0]["label"] for row in rows}
    assert found == {"a": "python", "deeper/b.txt": "png"}
    (tmp_path / "empty").mkdir()
    nothing = edgewise("magika", tmp_path / "empty")
    assert "empty: expected files, got none" in nothing.stderr


def test_what_was_found_is_drawn(tmp_path: Path):
    """The picture that the model made lies in the folder, twice as large as the one given."""
    photo = ROOT / "catalog/models/photo-upscale-x2/samples/coffee.png"
    done = edgewise("photo-upscale-x2", photo, "--draw", tmp_path)
    assert done.returncode == 0, done.stderr
    with Image.open(photo) as before, Image.open(tmp_path / "coffee.png") as after:
        assert after.size == (2 * before.width, 2 * before.height)


def test_arrays_are_kept_for_numpy(tmp_path: Path):
    """The picture that the model made is an array of its pixels, under a new name where one is taken."""
    photo = ROOT / "catalog/models/photo-upscale-x2/samples/coffee.png"
    done = edgewise("photo-upscale-x2", photo, photo, "--save", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    paths = [Path(json.loads(line)["saved"]) for line in done.stdout.splitlines()]
    assert [path.name for path in paths] == ["coffee.npy", "coffee-2.npy"]
    with Image.open(photo) as before:
        assert np.load(paths[1]).shape == (2 * before.height, 2 * before.width, 3)


BAD_ROWS = {
    "nan.json": ('{"age": NaN}', "columns: expected the values age, sex"),
    "deep.json": ("[" * 100_000, "expected a JSON object of column names and values"),
    "latin.json": (b'{"age": "\xe9"}', "expected text in UTF-8, got another byte at 9"),
    "list.json": ("[1, 2]", "columns: expected named values, got list"),
    "empty.json": ("", "expected a JSON object of column names and values"),
}


def test_bad_rows_are_told_apart_by_name(tmp_path: Path):
    """Each file is named once, with what is wrong with it, and none of them ends the run."""
    for name, (content, _) in BAD_ROWS.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    done = edgewise("diabetes-regressor", *(tmp_path / name for name in BAD_ROWS))
    assert done.returncode == 1
    for name, (_, message) in BAD_ROWS.items():
        [line] = [line for line in done.stderr.splitlines() if name in line]
        assert line.startswith(f"edgewise: {tmp_path / name}: {message}")
        assert line.count(name) == 1
    assert "Traceback" not in done.stderr


def test_a_value_that_is_no_number_is_named():
    """NaN and infinity, which Python reads as numbers, are refused by the column's name."""
    pairs = [f"{name}={value}" for name, value in ROW.items()]
    for wrong in ("nan", "inf", "much"):
        done = edgewise("diabetes-regressor", *pairs[1:], f"age={wrong}")
        assert done.returncode == 1
        assert "expected a finite number for age, got " in done.stderr


WRONG: dict[str, tuple[Callable[[], Done], str]] = {
    "an unknown model": (lambda: edgewise("digits", DIGITS), "digits: no such model: choose one of "),
    "nothing to run on": (lambda: edgewise("digits-cnn"), "expected something to run on (image), got nothing"),
    "a missing file": (lambda: edgewise("digits-cnn", "nowhere.png"), "nowhere.png: No such file"),
    "an address": (lambda: edgewise("digits-cnn", "https://example.org/a.png"), "only with --allow-network"),
    "a plain address": (
        lambda: edgewise("digits-cnn", "http://example.org/a.png", "--allow-network"),
        "expected an https address",
    ),
    "a private address": (
        lambda: edgewise("digits-cnn", "https://127.0.0.1/a.png", "--allow-network"),
        "leads to a private address, which is not read",
    ),
    "no array": (
        lambda: edgewise("code-language-id", "--text", "x", "--save", "build/none"),
        "the result holds no array",
    ),
    "no drawing": (
        lambda: edgewise("code-language-id", "--text", "x", "--draw", "build/none"),
        "there is no picture to draw on",
    ),
}


@pytest.mark.parametrize(("act", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_run_is_told_as_such(act: Callable[[], Done], message: str):
    """A line that says what was expected and what to do, and exit code 1."""
    done = act()
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
