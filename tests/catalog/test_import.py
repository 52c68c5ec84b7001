"""`edgewise import`: what other catalogs' metadata becomes, and what it does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from catalog import importing
from catalog.check import check, load
from catalog.importing.metadata import MetadataError
from tests import shared
from tests.catalog.drafts import FILES, TEXTS, drafted, run, written


@pytest.mark.parametrize("catalog", importing.CATALOGS)
def test_a_check_of_a_draft_finds_only_what_its_list_names(catalog: str, tmp_path: Path):
    """What a person must fill in is the list that the command prints, and all of it."""
    data, why = written(drafted(catalog), tmp_path / "leaf")
    assert "maintainers" in why
    assert all(why.values())
    assert set(data) & {"maintainers", "licenses", "samples", "verification", "evaluation"} == set()


def test_the_command_prints_the_path_and_the_list_and_never_overwrites_a_card(tmp_path: Path):
    """The list is on the screen and on top of the card; a second run leaves the card alone."""
    first = run("modelhub", FILES["modelhub"], "-o", tmp_path / "leaf")
    path = tmp_path / "leaf" / "card.yaml"
    assert (first.exit_code, first.stdout) == (0, f"{path}\n")
    assert "maintainers" in first.stderr
    text = path.read_text("utf-8")
    assert "# - maintainers: Who answers for this card." in text
    second = run("modelhub", FILES["modelhub"], "-o", tmp_path / "leaf")
    assert second.exit_code == 1
    assert "expected a folder without a card" in second.stderr
    assert path.read_text("utf-8") == text


def test_a_draft_that_is_filled_in_as_its_list_says_is_a_card(tmp_path: Path):
    """Nothing that was drafted stands in the way: with the open fields given, the check finds nothing."""
    data, why = written(drafted("onnx-hub"), tmp_path / "leaf")
    assert {"inputs[0].axes", "outputs[0].axes", "provenance.date", "license"} <= set(why)
    for tensor, names in (("inputs", ("batch", "channel", "y", "x")), ("outputs", ("batch", "class"))):
        for axis, name in zip(data[tensor][0]["axes"], names, strict=True):
            axis["name"] = name
    data["provenance"]["date"] = "2019-04-01"
    person = "[{name: Ada Green}]"
    text = yaml.safe_dump(data).replace("'2019-04-01'", "2019-04-01") + f"authors: {person}\nmaintainers: {person}\n"
    text += "version: 1.0.0\nsummary: Tells leaves apart.\nlicense: MIT\n"
    (tmp_path / "leaf" / "card.yaml").write_text(text, "utf-8")
    assert check(tmp_path / "leaf") == []
    assert load(tmp_path / "leaf").source.bytes == 1203460


def test_an_entry_of_the_onnx_hub_gives_the_bytes_the_digest_and_the_sizes(tmp_path: Path):
    """The weights are those of the file, not of the archive with test data; open sizes stay open."""
    data, why = written(drafted("onnx-hub", choice="leafnet-9.onnx"), tmp_path / "leaf")
    path = "validated/vision/classification/leafnet"
    assert data["source"] == {
        "format": "onnx",
        "url": f"https://media.githubusercontent.com/media/onnx/models/main/{path}/model/leafnet-9.onnx",
        "bytes": 1203456,
        "sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    }
    assert data["inputs"] == [{"id": "data", "dtype": "float32", "axes": [{}, {"size": 3}, *[{"size": 224}] * 2]}]
    assert "[N, 3, 224, 224]" in why["inputs[0].axes"]
    assert "commit" in why["source.url"]


CHOOSING = [
    ("leafnet", "2 files of `LeafNet`", "`leafnet-9.onnx (opset 9)` or `leafnet-12.onnx (opset 12)`"),
    ("LeafNett", "'LeafNett'", "`LeafNet` or `LeafNet-int8`"),
    ("zzz", "'zzz'", "`LeafNet`, `LeafNet-int8` or `Query Splitter`"),
    ("../../x", "'../../x'", "`Query Splitter`"),
]


@pytest.mark.parametrize(("choice", "got", "cure"), CHOOSING, ids=[choice for choice, *_ in CHOOSING])
def test_a_choice_that_is_not_one_file_is_answered_with_those_to_choose_from(choice: str, got: str, cure: str):
    """The files of one model are listed, and near names for one that is not there."""
    with pytest.raises(MetadataError) as raised:
        drafted("onnx-hub", choice=choice)
    assert got in raised.value.got
    assert cure in raised.value.cure


def test_a_model_of_the_hub_is_found_whatever_its_capitals():
    """A name that has one file needs no more."""
    assert drafted("onnx-hub", choice="leafNET-INT8").card["source"]["bytes"] == 320118


def test_figures_of_a_readme_are_listed_and_not_believed(tmp_path: Path):
    """A claimed accuracy is a thing to measure, with its number; the rest is what the README says."""
    data, why = written(drafted("huggingface", choice="example/leaf-notes-tiny"), tmp_path / "leaf")
    assert "evaluation" not in data
    assert "Accuracy 0.9312 on Leaf notes" in why["evaluation"]
    assert data["language"] == ["en", "no"]
    assert data["tags"] == ["transformers", "generated-from-trainer", "tree-names"]
    origin = "https://huggingface.co/example/leaf-notes-tiny"
    assert data["provenance"] == {"origin": origin, "base_model": "example/bert-tiny"}
    assert data["datasets"][0]["url"] == "https://huggingface.co/datasets/example/leaf-notes"


LICENCES = [
    ("apache-2.0", "Apache-2.0", None),
    ("Apache License, Version 2.0", "Apache-2.0", None),
    ("The MIT License", "MIT", None),
    ("cc-by-nc-4.0", "CC-BY-NC-4.0", None),
    ("gpl-3.0", "GPL-3.0-only", "confirm"),
    ("bsd", None, "`BSD-2-Clause`"),
    ("unrestricted", None, "no licence of SPDX's list"),
]


@pytest.mark.parametrize(("said", "expression", "advice"), LICENCES, ids=[said for said, *_ in LICENCES])
def test_a_licence_gets_its_spdx_name_or_is_listed(said: str, expression: str | None, advice: str | None):
    """One licence under another name is that licence; what may be several is left to a person."""
    draft = drafted("mlmodelscope", TEXTS["mlmodelscope"].replace("Apache License, Version 2.0", said))
    assert draft.card.get("license") == expression
    assert (advice is None) == ("license" not in draft.notes)
    assert advice is None or advice in draft.notes["license"]


def test_preprocessing_that_a_manifest_states_becomes_steps_marked_as_claims(tmp_path: Path):
    """Mean, scale, sizes, colours and layout become steps in their order, below a comment that they have not run."""
    data, why = written(drafted("mlmodelscope"), tmp_path / "leaf")
    assert data["inputs"][0]["steps"] == [
        {"id": "decode_image"},
        {"id": "to_color_space", "kwargs": {"space": "bgr"}},
        {"id": "resize", "kwargs": {"width": 192, "height": 224}},
        {"id": "normalize", "kwargs": {"mean": [103.94, 116.78, 123.68], "std": [58.8, 58.8, 58.8]}},
        {"id": "to_layout", "kwargs": {"layout": "nhwc"}},
    ]
    assert [axis["name"] for axis in data["inputs"][0]["axes"]] == ["batch", "y", "x", "channel"]
    text = (tmp_path / "leaf" / "card.yaml").read_text("utf-8")
    assert "a claim until it has run" in text.partition("\ninputs:")[0].rpartition("\nsource:")[2]
    assert data["version"] == "1.10.0"
    assert "0fdca2e0ef5a760143da81bca3bb504f" in why["source.sha256"]
    assert "leaves.txt" in why["outputs[0].labels"]


def test_preprocessing_that_a_manifest_does_not_state_is_not_made_up():
    """Without mean, scale, layout and colours only decoding and resizing are left, and the list says what lacks."""
    lines = TEXTS["mlmodelscope"].splitlines()
    silent = [line for line in lines if line.strip().split(":")[0] not in ("mean", "scale", "layout", "color_mode")]
    draft = drafted("mlmodelscope", "\n".join(silent))
    assert [step["id"] for step in draft.card["inputs"][0]["steps"]] == ["decode_image", "resize"]
    assert "axes" not in draft.card["inputs"][0]
    assert "nothing of `color_mode`, `layout`, `mean` or `scale`" in draft.notes["inputs[0].steps"]


def test_what_a_modelhub_server_takes_is_not_taken_for_the_tensors_sizes(tmp_path: Path):
    """Its limits are of pictures that people send; they are told, and no axis is made of them."""
    data, why = written(drafted("modelhub"), tmp_path / "leaf")
    assert "inputs" not in data
    assert "channels min 1 max 4, height min 32" in why["inputs"]
    assert data["pipeline_tag"] == "image-classification"
    url = "https://arxiv.example.org/abs/1701.00001"
    text = "Ada Green, Bo Brown. Leaves Told Apart. arXiv, 2017."
    assert data["cite"] == [{"text": text, "doi": "10.1234/leaves.2017", "url": url}]


@pytest.mark.shared
def test_every_file_of_the_real_hub_manifest_gives_a_draft(tmp_path: Path):
    """All entries can be drafted, each with its bytes and digest, and each draft's problems are those it lists."""
    text = shared.reference("ONNX_HUB_MANIFEST.json")
    for index, entry in enumerate(json.loads(text)):
        data, _ = written(drafted("onnx-hub", text, entry["model_path"]), tmp_path / f"model-{index}")
        assert data["source"]["sha256"] == entry["metadata"]["model_sha"]
        assert data["source"]["bytes"] == entry["metadata"]["model_bytes"]
