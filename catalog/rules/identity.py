"""The card's name, date and task, and the characters of all its text."""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Iterator
from typing import Any

from catalog import vocab
from catalog.context import Context
from catalog.document import Where
from catalog.names import advise, listed, same_but_case, shown
from catalog.problem import Problem

ALLOWED = "\n\t"
# Characters that turn the reading direction make text look like what it is not: https://trojansource.codes
DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def check_id(context: Context) -> Iterator[Problem]:
    """Require the folder's name as id, since addresses and file names are made of it."""
    folder, card_id = context.folder.resolve().name, context.one("id", str)
    if card_id is not None and card_id != folder:
        cure = f"write `id: {folder}`, or rename the folder"
        yield context.document.problem(
            ("id",), "id-disagrees", expected=f"`{folder}`, the folder's name", got=shown(card_id), cure=cure
        )


def check_date(context: Context) -> Iterator[Problem]:
    """Refuse weights that were published tomorrow."""
    date, today = context.one("provenance.date", datetime.date), datetime.datetime.now(tz=datetime.UTC).date()
    if date is not None and date > today + datetime.timedelta(days=1):  # somewhere it is tomorrow already
        where = ("provenance", "date")
        cure = "write when the weights were published"
        yield context.document.problem(
            where, "date-in-future", expected=f"a date up to {today}", got=f"{date}", cure=cure
        )


def check_task(context: Context) -> Iterator[Problem]:
    """Require a task that Edgewise can run and measure."""
    task, known = context.one("pipeline_tag", str), vocab.tasks()
    if task is not None and task not in known:
        yield context.document.problem(
            ("pipeline_tag",),
            "task-unknown",
            expected=listed(known),
            got=shown(task),
            cure=advise(task, known, "choose one, or add a row to catalog/vocab/tasks.yaml"),
            replacement=same_but_case(task, known),
        )


def check_characters(context: Context) -> Iterator[Problem]:
    """Refuse control characters, lone surrogates, and marks that turn the reading direction."""
    for where, text in _texts(context.document.data, ()):
        bad = next((character for character in text if _is_bad(character)), None)
        if bad is not None and not context.document.is_broken(where):
            got = f"the character U+{ord(bad):04X}"
            yield context.document.problem(
                where, "control-character", expected="printable text", got=got, cure="delete it"
            )


def _is_bad(character: str) -> bool:
    kind = unicodedata.category(character)
    return (kind in ("Cc", "Cs") and character not in ALLOWED) or character in DIRECTION


def _texts(value: Any, where: Where) -> Iterator[tuple[Where, str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*where, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*where, key))
            yield from _texts(key, (*where, key))
