"""The drawings of a class a pixel, of photos that lie near each other, and of what a model saw."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, expect

from edge.draw import colour_of
from tests.browser.conftest import Api, Visit
from tests.browser.drive import Drive
from tests.browser.test_models import python_results

pytestmark = pytest.mark.browser


def painted(drive: Drive) -> np.ndarray:
    """What is painted over the picture, `[H, W, 4] uint8`."""
    uri = drive.area.locator(".td-layer").evaluate("canvas => canvas.toDataURL()")
    return pixels(base64.b64decode(uri.partition(",")[2]))


def pixels(picture: bytes) -> np.ndarray:
    """Decode a picture to `[H, W, 4] uint8`."""
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGBA"))


def expected(classes: np.ndarray, shown: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The colours of those classes that are shown, `[H, W, 4] uint8`, clear elsewhere."""
    table = np.array([(*colour_of(index), 255) for index in range(256)], np.uint8)
    return np.where(shown(classes)[..., None], table[classes], 0).astype(np.uint8)


def test_each_class_is_painted_in_its_colour_and_one_can_be_seen_alone(visit: Visit) -> None:
    """The first class stays clear; the focus on a line of the legend leaves that class alone, and leaving it, all."""
    drive = visit("digits-segmenter")
    drive.start()
    result = python_results("digits-segmenter")[0]
    classes, labels = result["classes"], result["labels"]
    np.testing.assert_array_equal(painted(drive), expected(classes, lambda found: found > 0))
    lines = drive.area.locator(".td-legend li")
    digit = lines.nth(1)
    index = labels.index(str(digit.get_attribute("data-label")))
    layer = drive.area.locator(".td-layer")
    digit.focus()
    expect(layer).to_have_attribute("data-only", labels[index])
    np.testing.assert_array_equal(painted(drive), expected(classes, lambda found: found == index))
    drive.run.focus()
    expect(layer).to_have_attribute("data-only", "")
    np.testing.assert_array_equal(painted(drive), expected(classes, lambda found: found > 0))


def test_the_pointer_reads_the_class(visit: Visit) -> None:
    """Over a digit the page says which, over paper that it is paper, elsewhere nothing of the kind."""
    drive = visit("digits-segmenter")
    drive.start()
    result = python_results("digits-segmenter")[0]
    scene = drive.area.locator(".td-scene")
    scene.scroll_into_view_if_needed()
    box = scene.bounding_box()
    assert box is not None
    height, width = result["classes"].shape
    for index in np.unique(result["classes"]):
        rows, columns = np.nonzero(result["classes"] == index)
        x, y = (columns[len(columns) // 2] + 0.5) / width, (rows[len(rows) // 2] + 0.5) / height
        drive.page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        expect(drive.area.get_by_text(f"Here: {result['labels'][index]}", exact=True)).to_be_visible()
    drive.page.mouse.move(box["x"] - 5, box["y"] - 5)
    expect(drive.area.get_by_text("Here:")).to_have_count(0)


def test_the_colours_fade_and_can_be_kept(visit: Visit) -> None:
    """The slider works with the keyboard and holds for the next picture; the file has the size of the picture."""
    drive = visit("digits-segmenter")
    drive.start()
    drive.area.get_by_label("Opacity of the colours").press("End")
    expect(drive.area.locator(".td-layer")).to_have_css("opacity", "1")
    drive.after(drive.area.locator("[data-sample]").nth(1).click)
    expect(drive.area.locator(".td-layer")).to_have_css("opacity", "1")
    with drive.page.expect_download() as caught:
        drive.area.get_by_role("button", name="Download the colours as PNG").click()
    assert caught.value.suggested_filename.endswith("-mask.png")
    np.testing.assert_array_equal(pixels(Path(caught.value.path()).read_bytes()), painted(drive))


def test_a_large_photo_is_drawn_as_large_as_a_page_shows_it_and_kept_whole(visit: Visit) -> None:
    """Of 2000 × 1500 pixels 1600 × 1200 are drawn, the colours over the photo; the file has them all."""
    drive = visit("digits-segmenter")
    drive.start()
    file = io.BytesIO()
    Image.fromarray(np.full((1500, 2000, 3), 250, np.uint8)).save(file, "PNG")
    photo: FilePayload = {"name": "photo.png", "mimeType": "image/png", "buffer": file.getvalue()}
    drive.after(lambda: drive.choose_files([photo]))
    sizes = drive.area.locator(".td-scene canvas").evaluate_all("all => all.map(each => [each.width, each.height])")
    assert sizes == [[1600, 1200], [1600, 1200]]
    with drive.page.expect_download() as caught:
        drive.area.get_by_role("button", name="Download the colours as PNG").click()
    assert pixels(Path(caught.value.path()).read_bytes()).shape == (1500, 2000, 4)


def test_a_class_can_be_seen_alone_after_the_page_was_left(visit: Visit) -> None:
    """A page that comes back from the browser's cache paints what its legend says, without a new run."""
    drive = visit("digits-segmenter")
    drive.start()
    drive.page.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    line = drive.area.locator(".td-legend li").nth(1)
    line.focus()
    label = str(line.get_attribute("data-label"))
    expect(drive.area.locator(".td-layer")).to_have_attribute("data-only", label)


def test_the_nearest_samples_are_shown_in_order(visit: Visit, api: Api) -> None:
    """The other samples as pictures by the cosine that Python finds, the nearest first; never the sample itself."""
    drive = visit("photo-embedding")
    drive.start()
    samples = [sample["title"] for sample in api("photo-embedding")["samples"]]
    vectors = np.stack(python_results("photo-embedding")).astype(np.float64)
    for index, title in enumerate(samples):
        shown: dict[str, Any] = drive.choose_sample(title)
        likeness = {name: float(vectors[index] @ other) for name, other in zip(samples, vectors, strict=True)}
        del likeness[title]
        found = {row["title"]: row["likeness"] for row in shown["neighbours"]}
        assert found == pytest.approx(likeness, abs=1e-4)
        assert list(found.values()) == sorted(found.values(), reverse=True)
        entries = drive.area.locator(".td-neighbours li")
        assert [entry.get_attribute("data-title") for entry in entries.all()] == list(found)[: entries.count()]
        assert entries.locator("img").evaluate_all("all => all.every(each => each.naturalWidth > 0)")


def test_what_the_model_saw_has_the_colours_of_the_picture(visit: Visit, api: Api) -> None:
    """A model that takes blue first is shown a red picture as a red one."""
    if reason := api("squeezenet-1.0")["unbuilt"]:
        pytest.skip(f"squeezenet-1.0 is not built here: {reason}")
    drive = visit("squeezenet-1.0")
    drive.start()
    file = io.BytesIO()
    Image.new("RGB", (300, 300), (200, 30, 10)).save(file, "PNG")
    red: FilePayload = {"name": "red.png", "mimeType": "image/png", "buffer": file.getvalue()}
    drive.after(lambda: drive.choose_files([red]))
    uri = drive.area.locator(".td-seen canvas").evaluate("canvas => canvas.toDataURL()")
    seen = pixels(base64.b64decode(uri.partition(",")[2]))
    assert seen.shape == (224, 224, 4)
    assert (seen == (200, 30, 10, 255)).all()
