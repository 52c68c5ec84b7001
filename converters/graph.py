"""Loads ONNX files, and checks what later steps rely on."""

from __future__ import annotations

from pathlib import Path

import onnx_ir as ir

from converters.errors import MalformedModel


def load(path: Path) -> ir.Model:
    """Return the model of a file.

    Raises `MalformedModel` for bytes that are not ONNX.
    """
    try:
        model = ir.load(path)
    except Exception as error:  # protobuf and onnx_ir raise various types
        raise MalformedModel(str(path), f"not an ONNX model ({error})", "download or export it again") from error
    return model
