"""The JSON Lines files that a card is measured and calibrated on."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from catalog.card import PublishedFile, Sample
from catalog.context import Context
from catalog.document import Where, show
from catalog.names import listed, shown
from catalog.problem import Problem
from catalog.rules.files import MAX_DATA

FILE_KINDS = ("image", "audio", "file")  # whose lines hold or name files
FILES = ("evaluation.*.file", "edge.calibration")
DATA_URI = "data:"


def check_lines(context: Context) -> Iterator[Problem]:
    """Require each line to be an object with `input`, files that can be read, and answers that are labels."""
    for pattern in FILES:
        for where, path in _files(context, pattern):
            for number, row in _read(path):
                fault = _fault(context, path, row, needs_answer=pattern != FILES[1])
                if fault is not None:
                    yield Problem(str(path), number, show(where), *fault)


def _fault(context: Context, path: Path, row: Any, *, needs_answer: bool) -> tuple[str, str, str, str] | None:
    """Return what was expected, what came, the cure, and the code; None for a line that is right."""
    if not isinstance(row, dict) or "input" not in row:
        return 'an object such as {"input": …, "expected": …}', shown(row), "correct or delete the line", "line-invalid"
    if needs_answer and "expected" not in row:
        return "the key `expected`", listed(row), "add what is right for this input", "line-invalid"
    files = [
        row[key]
        for key, kind in (("input", "input"), ("expected", "result"))
        if context.task.get(kind) in FILE_KINDS and key in row
    ]
    for file in files:
        if _content(context, path, file) is None:
            expected = "a data URI, a file in the card's folder, or one of `files`"
            return expected, shown(file), "correct it, or add the file", "line-invalid"
    labels = context.all_labels if context.task.get("result") == "classes" else None
    right = row.get("expected")
    for label in right if isinstance(right, list) else [right]:
        if labels is not None and "expected" in row and label not in labels:
            return listed(labels), shown(label), "write it as in `labels`", "expected-not-a-label"
    return None


def check_overlap(context: Context) -> Iterator[Problem]:
    """Require that nothing the model is measured or shown on was seen when its ranges were calibrated."""
    calibration = {_digest(context, path, row) for _, path in _files(context, FILES[1]) for _, row in _rows(path)}
    expected, cure = "inputs that calibration does not hold", "delete it from the calibration file"
    for where, name, digest in (*_measured(context), *_shown(context)):
        if digest in calibration:
            yield context.document.problem(where, "data-overlap", expected=expected, got=f"{name} in both", cure=cure)


def _measured(context: Context) -> Iterator[tuple[Where, str, str]]:
    for where, path in _files(context, FILES[0]):
        for number, row in _rows(path):
            yield where, f"line {number} of {path.name}", _digest(context, path, row)


def _shown(context: Context) -> Iterator[tuple[Where, str, str]]:
    for where, sample in context.each("samples.*", Sample):
        digest = _named(context, sample.file) if sample.file else None
        yield where, "this sample", digest or _sha256(_canonical(sample.text or sample.row))


def _files(context: Context, pattern: str) -> Iterator[tuple[Where, Path]]:
    for where, name in context.each(pattern, str):
        path = context.file(name)
        if path is not None and path.stat().st_size <= MAX_DATA:
            yield where, path


def _read(path: Path) -> list[tuple[int, Any]]:
    """Return line numbers from 1 and what the lines hold; text that is no JSON comes back as text."""
    lines = path.read_text("utf-8", errors="replace").splitlines()
    return [(number, _parse(line)) for number, line in enumerate(lines, start=1)]


def _parse(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return line


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the lines that are objects with an input; the others have a Problem of their own."""
    return ((number, row) for number, row in _read(path) if isinstance(row, dict) and "input" in row)


def _digest(context: Context, path: Path, row: dict[str, Any]) -> str:
    """Return a digest of a line's input: of a file's bytes, wherever they are, or of the JSON value."""
    value = row["input"]
    content = _content(context, path, value) if context.task.get("input") in FILE_KINDS else None
    return content or _sha256(_canonical(value))


def _canonical(value: Any) -> bytes:
    """Return JSON in which equal values are equal bytes: 1 and 1.0 are the same."""
    return json.dumps(json.loads(json.dumps(value), parse_int=float), sort_keys=True).encode()


def _content(context: Context, path: Path, value: Any) -> str | None:
    """Return the digest of an image, sound or file that a line of `path` holds or names; None when there is none."""
    if not isinstance(value, str):
        return None
    if value.startswith(DATA_URI):
        try:
            return _sha256(base64.b64decode(value.partition(",")[2], validate=True))
        except binascii.Error:
            return None
    return _named(context, (path.parent.relative_to(context.folder) / value).as_posix())


def _named(context: Context, name: str) -> str | None:
    """Return the digest of a file in the card's folder or among its `files`; None when there is none."""
    for (*_, key), file in context.each("files.*", PublishedFile):
        if key == name:
            return f"{file.sha256}/{file.member}" if file.member else file.sha256
    path = context.file(name)
    return _sha256(path.read_bytes()) if path and path.stat().st_size <= MAX_DATA else None


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
