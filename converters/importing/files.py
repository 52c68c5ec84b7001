"""Files of strangers: JSON that may be anything, and names of further files that may point anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from converters.errors import ConversionError, MalformedModel

AGAIN = "download or export the model again"
Json = dict[str, Any]


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes. Raises `ConversionError` where there is no such file."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConversionError("path", f"cannot be read ({error.strerror})", "check the path") from error


def parse_json(text: bytes | str, where: str) -> Json:
    """Return the object that a text states. Raises `MalformedModel` for anything but a JSON object."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MalformedModel(where, f"it is not JSON ({error})", AGAIN) from error
    if not isinstance(value, dict):
        raise MalformedModel(where, f"expected a JSON object, got {type(value).__name__}", AGAIN)
    return value


def beside(folder: Path, name: object) -> Path:
    """Return the plain file of this name in a folder or below it.

    Raises `MalformedModel` for one that is missing or lies elsewhere, also by way of links.
    """
    where = f"file {name!r}"
    if not isinstance(name, str):
        raise MalformedModel(where, f"expected a file's name, got {type(name).__name__}", AGAIN)
    root = folder.resolve()
    try:
        target = (root / name).resolve()
        there = target.is_file()
    except (OSError, ValueError, RuntimeError) as error:
        raise MalformedModel(where, f"it is no file's name ({error})", AGAIN) from error
    if not target.is_relative_to(root):
        raise MalformedModel(where, "it lies outside the model's folder", "put it beside the model")
    if not there:
        raise MalformedModel(where, "it is missing", "put it beside the model")
    return target


@contextmanager
def stated(where: str) -> Iterator[None]:
    """Turn what a file leaves out, or states in another type than expected, into `MalformedModel`."""
    try:
        yield
    except ConversionError:
        raise
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        missing = (
            f"it lacks {error}" if isinstance(error, KeyError) else f"it states something else than expected: {error}"
        )
        raise MalformedModel(where, missing, AGAIN) from error
