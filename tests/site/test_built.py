from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest

MODELS = sorted(path.parent.name for path in Path(__file__).parents[2].glob("catalog/models/*/card.yaml"))


@pytest.mark.parametrize("model", MODELS)
def test_a_page_is_small_on_the_wire(model, built_site):
    """A phone on a slow line reads about a model after 15 kB."""
    assert len(gzip.compress((built_site / "models" / model / "index.html").read_bytes())) <= 15_000


@pytest.mark.parametrize("model", MODELS)
def test_every_file_the_api_names_is_there_with_its_digest(model, built_site):
    """What the API promises can be downloaded, and is what it says."""
    api = json.loads((built_site / "api" / "v1" / "models" / f"{model}.json").read_text("utf-8"))
    rows = [row for row in api["artefacts"] if row["file"]]  # none of a model whose weights are not at hand
    for row in (*rows, *api["bundles"]):
        parts = [row, *row.get("further", [])]
        data = [(built_site / part["file"]).read_bytes() for part in parts]
        assert [hashlib.sha256(each).hexdigest() for each in data] == [part["sha256"] for part in parts]
        assert sum(map(len, data)) == row["bytes"]
    named = [path for golden in api["golden"] for side in ("inputs", "outputs") for path in golden[side].values()]
    named += [sample["file"] for sample in api["samples"] if sample["file"]]
    assert [path for path in named if not (built_site / path).is_file()] == []


@pytest.mark.parametrize("model", MODELS)
def test_every_file_can_be_downloaded_from_the_page(model, built_site):
    """A format of several files, such as TF.js, has a link to each."""
    api = json.loads((built_site / "api" / "v1" / "models" / f"{model}.json").read_text("utf-8"))
    page = (built_site / "models" / model / "index.html").read_text("utf-8")
    rows = [row for row in api["artefacts"] if row["file"]]  # none of a model whose weights are not at hand
    named = [part["file"] for row in rows for part in (row, *row["further"])]
    assert [file for file in named if f'href="../../{file}" download' not in page] == []
    assert all(row["further"] for row in rows if row["format"] == "tfjs")


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_published_that_did_not_run(model, built_site):
    """Each file has passed in at least one runtime, and none has failed in any."""
    api = json.loads((built_site / "api" / "v1" / "models" / f"{model}.json").read_text("utf-8"))
    for row in api["artefacts"]:
        statuses = {parity["status"] for parity in row["parity"]}
        assert "passed" in statuses
        assert "failed" not in statuses


def test_the_list_of_models_is_the_catalog(built_site):
    """A program finds every model through one address."""
    rows = json.loads((built_site / "api" / "v1" / "models.json").read_text("utf-8"))["models"]
    assert [row["id"] for row in rows] == MODELS
    assert all((built_site / row["href"] / "index.html").is_file() for row in rows)
    assert all((built_site / row["api"]).is_file() for row in rows)


@pytest.mark.parametrize("page", ["coverage", "converters"])
def test_what_was_measured_of_the_converters_is_on_the_site(page, built_site):
    """Each page of measurements is there, and the navigation of the documentation leads to it."""
    assert (built_site / "reference" / page / "index.html").is_file()
    assert f'href="../{page}/"' in (built_site / "reference" / "card" / "index.html").read_text("utf-8")
