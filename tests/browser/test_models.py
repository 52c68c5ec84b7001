from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import Api, Visit

CATALOG = Path(__file__).parents[2] / "catalog" / "models"
MODELS = sorted(path.parent.name for path in CATALOG.glob("*/card.yaml"))

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("model", MODELS)
def test_every_sample_gives_its_expected_answer(visit: Visit, api: Api, model: str) -> None:
    """Whoever opens a model and tries its samples sees the right answer on top each time."""
    drive = visit(model)
    first = drive.start()
    samples = api(model)["samples"]
    assert first["name"] == samples[0]["title"]
    for sample in samples:
        shown = drive.choose_sample(sample["title"])
        assert shown["name"] == sample["title"]
        if sample["expected"]:
            assert shown["classes"][0]["label"] == sample["expected"]
            assert f"The right answer: {sample['expected']}" in drive.area.inner_text()


@pytest.mark.parametrize("model", MODELS)
def test_every_precision_is_verified_in_the_browser(visit: Visit, api: Api, model: str) -> None:
    """Each file that the page offers to run reproduces the golden vector within its own tolerance."""
    drive = visit(model)
    drive.start()
    rows = [row for row in api(model)["artefacts"] if "onnxruntime-web" in row["runtimes"]]
    choice = drive.area.get_by_label("Precision")
    for precision in [row["precision"] for row in rows if row["precision"] != "fp32"] + ["fp32"]:
        drive.after(lambda wanted=precision: choice.select_option(wanted))  # type: ignore[misc]
        assert drive.verification.startswith("Verified on this browser: largest difference"), precision
        assert f".{precision}.onnx" in drive.facts["Model"]
        assert drive.facts["Digest"] == "SHA-256 is right"


@pytest.mark.parametrize("model", MODELS)
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
