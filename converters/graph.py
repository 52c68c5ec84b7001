"""Loads ONNX files of any origin: checks what later steps rely on, and leaves large weights in the file."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir

from converters.errors import ConversionError, MalformedModel, in_file
from converters.validity import check

LARGE = 2**12  # bytes from which a weight stays in the file
CHECKED = "converters.checked"  # in the notes of a model object, which no file holds
# Field numbers of onnx.proto, and protobuf's types on the wire.
MODEL_GRAPH, GRAPH_INITIALIZER, TENSOR_RAW_DATA = 7, 5, 9
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def load(path: Path) -> ir.Model:
    """Return the model of a file; weights of 4 KiB and more are read from the mapped file when they are used.

    Raises `MalformedModel` for bytes that are not ONNX, for what contradicts the standard, and for external data that
    is missing or outside the folder; `Refusal` for sparse tensors.
    """
    with in_file(path):
        data = mapped(path)
        folder = path.parent.resolve()
        model, weights = _parse(data, folder)
        _attach(model, data, weights)
        _open_folder(folder, model)
        model.meta[CHECKED] = True
        return model


def ensure_checked(model: ir.Model) -> None:
    """Check a model as `load` does, unless it came from there: each is checked once, whichever way it comes in.

    Raises what `load` raises. The bytes of large weights are neither copied nor read.
    """
    if not model.meta.get(CHECKED):
        slim = model.clone()
        tensors = {name: value.const_value for name, value in slim.graph.initializers.items()}
        large = {name: t for name, t in tensors.items() if t is not None and _is_left_out(t)}
        for name, tensor in large.items():
            empty = np.empty(0, tensor.dtype.numpy())
            slim.graph.initializers[name].const_value = ir.Tensor(
                empty, tensor.dtype, shape=ir.Shape(tensor.shape.numpy()), name=name
            )
        check(ir.to_proto(slim), _folder(model), large)
        model.meta[CHECKED] = True


def _parse(data: mmap.mmap | bytes, folder: Path) -> tuple[ir.Model, dict[str, Field]]:
    try:
        slim, weights = _without_weights(data)
        message = onnx.ModelProto.FromString(slim)
        check(message, folder, weights)
        return ir.from_proto(message), weights
    except ConversionError:
        raise
    except Exception as error:  # protobuf and onnx_ir raise various types
        why = f"not an ONNX model ({type(error).__name__}: {error})"
        raise MalformedModel("bytes", why, "download or export it again") from error


def mapped(path: Path) -> mmap.mmap | bytes:
    """Return a file's bytes, read when they are used; raises `MalformedModel` where there are none."""
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:  # an empty file
        raise MalformedModel("bytes", "the file is empty", "download or export it again") from None
    except OSError as error:
        raise MalformedModel("path", f"cannot be read ({error.strerror})", "check the path") from error


# ---- weights that stay in the file


@dataclass(frozen=True)
class Field:
    """One field of a protobuf message: its number, and where its tag, its content and its end are."""

    number: int
    wire: int
    tag: int
    start: int
    end: int


def _fields(data: mmap.mmap | bytes, start: int, end: int) -> Iterator[Field]:
    position = start
    while position < end:
        tag = position
        key, position = _varint(data, position)
        wire = key & 7
        if wire == VARINT:
            _, stop = _varint(data, position)
        elif wire == BYTES:
            length, position = _varint(data, position)
            stop = position + length
        elif wire in (FIXED64, FIXED32):
            stop = position + (8 if wire == FIXED64 else 4)
        else:
            raise ValueError(f"wire type {wire} at byte {tag}")
        if stop > end:
            raise ValueError(f"a field at byte {tag} ends {stop - end} bytes behind its message")
        yield Field(key >> 3, wire, tag, position, stop)
        position = stop


def _varint(data: mmap.mmap | bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = data[position + shift // 7]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position + shift // 7 + 1
    raise ValueError(f"number at byte {position} has no end")


def _without_weights(data: mmap.mmap | bytes) -> tuple[bytes, dict[str, Field]]:
    """Return the model without the bytes of large initializers, and where in the file those are."""
    weights: dict[str, Field] = {}
    model = bytearray()
    for field in _fields(data, 0, len(data)):
        if field.number == MODEL_GRAPH and field.wire == BYTES:
            _append(model, MODEL_GRAPH, _graph_without_weights(data, field, weights))
        else:
            model += data[field.tag : field.end]
    return bytes(model), weights


def _graph_without_weights(data: mmap.mmap | bytes, graph: Field, weights: dict[str, Field]) -> bytes:
    result = bytearray()
    for field in _fields(data, graph.start, graph.end):
        if field.number == GRAPH_INITIALIZER and field.wire == BYTES and field.end - field.start >= LARGE:
            _append(result, GRAPH_INITIALIZER, _tensor_without_data(data, field, weights))
        else:
            result += data[field.tag : field.end]
    return bytes(result)


def _tensor_without_data(data: mmap.mmap | bytes, tensor: Field, weights: dict[str, Field]) -> bytes:
    result, raw = bytearray(), None
    for field in _fields(data, tensor.start, tensor.end):
        if field.number == TENSOR_RAW_DATA and field.wire == BYTES:
            raw = field
        else:
            result += data[field.tag : field.end]
    if raw is not None:
        header = onnx.TensorProto.FromString(bytes(result))
        if ir.DataType(header.data_type).bitwidth < 8:  # several in a byte: numpy cannot map them
            return data[tensor.start : tensor.end]
        weights[header.name] = raw
    return bytes(result)


def _append(message: bytearray, number: int, content: bytes) -> None:
    message += bytes([number << 3 | BYTES])
    length = len(content)
    while length >= 0x80:
        message.append(length & 0x7F | 0x80)
        length >>= 7
    message.append(length)
    message += content


def _attach(model: ir.Model, data: mmap.mmap | bytes, weights: dict[str, Field]) -> None:
    """Give initializers their bytes in the mapped file."""
    for name, field in weights.items():
        value = model.graph.initializers[name]
        if value.const_value is None:
            raise MalformedModel(f"initializer {name!r}", "it has no data", "download or export it again")
        dtype, shape = value.const_value.dtype, value.const_value.shape.numpy()
        size = dtype.itemsize * int(np.prod([int(dim) for dim in shape], dtype=np.float64))
        where = f"initializer {name!r}"
        if size != field.end - field.start:
            why = f"{list(shape)} {dtype.name} takes {size:,} bytes, and it has {field.end - field.start:,}"
            raise MalformedModel(where, why, "download or export it again")
        array = np.frombuffer(data, dtype.numpy(), int(np.prod(shape)), field.start).reshape(shape)
        value.const_value = ir.Tensor(array, dtype=dtype, name=name)


# ---- weights in other files


def _open_folder(folder: Path, model: ir.Model) -> None:
    """Say where the files lie that `check` has found to be the model's."""
    for value in model.graph.initializers.values():
        if isinstance(value.const_value, ir.ExternalTensor):
            value.const_value.base_dir = folder


def _is_left_out(tensor: ir.TensorProtocol) -> bool:
    return tensor.nbytes >= LARGE and not isinstance(tensor, ir.ExternalTensor | ir.StringTensor)


def _folder(model: ir.Model) -> Path:
    """Return where a model in memory says that its external data lie."""
    tensors = (value.const_value for value in model.graph.initializers.values())
    return Path(next((t.base_dir for t in tensors if isinstance(t, ir.ExternalTensor)), "")).resolve()
