"""What a model file says about its own inputs and outputs. The only file of the catalog that imports onnx."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import TensorProto, ValueInfoProto, helper


class UnreadableModelError(ValueError):
    """The file is no ONNX model that stands by itself."""


@dataclass(frozen=True)
class Signature:
    """One input or output as the file declares it; a size of None is dynamic, a shape of None is not declared."""

    name: str
    dtype: str  # numpy's name
    shape: tuple[int | None, ...] | None


def read(path: Path) -> tuple[list[Signature], list[Signature]]:
    """Return the inputs and outputs of a file; raise UnreadableModelError when it is broken or needs other files."""
    try:
        model = onnx.load(path, load_external_data=False)
        onnx.checker.check_model(model)
    except (DecodeError, onnx.checker.ValidationError, ValueError, TypeError) as error:
        raise UnreadableModelError(str(error).strip().splitlines()[0][:160]) from error
    if any(tensor.data_location == TensorProto.EXTERNAL for tensor in model.graph.initializer):
        raise UnreadableModelError("its weights are in another file; save it as one file")
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [_signature(value) for value in model.graph.input if value.name not in constants]
    return inputs, [_signature(value) for value in model.graph.output]


def _signature(value: ValueInfoProto) -> Signature:
    tensor = value.type.tensor_type
    dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type).name if tensor.elem_type else "no tensor"
    if not tensor.HasField("shape"):
        return Signature(value.name, dtype, None)
    sizes = (dim.dim_value if dim.HasField("dim_value") else None for dim in tensor.shape.dim)
    return Signature(value.name, dtype, tuple(sizes))
