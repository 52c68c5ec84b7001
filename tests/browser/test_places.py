"""The drawings of what has a place in a picture: objects and points, and the page between four of them."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from scripts.train.page_scenes import RIM, perspective
from tests.browser.conftest import Visit

DRAW_DETECTIONS = """async ([root, outcome]) => {
  outcome.photo = await createImageBitmap(new ImageData(4, 4));
  const { detectionsResult } = await import(`${root}static/test-drive/results/detections.js`);
  const drawing = detectionsResult();
  document.body.replaceChildren(drawing.element);
  document.body.className = "td";
  return drawing.show(outcome, { name: "Pets" }).summary;
}"""

Place = tuple[float, float]  # y, x as fractions


def straightened(picture: np.ndarray, corners: list[Place]) -> np.ndarray | None:
    """Return what the test-drive makes of a page in a picture."""
    node = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert node is not None, "no node: install the project, which brings one"
    job = {
        "picture": {"data": picture.ravel().tolist(), "shape": picture.shape},
        "corners": [{"y": y, "x": x} for y, x in corners],
    }
    script = Path(__file__).with_name("rectify.mjs")
    done = subprocess.run([node, script], input=json.dumps([job]), capture_output=True, text=True, check=True)
    [page] = json.loads(done.stdout)
    return None if page is None else np.array(page["data"], np.uint8).reshape(page["shape"])


def smooth_page() -> np.ndarray:
    """A page of soft colours, different in every corner."""
    y, x = np.mgrid[0:240, 0:180]
    return np.dstack([y, x, 240 - y]).astype(np.uint8)


@pytest.mark.parametrize(
    "corners",
    [
        [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0)],
        [(0.1, 0.15), (0.2, 0.9), (0.95, 0.8), (0.85, 0.05)],
        [(0.3, 0.2), (0.05, 0.7), (0.8, 0.95), (0.9, 0.3)],
    ],
)
def test_a_page_in_perspective_comes_back_upright(corners: list[Place]) -> None:
    """A page that Pillow laid into a picture comes out as it was, but for what sampling twice costs."""
    page = Image.fromarray(smooth_page())
    places = np.array(corners) * 300
    coefficients = perspective(places, *page.size)
    rimmed = Image.fromarray(np.pad(np.asarray(page), ((RIM, RIM), (RIM, RIM), (0, 0)), "edge"))
    picture = rimmed.transform((300, 300), Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR)
    got = straightened(np.asarray(picture), corners)
    assert got is not None
    height, width, _ = got.shape
    sides = [np.linalg.norm(places[i] - places[(i + 1) % 4]) for i in range(4)]
    assert (width, height) == (round(max(sides[0], sides[2])), round(max(sides[1], sides[3])))
    expected = np.asarray(page.resize((width, height), Image.Resampling.BILINEAR)).astype(int)
    inner = (slice(3, -3), slice(3, -3))
    assert np.abs(got.astype(int) - expected)[inner].max() <= 4


def test_corners_that_cross_make_no_page() -> None:
    """Corners in the wrong order, or on one line, enclose nothing that could be straightened."""
    picture = np.zeros((10, 10, 3), np.uint8)
    assert straightened(picture, [(0.1, 0.1), (0.9, 0.9), (0.1, 0.9), (0.9, 0.1)]) is None
    assert straightened(picture, [(0.1, 0.1), (0.1, 0.5), (0.1, 0.9), (0.1, 0.3)]) is None


@pytest.mark.browser
def test_a_slider_leaves_out_what_is_less_sure(page: Page, site_url: str) -> None:
    """Arrow keys raise the threshold: boxes and list thin out alike, at once, and come back."""
    page.goto(site_url)
    found = [("dog", 0.9), ("dog", 0.6), ("cat", 0.3)]
    result = [{"box": [0.1, 0.2, 0.6, 0.7], "label": label, "score": score} for label, score in found]
    summary = page.evaluate(DRAW_DETECTIONS, [site_url, {"result": result}])
    assert summary == "3 objects: dog (2), cat"
    slider = page.get_by_label("Show only what is surer than")
    boxes, entries = page.locator(".td-box:visible"), page.locator(".td-found li:visible")
    slider.focus()
    for threshold, count in ((0.3, 3), (0.31, 2), (0.6, 2), (0.61, 1), (0.91, 0)):
        while float(slider.input_value()) < threshold:
            slider.press("ArrowRight")
        expect(boxes).to_have_count(count)
        expect(entries).to_have_count(count)
        expect(page.get_by_text(f"{count} of 3 objects")).to_be_visible()
    slider.press("Home")
    expect(boxes).to_have_count(3)


@pytest.mark.browser
def test_the_list_says_what_the_boxes_show(visit: Visit) -> None:
    """Whoever cannot see the boxes reads each label, score and place; the keyboard leads from the list to the box."""
    drive = visit("digits-detector")
    shown = drive.start()
    first, entry = shown["detections"][0], drive.area.locator(".td-found li").first
    text = entry.inner_text()
    assert text.startswith(first["label"])
    assert f"{100 * first['score']:.1f} %" in text
    assert f"{100 * first['box'][0]:.0f} % from the top" in text
    entry.focus()
    expect(drive.area.locator(".td-box.td-chosen")).to_have_count(1)


def download(drive: Any) -> Image.Image:
    with drive.page.expect_download() as caught:
        drive.area.get_by_role("button", name="Download PNG").click()
    return Image.open(io.BytesIO(Path(caught.value.path()).read_bytes()))


@pytest.mark.browser
def test_a_page_is_straightened_and_can_be_kept(visit: Visit) -> None:
    """The photographed page comes out as a PNG of the size it was announced with, paper to its edges."""
    drive = visit("document-corners")
    drive.start()
    drive.choose_sample("A page on a saucer")
    page = download(drive)
    expect(drive.area.get_by_text(f"The page, straightened: {page.width} × {page.height} pixels")).to_be_visible()
    rim = np.asarray(page.convert("L"))[[8, -8]].ravel()
    assert np.mean(rim > 100) > 0.9, "the page's edge shows what lay around it"


@pytest.mark.browser
def test_where_no_page_is_the_scanner_says_so(visit: Visit) -> None:
    """A picture without a page gives corners all the same; a warning stands beside what is made of them."""
    drive = visit("document-corners")
    drive.start()
    drive.choose_sample("A table without a page")
    expect(
        drive.area.get_by_text("Is the whole page in the picture?").or_(
            drive.area.get_by_text("The four corners enclose no page.")
        )
    ).to_be_visible()
