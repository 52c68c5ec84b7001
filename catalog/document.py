"""A card's text with its data, where each value stands, and what is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from catalog.problem import Problem

Where = tuple[str | int, ...]  # path into a card

PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Span:
    """Where a key or value stands: line from 1, and characters `start` up to `end` of the text."""

    line: int
    start: int
    end: int


@dataclass
class Document:
    """A card's text, its data, where each value stands, and what is wrong with it as YAML.

    `data` is None when the text is no YAML at all. Values named in `broken` already have a Problem.
    """

    file: str
    text: str = ""
    data: Any = None
    values: dict[Where, Span] = field(default_factory=dict)
    keys: dict[Where, Span] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    broken: set[Where] = field(default_factory=set)

    @property
    def newline(self) -> str:
        """Return how lines end in this text."""
        return "\r\n" if "\r\n" in self.text else "\n"

    def line(self, where: Where) -> int:
        """Return the line of a value, or of the nearest thing around it that stands in the text."""
        known = (where[:length] for length in range(len(where), -1, -1))
        spans = (self.keys.get(part) or self.values.get(part) for part in known)
        return next((span.line for span in spans if span), 1)

    def problem(
        self, where: Where, code: str, *, expected: str, got: str, cure: str, replacement: str | None = None
    ) -> Problem:
        """Make a Problem at `where`, with its line."""
        return Problem(self.file, self.line(where), show(where), expected, got, cure, code, replacement)

    def is_broken(self, where: Where) -> bool:
        """Say whether a value, or one around it or inside it, already has a Problem."""
        return any(where[: len(part)] == part[: len(where)] for part in self.broken)


def show(where: Where) -> str:
    """Return a path as people write it: `inputs[0].axes[2].size`; the whole is `card`."""
    parts = [f"[{part}]" if isinstance(part, int) else _key(part) for part in where]
    return "".join(parts).removeprefix(".") or "card"


def _key(name: str) -> str:
    return f".{name}" if PLAIN_KEY.fullmatch(name) else f"[{name[:40]!r}]"
