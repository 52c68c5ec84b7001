"""Applies the cures that are sure, in the card's own text: comments and layout stay."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from catalog.check import NAME
from catalog.document import Document, show
from catalog.loader import load
from catalog.problem import Problem

VERSION = "schema_version: 1"


@dataclass(frozen=True)
class _Edit:
    start: int
    end: int
    new: str
    told: str  # what was done, for people


def fix(folder: Path, problems: Iterable[Problem]) -> list[str]:
    """Apply the sure cures among `problems` to the card in a folder; return what was done, a line each.

    Sure are another spelling in upper and lower case, a missing `schema_version`, and tabs at the end of a line.
    The card is written under another name and renamed, so that it is never half written. Check it again afterwards.
    """
    path = folder / NAME
    own = [problem for problem in problems if problem.file == str(path)]
    document = load(path) if own else Document(str(path))
    edits = sorted({edit for problem in own for edit in _edits(document, problem)}, key=lambda edit: edit.start)
    if edits:
        _replace(path, _apply(document.text, edits))
    return [f"{path}: {edit.told}" for edit in edits]


def _edits(document: Document, problem: Problem) -> Iterator[_Edit]:
    if problem.code == "tab":
        yield from _trailing_tabs(document.text)
    elif problem.code == "missing-key" and problem.where == "schema_version" and isinstance(document.data, dict):
        yield from _first_key(document)
    elif problem.replacement is not None:
        yield from _respell(document, problem.where, problem.replacement)


def _trailing_tabs(text: str) -> Iterator[_Edit]:
    start = 0
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        body = line.rstrip("\r\n")
        kept = len(body.rstrip(" \t"))
        if "\t" in body[kept:]:
            yield _Edit(start + kept, start + len(body), "", f"line {number}: deleted the tab at its end")
        start += len(line)


def _first_key(document: Document) -> Iterator[_Edit]:
    """Put the version before the first key, if keys stand one a line."""
    start = min((span.start for where, span in document.keys.items() if len(where) == 1), default=None)
    if start is not None and document.text[document.values[()].start] != "{":
        yield _Edit(start, start, VERSION + document.newline, f"added `{VERSION}`")


def _respell(document: Document, where: str, new: str) -> Iterator[_Edit]:
    """Replace a value that differs in upper and lower case only; quotes around it stay."""
    spans = [span for path, span in document.values.items() if show(path) == where]
    for span in spans:
        raw = document.text[span.start : span.end]
        quote = raw[0] if raw[:1] in ("'", '"') else ""
        old = raw.strip(quote) if quote else raw
        if old.casefold() == new.casefold() and old != new:
            yield _Edit(span.start, span.end, f"{quote}{new}{quote}", f"{where}: `{old}` is now `{new}`")


def _apply(text: str, edits: Iterable[_Edit]) -> str:
    """Make the edits from the last to the first, so that earlier places stay where they are."""
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text


def _replace(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode("utf-8"))
        temporary.chmod(path.stat().st_mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
