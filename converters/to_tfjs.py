"""ONNX graph → TensorFlow.js graph model, without TensorFlow.

TF.js holds float32, int32 and bool. So an input or output that is float16 in ONNX is float32 here, and one of any
whole-number type is int32; a constant that does not fit int32 is refused. Whole numbers computed while the model runs
wrap at 32 bits where ONNX has 64, and float16 is computed in float32, which is more precise than ONNX asks.
"""

from __future__ import annotations

from pathlib import Path

import onnx_ir as ir

from converters.errors import in_file
from converters.exported import Exported
from converters.graph import load
from converters.lowering.interpreter import lower
from converters.tfjs.rewriting import rewrite
from converters.tfjs.target import TARGET
from converters.tfjs.writer import serialize


def export(model: ir.Model, *, precision: str, layout: str = "keep") -> Exported:
    """Return `{".tfjs/model.json": bytes, ".tfjs/weights.bin": bytes}`; names and order are the ONNX model's.

    `precision` says how float weights are stored: `fp32`, `fp16`, or affinely in 8 or 16 bits (`uint8`, `uint16`); the
    runtime widens them to float32 while loading. `layout` `nhwc` puts the channels of images last (`lowering/images.py`
    says which those are), `keep` leaves all axes as they are in ONNX. Raises `Refusal` for an operator that TF.js
    cannot express exactly, `MalformedModel` for an invalid model, `ConversionError` for a layout that does not apply.
    """
    files = serialize(rewrite(lower(model, TARGET, layout)), precision)
    return Exported({f".tfjs/{name}": data for name, data in files.items()})


def convert_file(src: Path, dst: Path, *, precision: str = "fp32", layout: str = "keep") -> None:
    """Convert one `.onnx` file to a folder of `model.json` and one shard; see `export` for what is raised."""
    with in_file(src):
        export(load(src), precision=precision, layout=layout).write(dst)
