"""Types and names of the small language, and how they are written in another."""

from __future__ import annotations

import ast
import re
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple

from edge.native import records
from edge.native.dialects import ARRAYS, Dialect

ANNOTATIONS = {"int": "int", "long": "long", "float": "f64", "bool": "bool", "str": "str", "f32": "f32", "None": "None"}


class UntranslatableError(ValueError):
    """A kernel that uses what the small language lacks."""


class Typed(NamedTuple):
    """An expression as text, and its type."""

    text: str
    type: str


def camel(name: str) -> str:
    """Write a name as Kotlin and Swift do: constants keep theirs, one that begins with `_` becomes a type's."""
    return name if name.isupper() else re.sub(r"_+(\w)", lambda match: match[1].upper(), name)


def kind_of(annotation: ast.expr) -> str:
    """Return the type that an annotation names."""
    name = ast.unparse(annotation)
    return ANNOTATIONS.get(name, name)


def element(kind: str) -> str:
    """Return the type of an array's or list's entries."""
    return ARRAYS.get(kind) or kind.removeprefix("list[").removesuffix("]")


def type_name(dialect: Dialect, kind: str) -> str:
    """Write a type in the language."""
    if kind.startswith("list["):
        return dialect.list_of.format(type_name(dialect, element(kind)))
    return dialect.types.get(kind, kind)


def record_of(kind: str) -> type[Any] | None:
    """Return the class of a type that is a record."""
    found = getattr(records, kind, None)
    return found if is_dataclass(found) else None  # type: ignore[return-value]


def record(dialect: Dialect, kind: type[Any]) -> str:
    """Write a record's class."""
    parts = [(camel(name), type_name(dialect, of)) for name, of in record_fields(kind)]
    return dialect.record(kind.__name__, parts)


def record_fields(kind: type[Any]) -> list[tuple[str, str]]:
    """Return the names and types of a record's fields."""
    return [(one.name, ANNOTATIONS.get(str(one.type), str(one.type))) for one in fields(kind)]


def bare(text: str) -> str:
    """Take away parentheses around all of an expression.

    >>> bare("(a + (b * c))"), bare("(a) + (b)")
    ('a + (b * c)', '(a) + (b)')
    """
    depth = 0
    for place, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0:
            return bare(text[1:-1]) if text.startswith("(") and place == len(text) - 1 else text
    return text


def quoted(text: str, dialect: Dialect) -> str:
    """Write a text in the language."""
    for character in dialect.escaped:
        text = text.replace(character, f"\\{character}")
    return f'"{text}"'
