from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from pages import pages

from catalog.card import Card
from tests.site.document import elements, text

LOADING = {"src", "srcset", "poster", "data"}  # attributes that make a browser fetch something


def html_files(site: Path) -> list[Path]:
    """Every page of a built site."""
    return sorted(site.rglob("*.html"))


def test_the_fixture_is_what_a_build_writes(stage: Path) -> None:
    """The cards in the fixture stage are valid cards, so the tests speak of pages that can exist."""
    for path in (stage / "api/v1/models").glob("*.json"):
        Card.model_validate_json(json.dumps(json.loads(path.read_text("utf-8"))["card"]))


def test_a_model_page_says_what_the_card_and_the_build_say(stage: Path) -> None:
    """Figures, licences, tensors, steps, citation and files of a model can be read on its page."""
    shown = text(pages(stage)["models/digits-cnn/index.md"])
    for expected in (
        "Digits CNN 1.0.0",
        "Accuracy, measured 98.9 %",
        "Commercial use allowed",
        "ONNX fp32",
        "38.2 kB",
        "onnxruntime-web 1.30.0 3.1e-7",
        "claimed on the card 98.9 %",
        "baseline: nearest neighbour 98.3 %",
        "8 x",
        "resize to 8 × 8 pixels (box)",
        "crop to the content above 64",
        "E. Alpaydin, C. Kaynak.",
        "doi:10.24432/C50P49",
        "@software{digits-cnn,",
        "Do not read cheques",
        "UCI optical digits training and evaluation CC-BY-4.0",
    ):
        assert expected in shown


