"""From text to tensors; see `catalog/vocab/steps/text.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edge.native.kernels.arrays import beginning
from edge.native.language import (
    Bytes,
    Ints,
    Words,
    code_points,
    decoded,
    fail,
    new_bytes,
    new_ints,
    new_words,
    number_of,
    text_of,
    utf8,
)
from edge.native.records import ByteTensor, IntTensor

MOST_BYTES = 100000  # of a text that is cut into words, in UTF-8
NEW_LINE = 10
RETURN = 13
SPACE = 32


def encode_bytes(x: str, length: int, pad: int) -> ByteTensor:
    """The first so many bytes of the text as UTF-8, then the padding."""
    given = utf8(x)
    data = new_bytes(length)
    for i in range(length):
        data[i] = given[i] if i < len(given) else pad
    return ByteTensor([1, length], data)


def byte_windows(x: Bytes, begin: int, end: int, block: int, pad: int) -> IntTensor:
    """The first and the last bytes of the content, stripped of white space."""
    data = new_ints(begin + end)
    for i in range(len(data)):
        data[i] = pad
    block_end = min(block, len(x))
    start = 0
    while start < block_end and is_white(x[start]):
        start += 1
    for i in range(min(begin, block_end - start)):
        data[i] = x[start + i]
    block_start = max(0, len(x) - block)
    last = len(x)
    while last > block_start and is_white(x[last - 1]):
        last -= 1
    for i in range(min(end, last - block_start)):
        data[begin + end - 1 - i] = x[last - 1 - i]
    return IntTensor([1, begin + end], data)


def byte_windows_of_text(x: str, begin: int, end: int, block: int, pad: int) -> IntTensor:
    """The first and the last bytes of a text as UTF-8."""
    return byte_windows(utf8(x), begin, end, block, pad)


def is_white(byte: int) -> bool:
    """Whether a byte is a space, a tab or the end of a line or page."""
    return byte == SPACE or (byte >= 9 and byte <= 13)


def word_ids(x: str, vocabulary: Bytes, keep: str, start: str, unknown: str) -> IntTensor:
    """The numbers of a text's words in a vocabulary."""
    if len(utf8(x)) > MOST_BYTES:
        fail("word_ids", f"a text of at most {MOST_BYTES} bytes", f"{len(utf8(x))}")
    words = words_of(code_points(decoded(vocabulary)))
    if (start != "" and number_of(words, start) < 0) or (unknown != "" and number_of(words, unknown) < 0):
        fail("word_ids", f"a vocabulary with {start} and {unknown}", "no such entry")
    text = code_points(x)
    kept = code_points(keep)
    found = new_ints(len(text) + 1)
    count = 0
    if start != "":
        found[0] = number_of(words, start)
        count = 1
    begun = 0
    for i in range(len(text) + 1):
        is_in_word = i < len(text) and is_of_word(text[min(i, len(text) - 1)], kept)
        if not is_in_word and i > begun:
            number = number_of(words, lower(text, begun, i))
            number = number if number >= 0 else number_of(words, unknown)
            if number >= 0:
                found[count] = number
                count += 1
        if not is_in_word:
            begun = i + 1
    return IntTensor([count], beginning(found, count))


def is_of_word(point: int, kept: Ints) -> bool:
    """Whether a character is an ASCII letter, a digit, an underscore or one of those kept."""
    for i in range(len(kept)):
        if point == kept[i]:
            return True
    upper = point >= 65 and point <= 90
    return upper or point == 95 or (point >= 97 and point <= 122) or is_digit(point)


def is_digit(point: int) -> bool:
    """Whether a character is an ASCII digit."""
    return point >= 48 and point <= 57


def lower(points: Ints, start: int, end: int) -> str:
    """A piece of a text with ASCII letters in lower case."""
    found = new_ints(end - start)
    for i in range(len(found)):
        point = points[start + i]
        found[i] = point + 32 if point >= 65 and point <= 90 else point
    return text_of(found, 0, len(found))


def words_of(points: Ints) -> Words:
    """A vocabulary of lines `word number`, or of words alone, numbered from 0."""
    words = new_words()
    begun = 0
    place = 0
    for i in range(len(points) + 1):
        point = points[i] if i < len(points) else NEW_LINE
        if point == NEW_LINE or point == RETURN:
            if i > begun:
                space = begun
                while space < i and points[space] != SPACE:
                    space += 1
                words[text_of(points, begun, space)] = number_in_line(points, space, i) if space < i else place
                place += 1
            begun = i + 1
    return words


def number_in_line(points: Ints, space: int, end: int) -> int:
    """The number behind a space, of at most 9 digits."""
    number = 0
    digits = 0
    for i in range(space + 1, end):
        if is_digit(points[i]) and digits < 9:
            number = 10 * number + points[i] - 48
            digits += 1
        else:
            fail("word_ids", "lines of `word number` or `word`", text_of(points, space, end))
    if digits == 0:
        fail("word_ids", "lines of `word number` or `word`", "no number")
    return number


def pad_tokens(x: IntTensor, length: int, pad: int, side: str, keep_last: int) -> IntTensor:
    """So many numbers, filled up at one side; of too many the last ones and as many of the first as fit."""
    if len(x.shape) != 1:
        fail("pad_tokens", "[n] whole numbers", f"{len(x.shape)} axes")
    if keep_last >= length:
        fail("pad_tokens", f"keep_last below the length {length}", f"{keep_last}")
    count = len(x.data)
    before = max(0, length - count) if side == "start" else 0
    data = new_ints(length)
    for i in range(length):
        source = i - before
        if count > length and i >= length - keep_last:
            source = count - length + i
        data[i] = x.data[source] if source >= 0 and source < count else pad
    return IntTensor([1, length], data)


def token_mask(x: IntTensor, pad: int) -> IntTensor:
    """1 for each number that is not the padding, 0 for the others."""
    if len(x.shape) != 2:
        fail("token_mask", "[1, length] whole numbers", f"{len(x.shape)} axes")
    data = new_ints(len(x.data))
    for i in range(len(data)):
        data[i] = 0 if x.data[i] == pad else 1
    return IntTensor(x.shape, data)


KERNELS: Mapping[str, tuple[Callable[..., Any], ...]] = {
    "encode_bytes": (encode_bytes,),
    "byte_windows": (byte_windows_of_text, byte_windows),
    "word_ids": (word_ids,),
    "pad_tokens": (pad_tokens,),
    "token_mask": (token_mask,),
}
