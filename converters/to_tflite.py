"""ONNX graph → TensorFlow Lite (LiteRT) flatbuffer, without TensorFlow."""

from __future__ import annotations

from pathlib import Path

import onnx_ir as ir

from converters.errors import ConversionError, in_file
from converters.exported import Exported
from converters.graph import load
from converters.lowering.fusion import fuse
from converters.lowering.interpreter import lower
from converters.tflite.precision import PRECISIONS
from converters.tflite.shuffles import without_shuffles
from converters.tflite.target import TARGET
from converters.tflite.writer import serialize


def export(model: ir.Model, *, precision: str, layout: str = "keep") -> Exported:
    """Return `{".tflite": bytes}`; inputs and outputs keep the ONNX model's names, order and types.

    `precision` is `fp32`, `fp16`, `int8_dynamic` (all from a float graph) or `w8a8` (from a QDQ graph).
    `layout` `nhwc` puts the channels of images last (`lowering/images.py` says which those are), `keep` leaves all
    axes as they are in ONNX. Raises `Refusal` for an operator that TFLite cannot express exactly, `MalformedModel` for
    an invalid model, `ConversionError` for a precision or layout that does not apply.
    """
    if precision not in PRECISIONS:
        known = ", ".join(PRECISIONS)
        raise ConversionError("precision", f"TFLite files have no {precision!r}", f"choose one of {known}")
    graph = PRECISIONS[precision](without_shuffles(fuse(lower(model, TARGET, layout))))
    return Exported({".tflite": serialize(graph)})


def convert_file(src: Path, dst: Path, *, precision: str = "fp32", layout: str = "keep") -> None:
    """Convert one `.onnx` file to one `.tflite` file; see `export` for what is raised."""
    with in_file(src):
        export(load(src), precision=precision, layout=layout).write(dst)
