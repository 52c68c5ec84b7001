"""What converters say when they cannot go on: where, why, and what to do about it."""

from __future__ import annotations

from typing import Self


class ConversionError(Exception):
    """A conversion stopped. `where` names the file, node or tensor; `why` what is wrong; `cure` what to do."""

    def __init__(self, where: str, why: str, cure: str) -> None:
        super().__init__(f"{where}: {why}. Cure: {cure}.")
        self.where, self.why, self.cure = where, why, cure

    def inside(self, file: str) -> Self:
        """Return the same error with the file's name in front."""
        self.where = f"{file}: {self.where}"
        self.args = (f"{file}: {self.args[0]}",)
        return self


class Refusal(ConversionError):  # noqa: N818 - it is no error: the model is right
    """The model is valid, but the target has no exact way to say what an operator means."""

    def __init__(self, operator: str, where: str, why: str, cure: str) -> None:
        super().__init__(where, f"{operator} cannot be converted: {why}", cure)
        self.operator = operator


class MalformedModel(ConversionError):  # noqa: N818 - named after what was found
    """The file is not a valid ONNX model."""
