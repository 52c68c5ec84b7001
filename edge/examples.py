"""What goes into a model as a person has it: samples of the card and lines of its JSON Lines files."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.card import Sample

DATA_URI = "data:"


@dataclass(frozen=True)
class Example:
    """One input (an image, a sound or a file as bytes, text, or a mapping of named values) and what is right for it.

    `expected` is None or in the form of the task's result: a label for classes, or a list of labels that are all right;
    an encoded image for images and masks; otherwise what `edge/results.py` says, as JSON.
    """

    input: bytes | str | dict[str, Any]
    expected: Any


def of_sample(sample: Sample, folder: Path) -> Example:
    """Read a sample of the card."""
    if sample.file is not None:
        return Example((folder / sample.file).read_bytes(), sample.expected)
    return Example(sample.text if sample.text is not None else dict(sample.row or {}), sample.expected)


def of_file(path: Path, task: Mapping[str, str]) -> Iterator[Example]:
    """Read `{"input": …, "expected": …}` a line; images, sounds and files are data URIs or files beside `path`."""
    read_input = _bytes if task["input"] in ("image", "audio", "file") else _as_it_is
    read_expected = _bytes if task["result"] in ("image", "mask") else _as_it_is
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        row = json.loads(line)
        if "input" not in row:
            expected = f'{path}:{number}: expected {{"input": …}}'
            raise ValueError(f'{expected}, got the keys {sorted(row)}: name the input "input"')
        right = row.get("expected")
        yield Example(read_input(row["input"], path.parent), right and read_expected(right, path.parent))


def _as_it_is(value: Any, _: Path) -> Any:
    return value


def _bytes(value: str, folder: Path) -> bytes:
    if value.startswith(DATA_URI):
        return base64.b64decode(value.partition(",")[2], validate=True)
    path = (folder / value).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError(f"expected a file inside {folder}, got {value!r}: put it beside the JSON Lines file")
    return path.read_bytes()
