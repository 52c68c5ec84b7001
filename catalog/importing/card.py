"""Makes a card of a draft: what it says and the card's rules allow; the rest is listed as open, and written on top."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.card import Card
from catalog.check import NAME, check
from catalog.document import Where
from catalog.importing.draft import LONGEST_SLUG, Draft, folder_name, is_slug
from catalog.importing.metadata import MetadataError
from catalog.importing.yaml_text import comment, dump
from catalog.names import shown
from catalog.problem import Problem
from catalog.schema import meaning

MODELS = Path(__file__).parents[1] / "models"
# Problems of what is not there; every other one is of a value that the metadata has, and that is left out for it.
OPEN = (
    "missing-key",
    "missing-to-publish",
    "source-ambiguous",
    "bytes-missing",
    "step-kwarg-missing",
    "license-note-missing",
)
WHERE_TO_LOOK = {
    "version": "1.0.0 for the first card of these weights",
    "summary": "in your own words",
    "pipeline_tag": "catalog/vocab/tasks.yaml",
    "license": "the model's page; a repository's licence need not be that of the weights",
    "authors": "the model's page or paper",
    "maintainers": "you, who propose the card",
    "provenance": "the page that published the model, and its history",
    "provenance.origin": "the address of the page that published the model",
    "provenance.date": "the history of the file or of its page",
    "source": "the file's page; sha256sum and its size",
    "source.url": "the file's page",
    "source.bytes": "the size of the file",
    "source.sha256": "run sha256sum on the file",
    "inputs": "the model file, for example in Netron",
    "outputs": "the model file, for example in Netron",
    "outputs[].labels": "the model's page, or the classes of the data",
    "licenses": "weights, code and data apart: the model's page, its code and its data",
    "cite": "the paper, or the model's page",
    "datasets": "the paper, or the model's page",
    "datasets[].license": "the page of the data",
    "samples": "pictures, sounds, texts or rows that may be shown, with their licence",
    "verification": "what `edgewise build` measures, with some room",
}


@dataclass(frozen=True)
class Open:
    """A field that a person must fill in or confirm."""

    field: str  # path into the card
    what: str  # what the field means
    why: str  # what the metadata says of it, or where to look

    def __str__(self) -> str:
        """Return it as a line of the card's comment."""
        return f"{self.field}: {self.what} → {self.why}"


def write(draft: Draft, origin: str, folder: Path | None) -> tuple[Path, list[Open]]:
    """Write a draft's card into a folder, by default one named after the model; return its path and what is open.

    `origin` says in words what it was drafted from. Raises MetadataError when the folder has a card already, or a
    name that cannot be an id, and OSError when nothing can be written there.
    """
    folder = MODELS / folder_name(draft.name) if folder is None else folder
    card_id = Path(os.path.abspath(folder)).name  # noqa: PTH100 - not resolved: links keep their names
    path = folder / NAME
    if not is_slug(card_id):
        cure = "give another folder with -o"
        expected = (
            f"a folder whose name is of lower-case letters, digits, `-` and `.`, at most {LONGEST_SLUG} characters"
        )
        raise MetadataError("-o", expected=expected, got=shown(str(folder)), cure=cure)
    if os.path.lexists(path):
        cure = "give another folder with -o, or delete that card if you mean to start again"
        raise MetadataError("-o", expected="a folder without a card", got=str(path), cure=cure)
    text, rows = complete(draft, origin, card_id)
    folder.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    return path, rows


def complete(draft: Draft, origin: str, card_id: str) -> tuple[str, list[Open]]:
    """Return the card's text and what is open in it: each problem that a check finds in it is among those fields.

    A value that breaks a rule of the card is left out and its field listed.
    """
    data = {"schema_version": 1, "id": card_id, "status": "draft", **draft.card}
    card = {key: data[key] for key in Card.model_fields if data.get(key) not in (None, {}, [])}
    reasons = dict[str, list[str]]()
    while wrong := [problem for problem in _problems(card, card_id) if _is_new(problem, card, draft.notes, reasons)]:
        for problem in reversed(wrong):
            field = _field(problem.where, draft.notes)
            told = [draft.notes[field]] if field in draft.notes else []
            if problem.code not in OPEN:
                told = [*told, f"left out, since {problem.got} is not {problem.expected}"]
                _leave_out(card, _parts(problem.where))
            reasons.setdefault(field, []).extend(reason for reason in told if reason not in reasons.get(field, []))
    for field, note in draft.notes.items():
        reasons.setdefault(field, [note])
    rows = [_open(field, told) for field, told in sorted(reasons.items(), key=lambda row: _order(row[0]))]
    return f"{_head(origin, rows)}{dump(card, draft.comments)}", rows


def _is_new(problem: Problem, card: Any, notes: Iterable[str], reasons: Iterable[str]) -> bool:
    """Say whether a problem asks for something: a value to leave out, or a field that is not listed yet."""
    is_wrong = problem.code not in OPEN and _holds(card, _parts(problem.where))
    return is_wrong or _field(problem.where, notes) not in reasons


def _problems(card: dict[str, Any], card_id: str) -> list[Problem]:
    """Return what `edgewise check` finds in a card, and would find if it were published."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / card_id
        folder.mkdir()
        found = dict[tuple[str, str], Problem]()
        for status in ("draft", "published"):
            (folder / NAME).write_text(dump({**card, "status": status}, {}), "utf-8")
            found |= {(problem.where, problem.code): problem for problem in check(folder)}
    return list(found.values())


def _field(where: str, notes: Iterable[str]) -> str:
    """Return the field that a problem is listed under: the nearest one round it that has a note, or its own."""
    around = [field for field in notes if where == field or where.startswith((f"{field}.", f"{field}["))]
    return max(around, key=len, default=where)


def _parts(field: str) -> Where:
    return tuple(int(part) if part.isdigit() else part for part in re.findall(r"[^.\[\]]+", field))


def _leave_out(card: Any, where: Where) -> None:
    """Delete a value; a place that is not there needs nothing."""
    if _holds(card, where):
        *path, last = where
        for part in path:
            card = card[part]
        del card[last]


def _holds(card: Any, where: Where) -> bool:
    """Say whether there is a value at a path."""
    for part in where:
        is_key = isinstance(card, dict) and part in card
        if not is_key and not (isinstance(card, list) and isinstance(part, int) and part < len(card)):
            return False
        card = card[part]
    return True


def _open(field: str, told: list[str]) -> Open:
    where = WHERE_TO_LOOK.get(re.sub(r"\[\d+\]", "[]", field), "the model's page or its file")
    return Open(field, meaning(_parts(field)), "; ".join(told) or where)


def _order(field: str) -> tuple[int, str]:
    """Sort fields as they stand in the card."""
    keys, key = list(Card.model_fields), str(_parts(field)[0])
    return keys.index(key) if key in keys else len(keys), field


def _head(origin: str, rows: Iterable[Open]) -> str:
    """Return the comment on top of a drafted card."""
    lines = (f"Drafted from {origin}. It says what that says; nothing of it has run.", "To fill in or to confirm:")
    return "".join([*map(comment, lines), *(comment(f"- {row}", "  ") for row in rows)])
