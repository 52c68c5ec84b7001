"""TFLite files of one operator each, which tests write and LiteRT runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import onnx_ir as ir
import onnxruntime
from ai_edge_litert import schema_py_generated as schema

from converters.edge_graph import Graph, Op, Quantization, Tensor
from converters.from_tflite import load
from converters.tflite.writer import serialize

STAND_IN = "ADD_N"  # which our exporter does not write: custom operators are written as it, then renamed


def tensor(
    shape: Sequence[int | None], dtype: str = "float32", *, scale: float = 0.0, zero: int = 0, name: str = ""
) -> Tensor:
    """Return a tensor that is computed or given; quantised where it has a scale."""
    quantization = Quantization(np.array([scale], np.float32), np.array([zero], np.int64)) if scale else None
    return Tensor(np.dtype(dtype), tuple(shape), name=name, quantization=quantization)


def constant(data: Any, dtype: str = "float32", *, scales: Any = (), zeros: Any = (), axis: int = 0) -> Tensor:
    """Return a constant; quantised where it has scales."""
    array = np.array(data, dtype)
    result = Tensor(array.dtype, array.shape, array)
    if len(scales):
        zero = np.array(zeros if len(zeros) else [0] * len(scales), np.int64)
        result.quantization = Quantization(np.array(scales, np.float32), zero, axis)
    return result


def one_op(kind: str, inputs: Sequence[Tensor | None], outputs: Sequence[Tensor], **options: Any) -> bytes:
    """Return the file of one operator, whose inputs without data are the file's inputs."""
    given = [t for t in dict.fromkeys(inputs) if t is not None and t.data is None]
    for i, item in enumerate(given):
        item.name = item.name or f"x{i}"
    for i, item in enumerate(outputs):
        item.name = item.name or f"y{i}"
    custom = options.pop("options", b"")
    op = Op(STAND_IN if kind.startswith("CUSTOM:") else kind, list(inputs), list(outputs), options)
    data = serialize(Graph(given, list(outputs), [op]))
    return _as_custom(data, kind.removeprefix("CUSTOM:"), custom) if kind.startswith("CUSTOM:") else data


def _as_custom(data: bytes, name: str, options: bytes) -> bytes:
    def change(model: schema.ModelT) -> None:
        code, operator = model.operatorCodes[0], model.subgraphs[0].operators[0]
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        code.customCode = name.encode()
        operator.builtinOptions, operator.builtinOptionsType = None, 0
        operator.customOptions = list(options)

    return changed(data, change)


def renamed(data: bytes, kind: str) -> bytes:
    """Return a file whose one operator is another one with the same options."""

    def change(model: schema.ModelT) -> None:
        code = model.operatorCodes[0]
        code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, kind)

    return changed(data, change)


def changed(data: bytes, change: Any) -> bytes:
    """Return the file after a function has changed its model as objects."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data))
    change(model)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def imported(data: bytes, folder: Path) -> ir.Model:
    """Write a file and import it."""
    path = folder / "model.tflite"
    path.write_bytes(data)
    return load(path)


def run_onnx(model: ir.Model, feeds: Mapping[str, Any]) -> list[Any]:
    """Return onnxruntime's outputs in order."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.add_session_config_entry(
        "session.x64quantprecision", "1"
    )  # processors without VNNI saturate sums otherwise
    session = onnxruntime.InferenceSession(ir.to_proto(model).SerializeToString(), options)
    return list(session.run(None, {value.name: feeds[value.name] for value in session.get_inputs()}))
