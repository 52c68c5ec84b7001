"""`edgewise quantize`, as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts.cli import app

CATALOG = Path(__file__).parents[2] / "catalog" / "models"


@pytest.fixture(scope="module")
def rows() -> list[dict[str, object]]:
    result = CliRunner().invoke(app, ["quantize", "digits-cnn", "--format", "onnx", "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["search"]


def test_one_variant_is_recommended_that_is_a_third_of_fp32_and_inside_the_budget(rows):
    """The digits network has a variant of a third of the bytes that loses at most half a point on 450 digits."""
    by_status = {status: [row for row in rows if row["status"] == status] for status in ("baseline", "recommended")}
    (exact,), (chosen,) = by_status["baseline"], by_status["recommended"]
    assert chosen["bytes"] * 3 <= exact["bytes"]
    assert chosen["value"] >= exact["value"] - 0.005 - 1e-9
    assert chosen["samples"] == 450


def test_every_row_says_why_it_is_not_recommended(rows):
    """A table without gaps: sizes from the smallest, a reason in every row."""
    sizes = [row["bytes"] for row in rows if row["bytes"] is not None]
    assert sizes == sorted(sizes)
    assert all(row["reason"] for row in rows)


def test_files_that_calibration_saw_are_refused(tmp_path):
    """Agreement is not measured on what set the ranges."""
    import base64

    line = (CATALOG / "digits-cnn" / "calibration.jsonl").read_text("utf-8").splitlines()[3]
    picture = tmp_path / "seen.png"
    picture.write_bytes(base64.b64decode(json.loads(line)["input"].partition(",")[2]))
    result = CliRunner().invoke(app, ["quantize", "digits-cnn", str(picture), "--largest-drop", "0.1"])
    assert result.exit_code != 0
    assert "calibration.jsonl:4" in result.output
    assert "seen.png" in result.output


def test_a_card_without_a_budget_is_told_what_to_add():
    """Without a budget there is nothing to search for."""
    result = CliRunner().invoke(app, ["quantize", "digit-generator"])
    assert result.exit_code != 0
    assert "accuracy_budget" in result.output
