"""Converts one operator test to TFLite and runs it in LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from ai_edge_litert.interpreter import Interpreter

from converters.errors import Refusal
from converters.to_tflite import export
from tests.conformance.cases import Case
from tests.conformance.runner import Outcome

TOLERANCE = {"rtol": 1e-3, "atol": 1e-5}


def run_case(case: Case) -> Outcome:
    """Convert, run and compare with the expected outputs."""
    model, feeds, expected = case.baked()
    try:
        data = export(ir.from_proto(model), precision="fp32").files[".tflite"]
    except Refusal as refusal:
        return Outcome("refused", str(refusal))
    except Exception as error:  # any other exception is a mistake of the converter: reported, not raised
        return Outcome("failed", f"convert: {type(error).__name__}: {error}")
    try:
        actual = run(data, feeds)
    except (RuntimeError, ValueError) as error:
        return Outcome("failed", f"run: {error}")
    return compare(actual, expected)


def run(data: bytes, feeds: dict[str, Any]) -> list[Any]:
    """Return the outputs of a .tflite file in order."""
    interpreter = Interpreter(model_content=data)
    for detail in interpreter.get_input_details():
        value = feeds[detail["name"]]
        if list(detail["shape"]) != list(value.shape):
            interpreter.resize_tensor_input(detail["index"], value.shape, strict=True)
    interpreter.allocate_tensors()
    for detail in interpreter.get_input_details():
        interpreter.set_tensor(detail["index"], feeds[detail["name"]])
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]


def compare(actual: list[Any], expected: list[Any]) -> Outcome:
    """Compare types, shapes and entries."""
    for i, (got, want) in enumerate(zip(actual, expected, strict=True)):
        if got.dtype != want.dtype or got.shape != want.shape:
            detail = f"output {i}: {want.dtype}{want.shape} expected, got {got.dtype}{got.shape}"
            return Outcome("wrong", detail)
        if not np.allclose(got, want, **TOLERANCE, equal_nan=True):
            worst = np.nanmax(np.abs(got.astype(np.float64) - want)) if got.size else 0
            return Outcome("wrong", f"output {i}: largest difference {worst:.3g}")
    return Outcome("passed")
