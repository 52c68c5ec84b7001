from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from catalog.check import load
from edge.examples import of_sample
from edge.pipeline import Pipeline
from scripts.predict import Model
from tests.browser.conftest import Api, Visit

CATALOG = Path(__file__).parents[2] / "catalog" / "models"
CARDS = {path.parent.name: load(path.parent) for path in sorted(CATALOG.glob("*/card.yaml"))}
MODELS = [name for name, card in CARDS.items() if card.status == "published"]

pytestmark = pytest.mark.browser


CLOSE = 1e-4  # of scores and places


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest, api: Api) -> str:
    """Each model of the catalog whose weights are at hand."""
    name: str = request.param
    if reason := api(name)["unbuilt"]:
        pytest.skip(f"{name} is not built here: {reason}")
    return name


def test_every_sample_gives_what_python_gives(visit: Visit, api: Api, model: str) -> None:
    """Whoever tries a sample sees what Python finds, and what would be right where the model errs."""
    drive = visit(model)
    first = drive.start()
    samples, results = api(model)["samples"], python_results(model)
    agrees = AGREE.get(api(model)["task"]["result"])
    assert first["name"] == samples[0]["title"]
    for sample, result in zip(samples, results, strict=True):
        shown = drive.choose_sample(sample["title"])
        assert shown["name"] == sample["title"]
        if agrees:
            agrees(shown, result)
        if sample["expected"]:
            assert f"The right answer: {sample['expected']}" in drive.area.inner_text()


def python_results(model: str) -> list[Any]:
    """Return what each sample gives through the card's steps and onnxruntime."""
    chosen = Model(CATALOG, model)
    pipeline, session = Pipeline(chosen.card, chosen.folder), chosen.session(("onnx", None), Path())
    return [pipeline.predict(session, of_sample(sample, chosen.folder).input) for sample in chosen.card.samples]


def same_classes(shown: dict[str, Any], result: Any) -> None:
    """The same labels in the same order, with equal scores."""
    assert [row["label"] for row in shown["classes"]] == [row["label"] for row in result]
    assert [row["score"] for row in shown["classes"]] == pytest.approx([row["score"] for row in result], abs=CLOSE)


def same_boxes(shown: dict[str, Any], result: Any) -> None:
    """The same labels in the same order, with equal scores and places."""
    found = shown["detections"]
    assert [row["label"] for row in found] == [row["label"] for row in result]
    for got, expected in zip(found, result, strict=True):
        assert [*got["box"], got["score"]] == pytest.approx([*expected["box"], expected["score"]], abs=CLOSE)


def same_points(shown: dict[str, Any], result: Any) -> None:
    """The same points, each at the same place."""
    for got, expected in zip(shown["keypoints"], result, strict=True):
        assert got["label"] == expected["label"]
        keys = ("y", "x", "score")
        assert [got[key] for key in keys] == pytest.approx([expected[key] for key in keys], abs=CLOSE)


def same_shares(shown: dict[str, Any], result: Any) -> None:
    """The same classes, each over as many pixels."""
    counts = np.bincount(result["classes"].ravel(), minlength=len(result["labels"]))
    expected = {label: count / counts.sum() for label, count in zip(result["labels"], counts, strict=True) if count}
    assert {row["label"]: row["share"] for row in shown["shares"]} == expected


def same_vector(shown: dict[str, Any], result: Any) -> None:
    """The same numbers in the same order."""
    assert shown["embedding"] == pytest.approx(result.tolist(), abs=CLOSE)


AGREE = {  # by the task's result
    "classes": same_classes,
    "detections": same_boxes,
    "embedding": same_vector,
    "keypoints": same_points,
    "mask": same_shares,
}


def test_every_precision_is_verified_in_the_browser(visit: Visit, api: Api, model: str) -> None:
    """Each file that the page offers to run reproduces the golden vector within its own tolerance."""
    drive = visit(model)
    drive.start()
    rows = [row for row in api(model)["artefacts"] if "onnxruntime-web" in row["runtimes"]]
    choice = drive.area.get_by_label("Precision")
    first, *others = sorted((row["precision"] for row in rows), key=lambda name: name != "fp32")
    for precision in [*others, first]:
        if others:
            drive.after(lambda wanted=precision: choice.select_option(wanted))  # type: ignore[misc]
        assert drive.verification.startswith("Verified on this browser: largest difference"), precision
        assert f".{precision}.onnx" in drive.facts["Model"]
        assert drive.facts["Digest"] == "SHA-256 is right"


def test_a_phone_has_no_sideways_scroll(visit: Visit, model: str) -> None:
    """At 390 pixels of width nothing of a test-drive in use sticks out."""
    drive = visit(model)
    drive.page.set_viewport_size({"width": 390, "height": 844})
    drive.start()
    assert drive.facts
    assert drive.page.evaluate("document.documentElement.scrollWidth") <= 390
    right = drive.area.locator(".td *").evaluate_all(
        "all => Math.max(...all.map(each => each.getBoundingClientRect().right))"
    )
    assert right <= 390
