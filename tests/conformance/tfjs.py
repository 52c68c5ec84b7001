"""Converts models to TF.js and runs them in the build's browser, on the wasm backend."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir

from converters.errors import Refusal
from converters.tfjs.nodes import stored_dtype
from converters.to_tfjs import export
from edge.runtimes import RUNTIMES
from tests.conformance.cases import Case
from tests.conformance.litert import compare, reference
from tests.conformance.runner import Outcome

Arrays = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """What a model gave: outputs by name, or what went wrong."""

    outputs: Arrays
    error: str = ""


def run_cases(cases: Sequence[Case], folder: Path, further: Collection[str] = ()) -> list[Outcome]:
    """Convert every test, run what was converted, and return one outcome for each test.

    Inputs named in `further` become constants, beside those that say what shape or axis is meant.
    """
    return [_run_case(case, folder, further) for case in cases]


def _run_case(case: Case, folder: Path, further: Collection[str]) -> Outcome:
    model, feeds, wanted = case.baked(further)
    try:
        files = export(ir.from_proto(model), precision="fp32").files
    except Refusal as refusal:
        return Outcome("refused", str(refusal))
    except Exception as error:  # any other exception is a mistake of the converter: reported, not raised
        return Outcome("failed", f"convert: {type(error).__name__}: {error}")
    return _outcome(case, run(folder / case.name, files, feeds), wanted)


def _outcome(case: Case, result: Result, wanted: list[Any]) -> Outcome:
    """Compare in the types of TF.js; where onnxruntime contradicts the test too, ask whether it agrees with us."""
    if result.error:
        return Outcome("crashed" if "RuntimeError" in result.error else "failed", f"run: {result.error}")
    actual, expected = [*result.outputs.values()], _stored(wanted)
    difference = compare(actual, expected)
    if difference is None:
        return Outcome("passed")
    control = reference(case)
    contradicted = control is not None and compare(control, wanted) is not None
    agrees = contradicted and compare(actual, _stored(control or [])) is None
    return Outcome("disputed" if agrees else "wrong", difference)


def _stored(arrays: Sequence[Any]) -> list[Any]:
    return [array.astype(stored_dtype(array.dtype)) for array in arrays]


def run_model(folder: Path, model: ir.Model, feeds: Arrays, precision: str = "fp32") -> Arrays:
    """Convert one model, run it once, and return its outputs by name.

    Raises RuntimeError with what the runtime said.
    """
    result = run(folder, export(model, precision=precision).files, feeds)
    if result.error:
        raise RuntimeError(result.error)
    return result.outputs


def run(folder: Path, files: Mapping[str, bytes], feeds: Arrays) -> Result:
    """Write a model into a new folder and run it once."""
    folder.mkdir()
    for name, data in files.items():
        (folder / Path(name).name).write_bytes(data)
    held = {name: np.asarray(value).astype(stored_dtype(value.dtype)) for name, value in feeds.items()}
    try:
        return Result(RUNTIMES["tfjs-wasm"].load(folder / "model.json")(held))
    except RuntimeError as error:
        return Result({}, str(error))