def test_the_table_of_accuracy_has_a_row_a_file_and_a_column_a_metric(stage: Path, tmp_path: Path) -> None:
    """Two metrics of four files are four rows with both; the claim stands above them, what else there is below."""
    shutil.copytree(stage, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "api/v1/models/digits-cnn.json"
    model = json.loads(path.read_text("utf-8"))
    [claim] = model["card"]["evaluation"]
    model["card"]["evaluation"].append(claim | {"metric": "top5_accuracy", "value": 0.999, "baseline": {}})
    for artefact in model["artefacts"]:
        [figure] = artefact["accuracy"]
        artefact["accuracy"].append(figure | {"metric": "top5_accuracy", "value": 0.998})
    path.write_text(json.dumps(model), "utf-8")
    shown = text(pages(tmp_path)["models/digits-cnn/index.md"]).partition("What Accuracy Top-5 accuracy On ")[2]
    rows = [
        "claimed on the card 98.9 % 99.9 % UCI optical digits, held out",
        *(
            f"{artefact['format'].upper()} {artefact['precision']} "
            f"{100 * artefact['accuracy'][0]['value']:.4g} % 99.8 % 360 samples, measured"
            for artefact in model["artefacts"]
        ),
        "baseline: nearest neighbour 98.3 % – UCI optical digits, held out",
        "baseline: always the same digit 10.1 % – UCI optical digits, held out",
    ]
    assert shown.startswith(" ".join(rows))


def test_the_download_button_gives_the_fp32_onnx_file(stage: Path) -> None:
    """The first download link of a page names the fp32 ONNX file by a path relative to the page."""
    links = [e for e in elements(pages(stage)["models/digits-cnn/index.md"]) if "download" in e.attributes]
    assert links[0].attributes["href"] == "../../models/digits-cnn/files/digits-cnn-1.0.0.fp32.onnx"


def test_the_test_drive_finds_its_model(stage: Path) -> None:
    """The section that the test-drive starts in names the model's JSON and the root, relative to the page."""
    page = pages(stage)["models/digits-cnn/index.md"]
    section = next(e for e in elements(page) if e.attributes.get("id") == "test-drive")
    assert section.attributes["data-model"] == "../../api/v1/models/digits-cnn.json"
    assert section.attributes["data-root"] == "../../"
    assert "<noscript><p>The test-drive needs JavaScript." in page


def test_a_check_that_did_not_run_is_not_called_passed(stage: Path) -> None:
    """A file with one runtime passed and one not run shows `passed 1 of 2`, and the reason."""
    shown = text(pages(stage)["models/digits-cnn/index.md"])
    assert "passed 1 of 2" in shown
    assert "not run onnxruntime-web is not installed" in shown


def test_the_front_page_counts_what_the_build_found(stage: Path) -> None:
    """The front page states the number of models, of passed checks and the largest fp32 deviation."""
    shown = text(pages(stage)["index.md"])
    assert "models, each with a test-drive 2" in shown
    assert "of 16 checks passed, on 8 files, in 2 runtimes 14" in shown
    assert "largest deviation of an fp32 file from its source 3.1e-7" in shown


def test_a_sparse_card_still_gets_a_page(stage: Path, tmp_path: Path) -> None:
    """A draft with nothing but the required fields, and no file built, renders and says so."""
    shutil.copytree(stage, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "api/v1/models/digits-cnn.json"
    model = json.loads(path.read_text("utf-8"))
    empty: dict[str, object] = {
        "licenses": None,
        "cite": [],
        "datasets": [],
        "samples": [],
        "verification": None,
        "evaluation": [],
    }
    model["card"] |= empty | {"description": None, "intended_use": None, "limitations": [], "status": "draft"}
    model |= {"artefacts": [], "bundles": [], "samples": [], "golden": []}
    path.write_text(json.dumps(model), "utf-8")
    shown = text(pages(tmp_path)["models/digits-cnn/index.md"])
    assert "draft: not all of this page has been verified" in shown
    assert "No file has been built for this model yet." in shown


def test_the_catalogue_lists_models_by_task_without_script(stage: Path) -> None:
    """The catalogue's HTML holds every model under its task, with a link."""
    page = pages(stage)["models/index.md"]
    assert "Image classification Digits CNN" in text(page)
    assert [e.attributes.get("id") for e in elements(page) if e.tag == "h2"][:2] == [
        "task-image-classification",
        "task-text-classification",
    ]
    hrefs = {e.attributes.get("href") for e in elements(page) if e.tag == "a"}
    assert {"../models/digits-cnn/", "../models/code-language-id/"} <= hrefs


@pytest.mark.parametrize("copies", [1, 4])
def test_a_page_costs_at_most_15_kilobytes(
    stage: Path, tmp_path: Path, make_site: Callable[[Path], Path], copies: int
) -> None:
    """A model page is at most 15 kB gzipped, even with four times the files: 16, with 32 checks."""
    shutil.copytree(stage, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "api/v1/models/digits-cnn.json"
    model = json.loads(path.read_text("utf-8"))
    model["artefacts"] = [
        row | {"sha256": hashlib.sha256(f"{copy} {row['file']}".encode()).hexdigest()}
        for copy in range(copies)
        for row in model["artefacts"]
    ]
    path.write_text(json.dumps(model), "utf-8")
    page = make_site(tmp_path) / "models/digits-cnn/index.html"
    assert len(gzip.compress(page.read_bytes(), 9, mtime=0)) <= 15_000


def test_every_link_leads_somewhere(small_site: Path) -> None:
    """Every relative link, picture, style sheet and script of every page names a file of the site, anchors included."""
    for page in html_files(small_site):
        if page.name == "404.html":
            continue
        for element in elements(page.read_text("utf-8")):
            for name in LOADING | {"href", "action"}:
                target = element.attributes.get(name)
                if target is not None and not urlsplit(target).scheme:
                    assert_exists(page, target)


def assert_exists(page: Path, target: str) -> None:
    """Fail unless a relative reference from a page names a file, and its anchor an element."""
    parts = urlsplit(target)
    path = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    path = path / "index.html" if path.is_dir() else path
    assert path.is_file(), f"{page}: {target}"
    if parts.fragment and path.suffix == ".html":
        ids = {element.attributes.get("id") for element in elements(path.read_text("utf-8"))}
        assert parts.fragment in ids, f"{page}: {target}"


def test_no_page_loads_from_another_origin(small_site: Path) -> None:
    """No page names a foreign address in anything that a browser fetches by itself."""
    for page in html_files(small_site):
        for element in elements(page.read_text("utf-8")):
            fetched = [element.attributes.get(name, "") for name in LOADING]
            if element.tag == "link":
                fetched.append(element.attributes.get("href", ""))
            assert not [u for u in fetched if u.startswith("//") or urlsplit(u).scheme in ("http", "https")], page


def test_every_page_has_one_heading_and_a_language(small_site: Path) -> None:
    """Each page names its language, has one title, one h1 and a description for every picture."""
    for page in html_files(small_site):
        found = elements(page.read_text("utf-8"))
        tags = [element.tag for element in found]
        assert tags.count("title") == tags.count("h1") == 1, page
        assert next(e for e in found if e.tag == "html").attributes["lang"] == "en"
        assert all(e.attributes.get("alt") for e in found if e.tag == "img"), page


def test_model_pages_are_not_in_the_navigation(small_site: Path) -> None:
    """A page's navigation lists the catalogue and the documents but no model, so its size does not grow with them."""
    page = (small_site / "docs/verify/index.html").read_text("utf-8")
    assert "digits-cnn/" not in " ".join(e.attributes.get("href", "") for e in elements(page))
