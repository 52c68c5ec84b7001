"""TensorFlow Lite (LiteRT) flatbuffer → ONNX graph, without TensorFlow: the inverse of `to_tflite`."""

from __future__ import annotations

from pathlib import Path

import onnx_ir as ir

from converters.errors import in_file
from converters.graph import mapped
from converters.importing.tflite.reader import read
from converters.importing.tflite.walk import to_onnx


def load(path: Path) -> ir.Model:
    """Return the model of a `.tflite` file, of opset 20 (21 where 16 bits are quantised).

    Inputs and outputs keep the names of the file's signature (of its tensors where it has none), their order, axes and
    types; sizes that the file leaves open become symbolic. Quantised tensors become QuantizeLinear and DequantizeLinear
    around operators on real numbers; weights of 8 bits in an operator on floats are such constants too, and the
    activations, which LiteRT rounds to 8 bits there, are not rounded.
    Raises `Refusal` for an operator that ONNX cannot express exactly, `MalformedModel` for a file that is broken.
    """
    with in_file(path):
        return to_onnx(read(mapped(path)))
