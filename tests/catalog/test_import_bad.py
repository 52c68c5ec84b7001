"""`edgewise import` with metadata that is broken, of another catalog, or hostile."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import importing
from catalog.importing import card
from catalog.importing.metadata import MAX_BYTES, MetadataError
from catalog.importing.yaml_text import dump
from catalog.loader import load as load_document
from tests.catalog.drafts import FILES, TEXTS, drafted, run, written

HOSTILE = "a\nstatus: published\n\x1b[31m\u2028license: MIT\u202e\ud800"


@pytest.mark.parametrize("catalog", importing.CATALOGS)
@pytest.mark.parametrize("other", importing.CATALOGS)
def test_a_file_of_another_catalog_is_recognised(catalog: str, other: str):
    """Whoever mixes up catalogs is told which one the file is of."""
    if catalog == other:
        assert drafted(catalog)
        return
    with pytest.raises(MetadataError) as raised:
        importing.draft(catalog, TEXTS[other], None)
    assert f"it is a file of `{other}`" in raised.value.cure


BAD = [
    ("onnx-hub", "{", "JSON", 1),
    ("onnx-hub", "[]", "an entry of a model", 0),
    ("onnx-hub", "[1]", "a mapping with the key `model_path`", 0),
    ("onnx-hub", '{"model": "x", "model": "y"}', "each key once", 0),
    ("onnx-hub", '{"model": "x", "model_path": "../../x", "metadata": {}}', "a path in the zoo", 0),
    ("onnx-hub", '{"model": "x", "model_path": "a/x.onnx", "metadata": {"a": 1}}', "the key `model_bytes`", 0),
    ("onnx-hub", '{"model": "x", "model_path": "a/x.onnx", "metadata": {"model_bytes": 1.5}}', "a whole number", 0),
    ("onnx-hub", '{"model": "x", "model_path": "a/x.onnx", "metadata": {"model_bytes": NaN}}', "a finite number", 0),
    ("onnx-hub", "9" * 5000, "JSON of usual depth and numbers", 0),
    ("modelhub", "[" * 100_000, "JSON of usual depth and numbers", 0),
    ("modelhub", '{"meta": {}, "model": {"io": 1}}', "the key `meta`", 0),
    ("mlmodelscope", "name: x\n\tframework: y", "YAML", 2),
    ("mlmodelscope", "a: &a [*a]\nname: x\nname: y", "YAML", 3),
    ("mlmodelscope", "[" * 5000, "YAML of usual depth and characters", 0),
    ("mlmodelscope", "name: x\x07", "YAML of usual depth and characters", 0),
    ("huggingface", "# A heading", "YAML between two lines of `---` at the top", 0),
    ("huggingface", "---\n- x\n---\n# A heading", "a mapping of keys", 0),
    ("huggingface", "---\nlicense: mit\n---\n", "a heading, or a name in `model-index`", 0),
    ("onnx-hubs", "", "`onnx-hub`, `huggingface`, `modelhub` or `mlmodelscope`", 0),
]


@pytest.mark.parametrize(("catalog", "text", "expected", "line"), BAD, ids=[f"{row[0]}-{row[2]}" for row in BAD])
def test_bad_metadata_is_answered_with_place_and_cure(catalog: str, text: str, expected: str, line: int):
    """Where it is wrong, what was expected, what came, and what to do."""
    with pytest.raises(MetadataError) as raised:
        importing.draft(catalog, text, None)
    error = raised.value
    assert (error.expected, error.line) == (expected, line)
    assert all((error.where, error.got, error.cure))


def test_a_file_that_is_too_large_or_not_text_is_refused_by_name(tmp_path: Path):
    """Neither a model file given by mistake nor a huge file is read as metadata."""
    for name, data, got in (("model.onnx", b"\x08\xff", "0xff"), ("big.json", b" " * (MAX_BYTES + 1), "bytes")):
        (tmp_path / name).write_bytes(data)
        done = run("onnx-hub", tmp_path / name)
        assert done.exit_code == 1
        assert name in done.stderr
        assert got in done.stderr


def test_a_name_that_leads_out_of_the_catalog_makes_no_folder(tmp_path: Path):
    """A hostile name is refused as a folder; with a folder of one's own, it is only text."""
    text = TEXTS["modelhub"].replace('"leaf-net"', '"../../x"')
    with pytest.raises(MetadataError, match=r"\.\./\.\./x.*-o"):
        card.write(drafted("modelhub", text), "a test", None)
    with pytest.raises(MetadataError, match="lower-case letters"):
        card.write(drafted("modelhub"), "a test", tmp_path / "Not an id")
    with pytest.raises(MetadataError, match="64 characters"):
        card.write(drafted("modelhub"), "a test", tmp_path / ("long" * 20))
    data, _ = written(drafted("modelhub", text), tmp_path / "leaf")
    assert data["name"] == "../../x"


