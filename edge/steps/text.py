"""From text to tensors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edge.steps.context import Context
from edge.steps.errors import StepError, choice, described

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SPACE = b" \t\n\r\x0b\x0c"
LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
MOST_BYTES = 100_000  # of a text that is cut into tokens, in UTF-8
FIX = "correct the file"


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
    text = _short_text("word_ids", value)
    numbers = _numbers(context.file("word_ids", vocabulary), vocabulary)
    missing = [entry for entry in (start, unknown) if entry and entry not in numbers]
    if missing:
        raise StepError("word_ids", f"{vocabulary} to hold {missing[0]}", "no such entry", "correct the step")
    words = re.findall(f"[A-Za-z0-9_{re.escape(keep)}]+", text)
    entries = [*filter(None, [start]), *(word.translate(LOWER) for word in words)]
    found = (numbers.get(entry, numbers.get(unknown)) for entry in entries)
    return np.array([number for number in found if number is not None], np.int32)


@lru_cache(maxsize=4)
def _numbers(data: bytes, name: str) -> Mapping[str, int]:
    numbers = {}
    for place, line in enumerate(filter(None, re.split("\r\n|\r|\n", data.decode("utf-8", "replace")))):
        word, given, number = line.partition(" ")
        if given and not re.fullmatch("[0-9]{1,9}", number):
            raise StepError("word_ids", f"lines of `word number` or `word` in {name}", repr(line), FIX)
        numbers[word] = int(number) if given else place
    return numbers


def tokenize(value: object, file: str, context: Context) -> NDArray[np.int32]:
    """Return the numbers of a text's tokens with the special ones that `file` asks for: `[n] int32`.

    `file` is a `tokenizer.json` of the library `tokenizers`; its truncation and padding are left to `pad_tokens`.
    """
    text = _short_text("tokenize", value)
    return np.array(_tokenizer(context.file("tokenize", file), file).encode(text).ids, np.int32)


@lru_cache(maxsize=2)
def _tokenizer(data: bytes, name: str) -> Tokenizer:
    from tokenizers import Tokenizer  # takes time that cards without it need not spend

    try:
        tokenizer = Tokenizer.from_buffer(data)
    except Exception as error:  # the library raises nothing narrower
        raise StepError("tokenize", f"{name} as the library tokenizers writes it", f"{error}", FIX) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def pad_tokens(value: object, length: int, pad: int = 0, side: str = "end", keep_last: int = 0) -> NDArray[np.int32]:
    """Fill `[n]` up with `pad` at one side, or cut it before its last `keep_last` numbers: `[1, length] int32`."""
    numbers = value
    if not isinstance(numbers, np.ndarray) or numbers.ndim != 1 or numbers.dtype.kind not in "iu":
        raise StepError("pad_tokens", "[n] whole numbers", described(value), "put a step before it that makes tokens")
    if keep_last >= length:
        cure = "keep fewer, or make it longer"
        raise StepError("pad_tokens", f"keep_last below the length {length}", f"{keep_last}", cure)
    if len(numbers) > length:
        numbers = np.concatenate([numbers[: length - keep_last], numbers[len(numbers) - keep_last :]])
    rest = length - len(numbers)
    around = choice("pad_tokens", "side", {"start": (rest, 0), "end": (0, rest)}, side)
    return np.pad(numbers.astype(np.int32), around, constant_values=pad)[None]


def token_mask(value: object, pad: int = 0) -> NDArray[np.int32]:
    """Return 1 for each token of `[1, length]` that is not `pad`, and 0 for the others: `[1, length] int32`."""
    if not isinstance(value, np.ndarray) or value.ndim != 2 or value.dtype.kind not in "iu":
        raise StepError("token_mask", "[1, length] whole numbers", described(value), "put pad_tokens before it")
    return np.asarray(value != pad, np.int32)


def _short_text(step: str, value: object) -> str:
    """Return a text of at most `MOST_BYTES` in which surrogates without their other half are U+FFFD."""
    if not isinstance(value, str):
        raise StepError(step, "a text", described(value), "pass a string")
    data = _utf8(value)
    if len(data) > MOST_BYTES:
        raise StepError(step, f"a text of at most {MOST_BYTES:,} bytes", f"{len(data):,}", "give a part of it")
    return data.decode("utf-8")


STEPS: Mapping[str, Callable[..., Any]] = {
    "encode_bytes": encode_bytes,
    "byte_windows": byte_windows,
    "word_ids": word_ids,
    "tokenize": tokenize,
    "pad_tokens": pad_tokens,
    "token_mask": token_mask,
}
