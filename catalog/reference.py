"""The card's documentation, generated: JSON Schema for editors, field tables and sections of steps for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog import vocab
from catalog.card import Card
from catalog.rules.publishing import REQUIRED
from catalog.schema import FORMS
from catalog.vocab import Parameter, StepRow

Schema = Mapping[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": ""}
BOUNDS = (
    ("minimum", "from {}"),
    ("exclusiveMinimum", "above {}"),
    ("maximum", "to {}"),
    ("exclusiveMaximum", "below {}"),
    ("maxLength", "of at most {} characters"),
)


def json_schema() -> dict[str, Any]:
    """Return the card as a JSON Schema, draft 2020-12, with the tasks and steps that exist."""
    schema = Card.model_json_schema()
    schema["properties"]["pipeline_tag"]["enum"] = list(vocab.tasks())
    schema["$defs"]["Step"]["properties"]["id"]["enum"] = list(vocab.steps())
    return {"$schema": DIALECT, "$id": "card.schema.json", **schema, "title": "Edgewise model card"}


def field_table() -> str:
    """Return Markdown: a table of the card's fields, then one for each part that it is made of."""
    schema = json_schema()
    return "\n".join(_section(name, part) for name, part in {"The card": schema, **schema["$defs"]}.items())


def _section(name: str, part: Schema) -> str:
    title = [f"## {name}", "", part.get("description", ""), ""]
    if "properties" not in part:
        return "\n".join([*title, _kind(part), ""])
    rows = [
        f"| `{key}` | {_cell(_kind(field))} | {_need(name, key, part)} | {_cell(field.get('description', ''))} |"
        for key, field in part["properties"].items()
    ]
    head = ["| field | type | required | meaning |", "| --- | --- | --- | --- |"]
    return "\n".join([*title, *head, *rows, ""])


def _need(name: str, key: str, part: Schema) -> str:
    if key in part.get("required", ()):
        return "always"
    is_published = (name == "The card" and key in REQUIRED) or (name, key) == ("Tensor", "labels")
    return "to be published" if is_published else ""


def _kind(field: Schema) -> str:
    """Say a field's type in words."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        return " or ".join(filter(None, (_kind(option) for option in field["anyOf"])))
    if "enum" in field or "const" in field:
        return ", ".join(f"`{value}`" for value in field.get("enum", [field.get("const")]))
    if field.get("type") == "array":
        return f"list of {_kind(field['items'])}"
    if field.get("type") == "object":
        return "mapping"
    return _simple(field)


def _simple(field: Schema) -> str:
    word = "date" if field.get("format") == "date" else WORDS[field["type"]]
    bounds = [form.format(field[key]) for key, form in BOUNDS if key in field]
    form = FORMS[field["pattern"]].expected if field.get("pattern") in FORMS else word
    return " ".join([form, *bounds])


def step_sections() -> str:
    """Return Markdown: a section for each step, those before the model first."""
    sides = {
        "input": "Before the model",
        "output": "Behind the model",
        "both": "On either side",
        "result": "From all outputs to the result",
    }
    rows = vocab.steps().items()
    return "\n".join(
        "\n".join([f"## {title}", "", *(_step(name, row) for name, row in rows if row.side == side)])
        for side, title in sides.items()
    )


def _step(name: str, row: StepRow) -> str:
    parameters = [f"- {_parameter(key, value)}" for key, value in row.params.items()]
    facts = [f"*Takes* {row.takes}  ", f"*Gives* {row.gives}  ", f"*Defined by* {row.source}"]
    return "\n".join([f"### `{name}`", "", row.summary, "", *facts, "", *parameters, ""])


def _parameter(name: str, parameter: Parameter) -> str:
    """Describe one parameter, such as `k`: integer 1 to 1000, 5 if left out; how many."""
    choices = ", ".join(f"`{choice}`" for choice in parameter.choices)
    bounds = [f"from {parameter.min:g}"] if parameter.min is not None else []
    bounds += [f"to {parameter.max:g}"] if parameter.max is not None else []
    default = "" if parameter.required else f", {parameter.default} if left out"
    return f"`{name}`: {' '.join([choices or parameter.type, *bounds])}{default}; {parameter.summary}"


def _cell(text: str) -> str:
    """Escape what would end a table's cell."""
    return text.replace("|", "\\|").replace("\n", " ")
