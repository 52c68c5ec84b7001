"""The table of what a card's `source.format` is imported by."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import onnx_ir as ir

IMPORTERS = {"onnx": "converters.graph", "tflite": "converters.from_tflite"}


def load(path: Path, format: str) -> ir.Model:
    """Return the graph of a file."""
    model: ir.Model = import_module(IMPORTERS[format]).load(path)
    return model
