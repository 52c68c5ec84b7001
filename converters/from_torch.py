"""PyTorch file → ONNX graph, by PyTorch's own exporter: `.pt2` of `torch.export.save`, and traced TorchScript.

Needs the extra `torch`. Pickled modules and state dictionaries are refused: loading these can run any code, and
neither says what its inputs are.
"""

from __future__ import annotations

import io
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import onnx
import onnx_ir as ir

from converters.errors import MalformedModel, Refusal, in_file
from converters.graph import ensure_checked
from converters.importing.extras import need
from converters.importing.files import AGAIN, read_bytes
from converters.importing.net import OPSET
from converters.importing.torch_archive import SAVE, ensure_plain, kind_of

EXTRA = "torch"
OPSET_OF_EXPORTED = 18  # the lowest that PyTorch translates exported programs to


def load(path: Path) -> ir.Model:
    """Return the model of a file, with the inputs that it was exported or traced with.

    Raises `Refusal` for what could run code and for operators that PyTorch cannot translate, `MalformedModel` for bytes
    that are cut short, `ConversionError` where PyTorch is not installed.
    """
    with in_file(path):
        data = read_bytes(path)
        read = {"exported": _exported, "script": _script}[kind_of(data)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch warns of its own parts
            model = ir.from_proto(read(data))
        ensure_checked(model)
        return model


def _torch() -> Any:
    need(EXTRA, "torch", "onnxscript")
    return import_module("torch")


def _exported(data: bytes) -> onnx.ModelProto:
    samples, torch = ensure_plain(data), _torch()
    try:
        if samples:
            torch.load(io.BytesIO(samples), weights_only=True)  # else PyTorch itself would load them without limits
    except Exception as error:
        raise Refusal("file", "data/sample_inputs", "they are no plain tensors, and could run code", SAVE) from error
    try:
        program = torch.export.load(io.BytesIO(data))
    except Exception as error:  # PyTorch raises whatever it meets
        raise MalformedModel("archive", f"PyTorch cannot load it ({_line(error)})", AGAIN) from error
    try:
        return torch.onnx.export(program, opset_version=OPSET_OF_EXPORTED, verbose=False).model_proto  # type: ignore[no-any-return]
    except Exception as error:
        raise _untranslated(error) from error


def _script(data: bytes) -> onnx.ModelProto:
    torch = _torch()
    try:
        module = torch.jit.load(io.BytesIO(data), map_location="cpu", _restore_shapes=True).eval()
        inputs = [*module.graph.inputs()][1:]  # the first one is the module
        tensors = tuple(torch.zeros(value.type().sizes(), dtype=value.type().dtype()) for value in inputs)
    except Exception as error:
        why = f"its inputs have no shapes, or it cannot be loaded ({_line(error)})"
        raise Refusal(
            "file", "archive", why, "trace it with torch.jit.trace, or save it with torch.export.save"
        ) from error
    names = [value.debugName().partition(".")[0] for value in inputs]
    written = io.BytesIO()
    try:
        torch.onnx.export(module, tensors, written, dynamo=False, opset_version=OPSET, input_names=names)
    except Exception as error:
        raise _untranslated(error) from error
    return onnx.load_from_string(written.getvalue())


def _untranslated(error: Exception) -> Refusal:
    return Refusal("model", "graph", f"PyTorch cannot translate it ({_line(error)})", "use operators that ONNX has")


def _line(error: Exception) -> str:
    """Return the last line of what PyTorch says, which is what went wrong."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()
