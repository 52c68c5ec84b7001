"""The table of importers: which module reads a card's `source.format` into an ONNX graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import onnx_ir as ir

from converters.errors import ConversionError


@dataclass(frozen=True)
class Importer:
    """One row: a new format is a row here and a file beside it."""

    name: str
    module: str  # holds `load(path: Path) -> ir.Model`; imported when first used
    endings: tuple[str, ...]  # of the names of such files
    extra: str = ""  # the optional dependencies that it needs

    def load(self, path: Path) -> ir.Model:
        """Read the model; see the module's own `load` for what it refuses."""
        read: Callable[[Path], ir.Model] = import_module(self.module).load
        return read(path)


IMPORTERS = {
    row.name: row
    for row in (
        Importer("onnx", "converters.from_onnx", (".onnx",)),
        Importer("tflite", "converters.from_tflite", (".tflite",)),
        Importer("tfjs", "converters.from_tfjs", (".json",)),
        Importer("keras", "converters.from_keras", (".keras", ".h5", ".hdf5")),
        Importer("saved_model", "converters.from_saved_model", (), extra="tensorflow"),
        Importer("pytorch", "converters.from_torch", (".pt2", ".pt"), extra="torch"),
    )
}


def load(path: Path, format_: str) -> ir.Model:
    """Read the model of a file in one of the formats. Raises `ConversionError` for another format."""
    if format_ not in IMPORTERS:
        raise ConversionError(str(path), f"there is no importer of {format_!r}", f"use one of {', '.join(IMPORTERS)}")
    return IMPORTERS[format_].load(path)


def format_of(path: Path) -> str:
    """Say by its name in which format a file is: `onnx` where the name does not tell."""
    return next((row.name for row in IMPORTERS.values() if path.suffix.lower() in row.endings), "onnx")
