"""What converters say when they cannot go on: where, why, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST = 1000  # characters: the names in a model may be of any length


def _short(text: str) -> str:
    """Leave out the middle of a text that nobody would read to its end."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"


class ConversionError(Exception):
    """A conversion stopped. `where` names the file, node or tensor; `why` what is wrong; `cure` what to do."""

    def __init__(self, where: str, why: str, cure: str) -> None:
        self.where, self.why, self.cure = _short(where), _short(why), cure
        super().__init__(f"{self.where}: {self.why}. Cure: {cure}.")


class Refusal(ConversionError):  # noqa: N818 - it is no error: the model is right
    """The model is valid, but the target has no exact way to say what an operator means."""

    def __init__(self, operator: str, where: str, why: str, cure: str) -> None:
        super().__init__(where, f"{operator} cannot be converted: {why}", cure)
        self.operator = operator


class MalformedModel(ConversionError):  # noqa: N818 - named after what was found
    """The file is not a valid model of its format."""


@contextmanager
def in_file(path: Path) -> Iterator[None]:
    """Put the file's name in front of a conversion error that does not begin with it."""
    try:
        yield
    except ConversionError as error:
        if not error.where.startswith(str(path)):
            error.where = f"{path}: {error.where}"
            error.args = (f"{path}: {error.args[0]}",)
        raise
