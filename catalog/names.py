"""Names near a wrong one, and values in words, for messages."""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Iterable
from typing import Any

LONGEST = 80  # characters of a value that a message shows
SHORTEST = 3  # letters of a beginning that says which name was meant
KINDS: tuple[tuple[type, str], ...] = (  # first match wins; a bool is an int too
    (bool, "{0}"),
    (int, "the whole number {0}"),
    (float, "the number {0}"),
    (str, "the text {0!r}"),
    (datetime.date, "the date {0}"),
    (list, "a list"),
    (dict, "a mapping"),
)


def near(word: str, known: Iterable[str]) -> list[str]:
    """Return up to three known names that a person may have meant by `word`: those it begins, or those like it."""
    plain, folded = _fold(word), {_fold(name): name for name in known}
    begun = [name for name in folded if len(plain) >= SHORTEST and name.startswith(plain)]
    found = begun or difflib.get_close_matches(plain, folded, n=3, cutoff=0.6)
    return [folded[name] for name in found[:3]]


def _fold(name: str) -> str:
    """Leave out what people mistake most: capitals and punctuation."""
    return re.sub(r"[\W_]", "", name.casefold())


def same_but_case(word: str, known: Iterable[str]) -> str | None:
    """Return the one known name that differs from `word` in upper and lower case only."""
    found = [name for name in known if name.casefold() == word.casefold()]
    return found[0] if len(found) == 1 else None


def advise(word: str, known: Iterable[str], otherwise: str) -> str:
    """Return the cure for an unknown name: the near ones, or `otherwise`."""
    found = near(word, known)
    return f"did you mean {listed(found)}?" if found else otherwise


def listed(names: Iterable[str], limit: int = 24) -> str:
    """Return `a`, `b` or `c`; at most `limit` of them."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) > limit:
        return ", ".join(quoted[:limit]) + f" … ({len(quoted)} in all)"
    return " or ".join(filter(None, [", ".join(quoted[:-1]), *quoted[-1:]]))


def shown(value: Any) -> str:
    """Describe a value of a card with its kind, shortened."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, str) and len(value) > LONGEST:
        return f"{len(value)} characters: {value[:LONGEST]!r}…"
    form = next((form for kind, form in KINDS if isinstance(value, kind)), "{0!r}")
    return form.format(str(value).lower() if isinstance(value, bool) else value)
