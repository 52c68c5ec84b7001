"""The closed vocabularies as types: tasks, steps, licences. Each is read once."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from catalog.card import Card
from catalog.loader import load

STEP_KINDS = ("image", "audio", "text", "tabular", "numbers", "output", "boxes", "points", "masks", "time")


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Parameter(_Row):
    """A parameter of a step; without a default it is required."""

    type: Literal["string", "strings", "integer", "integers", "number", "numbers", "boolean", "file", "columns"]
    summary: str
    default: Any = None
    choices: tuple[str, ...] = ()
    min: float | None = None
    max: float | None = None

    @property
    def required(self) -> bool:
        """Say whether a card must give it."""
        return "default" not in self.model_fields_set


class StepRow(_Row):
    """What one step means."""

    side: Literal["input", "output", "both", "result"]
    takes: str
    gives: str
    summary: str
    source: str
    params: dict[str, Parameter]


class LicenseRow(_Row):
    """What a licence asks of whoever uses the files, in short; it is no legal advice."""

    name: str
    commercial: Literal["yes", "no", "conditions"]
    share_alike: bool  # changed versions must come under the same licence
    attribution: bool  # the makers must be named, or their notice kept
    summary: str


@cache
def tasks() -> Mapping[str, Mapping[str, str]]:
    """Return the tasks by their `pipeline_tag`, each with title, modality, input, result and metric."""
    rows: Mapping[str, Mapping[str, str]] = _read("tasks.yaml")
    return rows


@cache
def steps() -> Mapping[str, StepRow]:
    """Return the steps by name, those of one kind of value together."""
    rows = {name: row for kind in STEP_KINDS for name, row in _read(f"steps/{kind}.yaml").items()}
    return {name: StepRow.model_validate(row) for name, row in rows.items()}


def step_files(card: Card) -> list[str]:
    """Return the files in the card's folder that its steps name, such as vocabularies and anchors; each once."""
    lists = [tensor.steps for tensor in (*card.inputs, *card.outputs)] + [card.result]
    named = [
        str(step.kwargs[name])
        for step in itertools.chain.from_iterable(lists)
        for name, parameter in steps()[step.id].params.items()
        if parameter.type == "file" and name in step.kwargs
    ]
    return list(dict.fromkeys(named))


@cache
def licenses() -> Mapping[str, LicenseRow]:
    """Return the licences that Edgewise knows more about than their name, by SPDX identifier."""
    return {name: LicenseRow.model_validate(row) for name, row in _read("licenses.yaml").items()}


def _read(name: str) -> Any:
    document = load(Path(__file__).parent / name)
    if document.problems:
        raise ValueError("\n".join(map(str, document.problems)))
    return document.data