@pytest.mark.parametrize("catalog", ["onnx-hub", "modelhub"])
def test_hostile_text_ends_neither_a_value_nor_a_comment(catalog: str, tmp_path: Path):
    """Line ends, terminal codes and lone surrogates in any text stay inside it or are left out."""
    data = json.loads(TEXTS[catalog])
    for value in data if isinstance(data, list) else [data["meta"], data["publication"], data["model"]]:
        value |= {key: HOSTILE for key, old in value.items() if isinstance(old, str) and key != "model_path"}
    found, _ = written(drafted(catalog, json.dumps(data)), tmp_path / "leaf")
    assert "license" not in found
    assert (tmp_path / "leaf" / "card.yaml").read_text("utf-8").replace("\n", "").isprintable()


def test_hostile_text_does_not_reach_the_terminal(tmp_path: Path):
    """An error shows the names of a manifest without the codes in them."""
    entry = json.loads(TEXTS["onnx-hub"])[0]
    (tmp_path / "hub.json").write_text(json.dumps([entry | {"model": HOSTILE}]), "utf-8")
    done = run("onnx-hub", tmp_path / "hub.json", "--model", "leaf")
    assert done.exit_code == 1
    assert "a status: published" in done.stderr
    assert done.stderr.replace("\n", "").isprintable()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path):
    """A file where the folder should be gives its name and what to do."""
    (tmp_path / "leaf").write_text("a file", "utf-8")
    done = run("modelhub", FILES["modelhub"], "-o", tmp_path / "leaf")
    assert done.exit_code == 1
    assert str(tmp_path / "leaf") in done.stderr
    assert "give another folder with -o" in done.stderr


def mutations(data: Any) -> st.SearchStrategy[Any]:
    """Return the data with one value anywhere in it replaced."""
    places = list(_places(data, ()))
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=200)
    values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner))
    return st.builds(lambda place, value: _replaced(data, place, value), st.sampled_from(places), values)


def _places(data: Any, where: tuple[Any, ...]) -> Any:
    for key, value in data.items() if isinstance(data, dict) else enumerate(data if isinstance(data, list) else []):
        yield (*where, key)
        yield from _places(value, (*where, key))


def _replaced(data: Any, where: tuple[Any, ...], value: Any) -> Any:
    inner = data = copy.deepcopy(data)
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = value
    return data


def front_matter(data: Any) -> str:
    return f"---\n{json.dumps(data)}\n---\n# A heading\n"


METADATA = {  # one model each, and how its text is made of it
    "onnx-hub": (json.loads(TEXTS["onnx-hub"])[0], json.dumps),
    "huggingface": (yaml.safe_load(TEXTS["huggingface"].split("---")[1]), front_matter),
    "modelhub": (json.loads(TEXTS["modelhub"]), json.dumps),
    "mlmodelscope": (yaml.safe_load(TEXTS["mlmodelscope"]), json.dumps),
}


@pytest.mark.parametrize("catalog", METADATA)
@settings(max_examples=60, deadline=None)
@given(random=st.data())
def test_any_other_value_anywhere_gives_an_error_or_a_draft_with_its_list(
    tmp_path_factory: pytest.TempPathFactory, catalog: str, random: st.DataObject
):
    """Whatever stands in the metadata, no card is written with a problem that the list does not name."""
    data, text = METADATA[catalog]
    changed = random.draw(mutations(data))
    try:
        draft = importing.draft(catalog, text(changed), None)
    except MetadataError:
        return
    written(draft, tmp_path_factory.mktemp("any") / "leaf")


@settings(max_examples=300, deadline=None)
@given(text=st.text(min_size=1, max_size=300), number=st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_written_is_read_back_the_same(tmp_path_factory: pytest.TempPathFactory, text: str, number: float):
    """A word that looks like a number, a switch or a date stays a word."""
    path = tmp_path_factory.mktemp("yaml") / "card.yaml"
    path.write_text(dump({"name": text, "list": [text, number], "inputs": [{"id": text}]}, {}), "utf-8", newline="\n")
    assert load_document(path).data == {"name": text, "list": [text, number], "inputs": [{"id": text}]}
