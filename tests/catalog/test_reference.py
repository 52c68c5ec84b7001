from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped] # ships none
import pytest

from catalog import vocab
from catalog.card import Card
from catalog.loader import load
from catalog.reference import field_table, json_schema, step_sections
from tests.catalog.conftest import INVALID, VALID

STRUCTURAL = (
    "missing-key",
    "unknown-key",
    "wrong-type",
    "not-one-of",
    "not-a-",
    "out-of-range",
    "too-",
    "task-unknown",
    "step-unknown",
)
# JSON has no dates, so there a date in quotes is right; the rest are no YAML that could be handed on.
NOT_STRUCTURAL = ("wrong-type--quoted-date", "not-a-mapping--list", "too-deep--brackets")


def as_json(folder: Path) -> Any:
    """Return a card as the JSON that an editor would check."""
    return json.loads(json.dumps(load(folder / "card.yaml").data, default=str))


def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json_schema(), format_checker=jsonschema.FormatChecker())


def test_the_schema_is_a_schema() -> None:
    """An independent reader takes it for JSON Schema 2020-12, and JSON can hold it."""
    jsonschema.Draft202012Validator.check_schema(json.loads(json.dumps(json_schema())))


@pytest.mark.parametrize("folder", VALID, ids=lambda path: path.name)
def test_the_schema_accepts_valid_cards(folder: Path) -> None:
    """An editor with the schema shows no error in a card that is right."""
    validator().validate(as_json(folder))


@pytest.mark.parametrize(
    "case",
    [case for case in INVALID if case.name.startswith(STRUCTURAL) and case.name not in NOT_STRUCTURAL],
    ids=lambda path: path.name,
)
def test_the_schema_refuses_what_the_types_refuse(case: Path) -> None:
    """An editor with the schema shows an error where a key, a type or a choice is wrong."""
    (folder,) = case.iterdir()
    assert not validator().is_valid(as_json(folder))


def test_every_field_says_what_it_means() -> None:
    """No field of the card or of its parts goes without a description."""
    schema = json_schema()
    parts = [schema, *schema["$defs"].values()]
    fields = {name: field for part in parts for name, field in part.get("properties", {}).items()}
    assert [name for name, field in fields.items() if not field.get("description")] == []


def test_the_tables_name_everything() -> None:
    """The reference has a row for each field of the card and each step with its parameters."""
    fields, steps = field_table(), step_sections()
    assert [name for name in Card.model_fields if f"\n| `{name}` |" not in fields] == []
    assert [name for name in vocab.steps() if f"\n### `{name}`\n" not in steps] == []
    assert [key for row in vocab.steps().values() for key in row.params if f"`{key}`: " not in steps] == []


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    """No text breaks a table."""
    rows = [line.replace("\\|", "") for line in field_table().splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {5}


def test_links_lead_to_sections() -> None:
    """Every part that a field links to is described on the same page."""
    table = field_table()
    targets = {name.lower() for name in re.findall(r"^## (\w+)$", table, re.MULTILINE)}
    assert set(re.findall(r"\(#(\w+)\)", table)) <= targets
