from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, expect

from catalog.check import load
from catalog.vocab import tasks
from edge.examples import of_file
from edge.pipeline import Pipeline
from edge.runtimes import RUNTIMES
from tests.browser.conftest import Visit
from tests.browser.drive import TIMEOUT

pytestmark = pytest.mark.browser

FOLDER = Path(__file__).parents[2] / "catalog" / "models" / "digits-cnn"
COUNT = 100


def test_a_hundred_held_out_digits_agree_with_python(visit: Visit, built_site: Path) -> None:
    """The page and Python give the same class and the same probability for each of 100 pictures."""
    card = load(FOLDER)
    held_out = of_file(FOLDER / str(card.evaluation[0].file), tasks()[card.pipeline_tag])
    inputs = [example.input for example in islice(held_out, COUNT)]
    assert len(inputs) == COUNT
    session = RUNTIMES["onnxruntime"].load(built_site / f"models/{card.id}/files/{card.id}-{card.version}.fp32.onnx")
    pipeline = Pipeline(card, FOLDER)
    expected = [pipeline.predict(session, each)[0] for each in inputs]

    drive = visit(card.id)
    drive.start()
    drive.choose_files([_file(number, data) for number, data in enumerate(inputs)])
    rows = drive.area.locator(".td-batch li")
    expect(rows).to_have_count(COUNT, timeout=TIMEOUT)
    outcomes = rows.evaluate_all("rows => rows.map(row => JSON.parse(row.dataset.outcome).classes[0])")
    assert [row["label"] for row in outcomes] == [row["label"] for row in expected]
    assert [row["score"] for row in outcomes] == pytest.approx([row["score"] for row in expected], abs=1e-5)


def _file(number: int, data: object) -> FilePayload:
    assert isinstance(data, bytes)
    return {"name": f"{number}.png", "mimeType": "image/png", "buffer": data}
