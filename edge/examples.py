"""What goes into a model as a person has it: samples of the card and lines of its JSON Lines files."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.card import Sample

DATA_URI = "data:"


@dataclass(frozen=True)
class Example:
    """One input (encoded image or sound as bytes, text, or a mapping of named values) and what is right for it.

    `expected` is a label, or the encoded image that should come out, or None.
    """

    input: bytes | str | dict[str, Any]
    expected: str | bytes | None


def of_sample(sample: Sample, folder: Path) -> Example:
    """Read a sample of the card."""
    if sample.file is not None:
        return Example((folder / sample.file).read_bytes(), sample.expected)
    return Example(sample.text if sample.text is not None else dict(sample.row or {}), sample.expected)


def of_file(path: Path, modality: str) -> Iterator[Example]:
    """Read `{"input": …, "expected": …}` a line; images are data URIs or files beside the JSON Lines file."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        row = json.loads(line)
        if "input" not in row:
            raise ValueError(
                f'{path}:{number}: expected {{"input": …}}, got the keys {sorted(row)}: name the input "input"'
            )
        if modality == "image":
            expected = row.get("expected")
            is_file = isinstance(expected, str) and (path.parent / expected).is_file()
            yield Example(_bytes(row["input"], path.parent), _bytes(expected, path.parent) if is_file else expected)
        else:
            yield Example(row["input"], row.get("expected"))


def _bytes(value: str, folder: Path) -> bytes:
    if value.startswith(DATA_URI):
        return base64.b64decode(value.partition(",")[2], validate=True)
    return (folder / value).read_bytes()
