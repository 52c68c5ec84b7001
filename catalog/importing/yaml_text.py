"""Writes a card's data as YAML that the strict loader reads back as it was, in the layout that people write."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from catalog.loader import AMBIGUOUS, PLAIN

WIDTH = 120
ROW = {"id", "kwargs", "name", "size", "min", "step", "max"}  # keys of what stands in one line: axes and steps


def dump(card: Mapping[str, Any], comments: Mapping[str, str]) -> str:
    """Return YAML, each key of the card below its comment, if it has one."""
    return "".join(f"{comment(comments.get(key, ''))}{_dump({key: value})}" for key, value in card.items())


def comment(text: str, indent: str = "") -> str:
    """Return text as lines of a comment; nothing in it can end the comment."""
    return "".join(
        f"{line}\n"
        for line in textwrap.wrap(
            printable(text),
            WIDTH,
            initial_indent="# ",
            subsequent_indent=f"# {indent}",
            break_on_hyphens=False,
            break_long_words=False,
        )
    )


def printable(text: str) -> str:
    """Return text in one line, with `�` for what no terminal and no comment should get."""
    return "".join(character if character.isprintable() else "�" for character in " ".join(text.split()))


def _dump(data: Mapping[str, Any]) -> str:
    return yaml.dump(_Top(data), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH - 10)


class _Top(dict[str, Any]):
    """The card itself, whose keys stand one a line."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the base class asks for each value
        """Write values out wherever they stand, since cards have no aliases."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        """Indent the dashes of lists, as the cards do."""
        super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    is_read_otherwise = any(pattern.fullmatch(value) for pattern, _ in (*PLAIN, *AMBIGUOUS))
    needs_escapes = value != value.strip() or not value.replace("\n", "").isprintable()
    block = "|" if "\n" in value else ">" if len(value) > WIDTH and " " in value else None
    style = '"' if is_read_otherwise or needs_escapes else block
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _mapping(dumper: yaml.SafeDumper, value: dict[str, Any]) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=set(value) <= ROW)


def _top(dumper: yaml.SafeDumper, value: _Top) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=False)


def _list(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=_are_words(value))


def _are_words(values: Iterable[Any]) -> bool:
    return all(isinstance(value, int | float) or (isinstance(value, str) and " " not in value) for value in values)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Top, _top)
_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(list, _list)
