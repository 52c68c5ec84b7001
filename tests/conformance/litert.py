"""Converts one operator test to TFLite, runs it in LiteRT, and asks onnxruntime where the test disagrees."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import onnx_ir as ir
import onnxruntime
from ai_edge_litert.interpreter import Interpreter

from converters.errors import Refusal
from converters.to_tflite import export
from tests.conformance.cases import Case
from tests.conformance.runner import Outcome

TOLERANCE = {"rtol": 1e-3, "atol": 1e-5}


def run_case(case: Case, further: Collection[str] = ()) -> Outcome:
    """Convert, run and compare with the expected outputs."""
    model, feeds, expected = case.baked(further)
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
    difference = compare(actual, expected)
    if difference is None:
        return Outcome("passed")
    control = reference(case)
    disputed = control is not None and compare(control, expected) is not None and compare(actual, control) is None
    return Outcome("disputed" if disputed else "wrong", difference)


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


def reference(case: Case) -> list[Any] | None:
    """Return what onnxruntime makes of the test, or None where it lacks the operator."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(case.original.SerializeToString(), options)
        return list(session.run(None, case.feeds()[0]))
    except Exception:  # onnxruntime raises types of its own for what it lacks
        return None


def compare(actual: list[Any], expected: list[Any]) -> str | None:
    """Say how types, shapes or entries differ; None if they agree."""
    for i, (got, want) in enumerate(zip(actual, expected, strict=True)):
        if got.dtype != want.dtype or got.shape != want.shape:
            return f"output {i}: {want.dtype}{want.shape} expected, got {got.dtype}{got.shape}"
        if not np.allclose(got, want, **TOLERANCE, equal_nan=True):
            worst = np.nanmax(np.abs(got.astype(np.float64) - want)) if got.size else 0
            return f"output {i}: largest difference {worst:.3g}"
    return None
