"""Reads `card.yaml` strictly, as YAML 1.2's core schema, and remembers where each value stands.

Refused, since readers disagree on them or a card has no use for them: anchors and aliases, tags, several documents,
duplicate keys, NaN and infinity, and plain words that YAML 1.1 and 1.2 read differently (`yes`, `010`, `1:30`).
Source of the scalar forms: https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import yaml

from catalog.document import Document, Span, Where, show
from catalog.problem import Problem

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_INTEGER = 2**53  # beyond it JavaScript loses digits
SYNTAX_CURES = (  # words of PyYAML's message → what to do
    ("mapping values are not allowed", "put the text in quotes: it holds `: `"),
    ("could not find expected ':'", "write `key: value`, or indent the line below the key it belongs to"),
    ("cannot start any token", "put text that begins with this sign in quotes"),
    ("found unexpected end of stream", "close the quotes"),
    ("<block end>", "give lines of one level the same indentation"),
)
QUOTE_OR_BOOLEAN = "write true or false, or put the word in quotes"


class _StopError(Exception):
    """Reading cannot go on; the Problem is in the document."""


def load(path: Path) -> Document:
    """Read a card; every fault of its bytes and of its YAML is a Problem in the document, never an exception."""
    document = Document(str(path))
    try:
        document.text = _decode(document, path.read_bytes())
        _Builder(document).build()
    except _StopError:
        document.data = None
    except yaml.MarkedYAMLError as error:
        _syntax(document, error)
    except yaml.reader.ReaderError as error:
        line = document.text.count("\n", 0, error.position) + 1
        _fail(
            document, line, "control-character", "printable text", f"the character {error.character:#06x}", "delete it"
        )
    except (ValueError, OverflowError):  # PyYAML on "\U99999999"
        _fail(
            document, 1, "yaml-syntax", r'escapes such as "\u00e9"', "one outside Unicode", "write the character itself"
        )
    return document


def _decode(document: Document, data: bytes) -> str:
    if len(data) > MAX_BYTES:
        cure = "move long text into files of the folder"
        _fail(document, 1, "card-too-large", f"at most {MAX_BYTES} bytes", f"{len(data)} bytes", cure)
        raise _StopError
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        _fail(
            document, line, "not-utf8", "text in UTF-8", f"the byte {data[error.start]:#04x}", "save the file as UTF-8"
        )
        raise _StopError from error


def _fail(document: Document, line: int, code: str, expected: str, got: str, cure: str) -> None:
    document.data = None
    document.problems.append(Problem(document.file, line, "card", expected, got, cure, code))


def _syntax(document: Document, error: yaml.MarkedYAMLError) -> None:
    mark = error.problem_mark or error.context_mark
    line, start = (mark.line + 1, mark.index) if mark else (1, 0)
    if document.text[start : start + 1] == "\t":
        _fail(document, line, "tab", "spaces between and before keys and values", "a tab", "write spaces instead of it")
        return
    got = " ".join(filter(None, [error.context, error.problem])).replace("'\\t'", "a tab")
    cure = next((cure for words, cure in SYNTAX_CURES if words in got), "mind indentation, brackets and quotes")
    _fail(document, line, "yaml-syntax", "YAML", got, cure)


def _date(text: str) -> datetime.date | str:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return text  # the schema says what is wrong with it


PLAIN: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (r"~|null|Null|NULL|", lambda _: None),
        (r"true", lambda _: True),
        (r"false", lambda _: False),
        (r"\d{4}-\d\d-\d\d", _date),
        (r"[-+]?(0|[1-9]\d{0,30})", int),
        (r"[-+]?(\.\d+|(0|[1-9]\d*)(\.\d*)?)([eE][-+]?\d+)?", float),
    )
)
AMBIGUOUS = tuple(
    (re.compile(pattern), cure)
    for pattern, cure in (
        (r"(?i)yes|no|on|off|true|false", QUOTE_OR_BOOLEAN),
        (r"[-+]?(0\d+|0x[\da-fA-F_]+|0o[0-7]+|0b[01_]+|\d+(_\d+)+)", "write plain decimal digits, or put it in quotes"),
        (r"[-+]?\d+(:[0-5]?\d)+(\.\d*)?", "put it in quotes"),
    )
)
NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class _Builder:
    """Turns YAML events into plain Python values; notes spans and problems in the document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._events: Iterator[yaml.Event] = yaml.parse(document.text, Loader=yaml.SafeLoader)

    def build(self) -> None:
        """Fill the document's data from its only YAML document."""
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            self._stop((), "empty-card", "a mapping of keys", "an empty file", "copy a card that exists and change it")
        self._document.data = self._value(next(self._events), ())
        next(self._events)
        after = next(self._events)
        if isinstance(after, yaml.DocumentStartEvent):
            line = _mark(after.start_mark).line + 1
            cure = "keep one card a file and delete the line `---`"
            _fail(self._document, line, "several-documents", "one YAML document", "a second one", cure)
            raise _StopError
        if not isinstance(self._document.data, dict) and not self._document.problems:
            self._stop((), "not-a-mapping", "a mapping of keys", "something else", "begin with `schema_version: 1`")

    def _value(self, event: yaml.Event, where: Where) -> Any:
        self._document.values[where] = _span(event, event)
        if len(where) > MAX_DEPTH:
            cure = "flatten it: no field of a card is nested that deep"
            self._stop(where[:4], "too-deep", f"at most {MAX_DEPTH} levels", "deeper nesting", cure)
        self._refuse_extras(event, where)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, where)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, where)
        return self._scalar(event, where) if isinstance(event, yaml.ScalarEvent) else None

    def _mapping(self, start: yaml.Event, where: Where) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, where)
            inner = (*where, key)
            if key in found:
                self._duplicate(event, inner)
            self._document.keys.setdefault(inner, _span(event, event))
            found[key] = self._value(next(self._events), inner)
        self._document.values[where] = _span(start, event)
        return found

    def _sequence(self, start: yaml.Event, where: Where) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._value(event, (*where, len(found))))
        self._document.values[where] = _span(start, event)
        return found

    def _key(self, event: yaml.Event, where: Where) -> str:
        self._refuse_extras(event, where)
        if not isinstance(event, yaml.ScalarEvent):
            line = _mark(event.start_mark).line + 1
            _fail(
                self._document, line, "key-not-text", "a key that is text", "a list, mapping or alias", "name the key"
            )
            raise _StopError
        return str(event.value)

    def _duplicate(self, event: yaml.Event, where: Where) -> None:
        first = self._document.keys[where].line
        problem = Problem(
            self._document.file,
            _mark(event.start_mark).line + 1,
            show(where),
            "each key once",
            f"`{where[-1]}` again, first on line {first}",
            "delete one of the two",
            "duplicate-key",
        )
        self._document.problems.append(problem)
        self._document.broken.add(where)

    def _scalar(self, event: yaml.ScalarEvent, where: Where) -> Any:
        text = str(event.value)
        if not event.implicit[0]:  # quoted or a block
            return text
        for pattern, cure in AMBIGUOUS:
            if pattern.fullmatch(text) and text not in ("true", "false"):
                expected = "a word that all YAML readers read alike"
                return self._bad(where, "ambiguous-scalar", text, expected, f"`{text}`", cure)
        if NOT_FINITE.fullmatch(text):
            return self._bad(where, "not-finite", text, "a finite number", f"`{text}`", "write a finite number")
        read = next((read for pattern, read in PLAIN if pattern.fullmatch(text)), str)
        return self._in_range(where, read(text), text)

    def _in_range(self, where: Where, value: Any, text: str) -> Any:
        if isinstance(value, int) and abs(value) > MAX_INTEGER:
            cure = "put it in quotes if it is a name"
            return self._bad(where, "not-finite", text, f"a number up to {MAX_INTEGER}", f"`{text}`", cure)
        if isinstance(value, float) and not math.isfinite(value):
            return self._bad(
                where, "not-finite", text, "a finite number", f"`{text[:40]}`", "put it in quotes if it is a name"
            )
        return value

    def _refuse_extras(self, event: yaml.Event, where: Where) -> None:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            first = not any(problem.code == "yaml-alias" for problem in self._document.problems)
            if first:
                got = f"`{'*' if isinstance(event, yaml.AliasEvent) else '&'}{getattr(event, 'anchor', '')}`"
                self._bad(where, "yaml-alias", None, "values written out", got, "write the value where it is needed")
            self._document.broken.add(where)
        if getattr(event, "tag", None):
            got = f"the tag `{getattr(event, 'tag', '')}`"
            self._bad(where, "yaml-tag", None, "plain values without a tag", got, "delete the tag")

    def _bad(self, where: Where, code: str, value: Any, expected: str, got: str, cure: str) -> Any:
        """Note a problem at a value and return the value, so that reading goes on."""
        self._document.problems.append(self._document.problem(where, code, expected=expected, got=got, cure=cure))
        self._document.broken.add(where)
        return value

    def _stop(self, where: Where, code: str, expected: str, got: str, cure: str) -> None:
        self._bad(where, code, None, expected, got, cure)
        raise _StopError


def _span(start: yaml.Event, end: yaml.Event) -> Span:
    first, last = _mark(start.start_mark), _mark(end.end_mark)
    return Span(first.line + 1, first.index, last.index)


def _mark(mark: Any) -> yaml.Mark:
    """Narrow the type: events of text that was read always carry marks."""
    return cast("yaml.Mark", mark)
