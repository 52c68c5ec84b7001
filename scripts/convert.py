"""Converts any ONNX file to a format of the table, with no card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from converters.errors import in_file
from converters.formats import FORMATS
from converters.graph import load
from quantize import recipes
from quantize.recipes import Feeds


def convert(
    source: Path, target: Path, *, to: str, precision: str, calibration: Path | None = None, layout: str = "keep"
) -> list[Path]:
    """Convert `source`; write one file to `target`, or several into the folder `target`; return what was written.

    `calibration` is a folder of `.npz` files, each holding the input tensors of one sample by name; `w8a8` needs it
    unless the graph is in QDQ form. `layout` `nhwc` puts the channels of images last. Raises
    `converters.errors.ConversionError`, or ValueError for a choice that the table of formats does not have, and writes
    nothing then.
    """
    row = FORMATS.get(to)
    if row is None or precision not in row.recipes:
        have = ", ".join(f"{name} ({', '.join(each.recipes)})" for name, each in FORMATS.items())
        raise ValueError(f"expected one of {have}, got {to} ({precision}): choose another")
    with in_file(source):
        model = load(source)
        is_quantized = any(node.op_type == "QuantizeLinear" for node in model.graph)
        if not (precision == "w8a8" and is_quantized):
            model = recipes.apply(row.recipes[precision], model, _samples(calibration))
        return row.export(model, precision=precision, layout=layout).write(target)


def _samples(folder: Path | None) -> Sequence[Feeds]:
    return [dict(np.load(path)) for path in sorted(folder.glob("*.npz"))] if folder else []
