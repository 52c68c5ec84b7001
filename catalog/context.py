"""What a rule sees: the card's data as types, whatever else is wrong with the card, and the files of its folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from catalog import vocab
from catalog.card import FileName, Tensor
from catalog.document import Document, Where

T = TypeVar("T")
FILE_NAME = re.compile(get_args(FileName)[1].pattern)


@dataclass(frozen=True)
class Context:
    """A card that is being checked."""

    folder: Path
    document: Document

    def each(self, pattern: str, kind: type[T]) -> Iterator[tuple[Where, T]]:
        """Yield every value at a pattern such as `inputs.*.steps.*` that is valid as `kind`.

        The schema reports the others, so a rule neither repeats that nor trips over them.
        """
        for where, value in _find(self.document.data, tuple(pattern.split(".")), ()):
            if self.document.is_broken(where):
                continue
            try:
                yield where, _adapter(kind).validate_python(value)  # type: ignore[arg-type] # classes hash
            except ValidationError:
                continue

    def one(self, pattern: str, kind: type[T]) -> T | None:
        """Return the value at a pattern without `*`, or None."""
        return next((value for _, value in self.each(pattern, kind)), None)

    @cached_property
    def task(self) -> Mapping[str, str]:
        """Return the row of the card's task; empty when the task is unknown."""
        return vocab.tasks().get(self.one("pipeline_tag", str) or "", {})

    def file(self, name: str) -> Path | None:
        """Return a named file when it exists in the card's folder, links followed; None otherwise."""
        if not FILE_NAME.fullmatch(name):
            return None
        path = self.folder / name
        return path if is_inside(path, self.folder) and path.is_file() else None

    def labels(self, tensor: Tensor) -> list[str] | None:
        """Return a tensor's labels, from the card or from the file it names; None when there are none to be had."""
        if not isinstance(tensor.labels, str):
            return tensor.labels
        path = self.file(tensor.labels)
        return path.read_text("utf-8", errors="replace").splitlines() if path else None

    @cached_property
    def all_labels(self) -> list[str] | None:
        """The labels of all outputs, or None when no output has any."""
        found = [self.labels(tensor) for _, tensor in self.each("outputs.*", Tensor)]
        return [label for labels in found if labels for label in labels] or None


def is_inside(path: Path, folder: Path) -> bool:
    """Say whether a path lies in a folder once links are followed; `Path.resolve` raises on a ring of links."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Return a validator that converts nothing; models say for themselves how strict they are."""
    return TypeAdapter(kind, config=None if issubclass(kind, BaseModel) else ConfigDict(strict=True))


def _find(value: Any, pattern: tuple[str, ...], where: Where) -> Iterator[tuple[Where, Any]]:
    if not pattern:
        yield where, value
    elif pattern[0] == "*" and isinstance(value, list | dict):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _find(item, pattern[1:], (*where, key))
    elif isinstance(value, dict) and pattern[0] in value:
        yield from _find(value[pattern[0]], pattern[1:], (*where, pattern[0]))
