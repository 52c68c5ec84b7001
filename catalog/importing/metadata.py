"""Reads another catalog's metadata: every value with its place, and an error that says what is wrong with it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from catalog.document import PLAIN_KEY
from catalog.names import listed, shown

MAX_BYTES = 2_000_000  # ONNX's manifest of 184 models has 155,000
NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
CORRECT = "correct the file, or leave the value out of it"


class MetadataError(ValueError):
    """A file, or a choice in it, that no card can be drafted from."""

    def __init__(self, where: str, *, expected: str, got: str, cure: str, line: int = 0) -> None:
        super().__init__(f"{where}: expected {expected}, got {got}: {cure}")
        self.where, self.expected, self.got, self.cure, self.line = where, expected, got, cure, line


@dataclass(frozen=True)
class Value:
    """A value of the metadata and its path, such as `[3].metadata.tags`; None stands for nothing there."""

    value: Any
    where: str = ""

    def __bool__(self) -> bool:
        """Say whether anything is there."""
        return self.value not in (None, "", [], {})

    def get(self, key: str) -> Value:
        """Return what a mapping holds at `key`; nothing if it, or the mapping, is not there."""
        if not self:
            return Value(None, self._below(key))
        return Value(self._as(dict, "a mapping of keys").get(key), self._below(key))

    def need(self, key: str) -> Value:
        """Return what a mapping holds at `key`; raise MetadataError when there is nothing."""
        mapping, found = self._as(dict, f"a mapping with the key `{key}`"), self.get(key)
        if not found:
            got = f"the keys {listed(map(str, mapping))}" if mapping else "nothing"
            raise MetadataError(found.where, expected=f"the key `{key}`", got=got, cure=CORRECT)
        return found

    def names(self) -> list[str]:
        """Return the keys of a mapping."""
        return [str(key) for key in self._as(dict, "a mapping of keys")] if self else []

    def items(self) -> list[Value]:
        """Return the items of a list; none if it is not there."""
        found = self._as(list, "a list") if self else []
        return [Value(item, f"{self.where}[{index}]") for index, item in enumerate(found)]

    def one_or_more(self) -> list[Value]:
        """Return the items of a list, or the value itself where it stands alone."""
        return self.items() if isinstance(self.value, list) else [self] if self else []

    def prose(self) -> str:
        """Return text with its lines; empty if there is none."""
        if self.value is None:
            return ""
        if isinstance(self.value, bool) or not isinstance(self.value, str | int | float):
            raise self._wrong("text")
        return str(self.value).strip()

    def text(self) -> str:
        """Return text as one line; empty if there is none."""
        return " ".join(self.prose().split())

    def texts(self) -> list[str]:
        """Return one text or a list of them as a list."""
        return [text for value in self.one_or_more() if (text := value.text())]

    def number(self) -> float:
        """Return a finite number; written as text it counts too, since YAML is read without types."""
        number = float(self.value) if self._is_number() else math.nan
        if not math.isfinite(number):
            raise self._wrong("a finite number")
        return number

    def whole(self) -> int:
        """Return a whole number."""
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return self.value
        number = self.number()
        if not number.is_integer():
            raise self._wrong("a whole number")
        return int(number)

    def _is_number(self) -> bool:
        if isinstance(self.value, str):
            return NUMBER.fullmatch(self.value) is not None
        is_number = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        return is_number and abs(self.value) < 1e300  # a longer int is no float

    def _below(self, key: str) -> str:
        name = f".{key}" if PLAIN_KEY.fullmatch(key) else f"[{key[:40]!r}]"
        return f"{self.where}{name}".removeprefix(".")

    def _as(self, kind: type, expected: str) -> Any:
        if not isinstance(self.value, kind):
            raise self._wrong(expected)
        return self.value

    def _wrong(self, expected: str) -> MetadataError:
        return MetadataError(self.where or "file", expected=expected, got=shown(self.value), cure=CORRECT)


def read(path: Path) -> str:
    """Return a file's text; raise MetadataError when it is too large or no UTF-8."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        cure = "cut out the entry that you mean"
        raise MetadataError("file", expected=f"at most {MAX_BYTES} bytes", got=f"{size} bytes", cure=cure)
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        got = f"the byte {error.object[error.start]:#04x} at {error.start}"
        raise MetadataError("file", expected="text in UTF-8", got=got, cure="save the file as UTF-8") from error


def parse_json(text: str) -> Value:
    """Read JSON; raise MetadataError with the line when it is none."""
    try:
        return Value(json.loads(text, object_pairs_hook=_once))
    except json.JSONDecodeError as error:
        got = f"{error.msg}, at column {error.colno}"
        raise MetadataError(
            "file", expected="JSON", got=got, cure="mind quotes and commas", line=error.lineno
        ) from error
    except MetadataError:
        raise
    except (RecursionError, ValueError) as error:  # ValueError: a number of more than 4,300 digits
        raise _unreadable("JSON of usual depth and numbers", error) from error


def parse_yaml(text: str) -> Value:
    """Read YAML, scalars as text or None; raise MetadataError with the line when it is none."""
    try:
        return Value(yaml.load(text, Loader=_Texts))  # noqa: S506 - a SafeLoader, with fewer types
    except yaml.MarkedYAMLError as error:
        got = " ".join(filter(None, [error.context, error.problem]))
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        cure = "mind indentation, quotes and colons"
        raise MetadataError("file", expected="YAML", got=got, cure=cure, line=line) from error
    except (RecursionError, ValueError, OverflowError, yaml.YAMLError) as error:
        raise _unreadable("YAML of usual depth and characters", error) from error


def _unreadable(expected: str, error: Exception) -> MetadataError:
    return MetadataError("file", expected=expected, got=" ".join(str(error).split())[:160], cure="correct the file")


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise MetadataError("file", expected="each key once", got=f"`{key}` twice", cure="delete one of the two")
        found[key] = value
    return found


class _Texts(yaml.SafeLoader):
    """Keeps plain words as they stand: `no` is Norwegian, 1.10 a version, 2016-01-01 a name."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse a key that stands twice."""
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key `{key.value}` twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Texts.yaml_implicit_resolvers = {
    first: [row for row in rows if row[0].endswith(":null")]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
