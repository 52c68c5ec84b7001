"""From text to tensors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.steps.context import Context
from edge.steps.errors import StepError, described

SPACE = b" \t\n\r\x0b\x0c"
LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
MOST_CHARACTERS = 1_000_000


def encode_bytes(value: object, length: int, pad: int = 0) -> NDArray[np.uint8]:
    """Return the first `length` bytes of the text as UTF-8, then `pad`: `[1, length] uint8`.

    A surrogate without its other half becomes U+FFFD, as the Encoding Standard's UTF-8 encoder does.
    """
    if not isinstance(value, str):
        raise StepError("encode_bytes", "a text", described(value), "pass a string")
    data = _utf8(value[: length + 1])[:length]  # a character is at least one byte
    return np.frombuffer(data.ljust(length, bytes([pad])), np.uint8).reshape(1, length).copy()


def _utf8(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode("utf-8")


def byte_windows(value: object, begin: int, end: int, block: int = 4096, pad: int = 256) -> NDArray[np.int32]:
    """Return the first `begin` and the last `end` bytes of a text or a file, stripped: `[1, begin + end] int32`."""
    if not isinstance(value, str | bytes):
        raise StepError("byte_windows", "a text or the bytes of a file", described(value), "pass one of them")
    data = _utf8(value) if isinstance(value, str) else value
    first, last = data[:block].lstrip(SPACE)[:begin], data[-block:].rstrip(SPACE)[-end:] if end else b""
    padding = [pad] * (begin + end - len(first) - len(last))
    return np.array([[*first, *padding, *last]], np.int32) if len(first) + len(last) else np.array([padding], np.int32)


def word_ids(
    value: object, vocabulary: str, context: Context, keep: str = "'", start: str = "", unknown: str = "<UNKNOWN>"
) -> NDArray[np.int32]:
    """Return the numbers of a text's words in a vocabulary: `[n] int32`; see the vocabulary of steps."""
    if not isinstance(value, str) or len(value) > MOST_CHARACTERS:
        got = f"{len(value)} characters" if isinstance(value, str) else described(value)
        raise StepError("word_ids", f"a text of at most {MOST_CHARACTERS} characters", got, "pass a shorter string")
    numbers = _numbers((context.folder or Path()) / vocabulary)
    missing = [entry for entry in (start, unknown) if entry and entry not in numbers]
    if missing:
        raise StepError("word_ids", f"{vocabulary} to hold {missing[0]}", "no such entry", "correct the step")
    words = re.findall(f"[A-Za-z0-9_{re.escape(keep)}]+", value)
    found = [numbers.get(word.translate(LOWER), numbers[unknown]) for word in words]
    return np.array([*([numbers[start]] if start else []), *found], np.int32)


@cache
def _numbers(path: Path) -> Mapping[str, int]:
    entries = [line.split(" ") for line in path.read_text("utf-8").splitlines() if line]
    return {entry[0]: int(entry[1]) if len(entry) > 1 else place for place, entry in enumerate(entries)}


def pad_tokens(value: object, length: int, pad: int = 0) -> NDArray[np.int32]:
    """Return the first `length` of `[n]` numbers, then `pad`: `[1, length] int32`."""
    numbers = value
    if not isinstance(numbers, np.ndarray) or numbers.ndim != 1 or numbers.dtype.kind not in "iu":
        raise StepError("pad_tokens", "[n] whole numbers", described(value), "put a step before it that makes tokens")
    cut = numbers[:length].astype(np.int32)
    return np.pad(cut, (0, length - len(cut)), constant_values=pad)[None]


STEPS: Mapping[str, Callable[..., Any]] = {
    "encode_bytes": encode_bytes,
    "byte_windows": byte_windows,
    "word_ids": word_ids,
    "pad_tokens": pad_tokens,
}
