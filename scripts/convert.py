"""Converts any ONNX file to a format of the table, with no card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from converters.formats import FORMATS
from converters.graph import load
from quantize import recipes
from quantize.recipes import Feeds


def convert(source: Path, target: Path, *, to: str, precision: str, calibration: Path | None = None) -> list[Path]:
    """Convert `source`; write one file to `target`, or several into the folder `target`; return what was written.

    `calibration` is a folder of `.npz` files, each holding the input tensors of one sample by name; `w8a8` needs it
    unless the graph is in QDQ form. Raises `converters.errors.ConversionError`, or ValueError for a
    choice that the table of formats does not have, and writes nothing then.
    """
    row = FORMATS.get(to)
    if row is None or precision not in row.recipes:
        have = ", ".join(f"{name} ({', '.join(each.recipes)})" for name, each in FORMATS.items())
        raise ValueError(f"expected one of {have}, got {to} ({precision}): choose another")
    model = load(source)
    is_quantized = any(node.op_type == "QuantizeLinear" for node in model.graph)
    if not (precision == "w8a8" and is_quantized):
        model = recipes.apply(row.recipes[precision], model, _samples(calibration))
    files = row.export(model, precision=precision).files
    if len(files) == 1:
        return [_write(target, data) for data in files.values()]
    return [_write(target / Path(name).name, data) for name, data in files.items()]


def _samples(folder: Path | None) -> Sequence[Feeds]:
    return [dict(np.load(path)) for path in sorted(folder.glob("*.npz"))] if folder else []


def _write(path: Path, data: bytes) -> Path:
    """Write under another name first, so that a file that is there is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_bytes(data)
    return unfinished.replace(path)
