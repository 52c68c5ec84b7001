"""Bytes of a .tflite file → edge graph: the inverse of `converters/tflite/writer.py`, for files of any origin.

The format is a flatbuffer (schema: `ai_edge_litert.schema_py_generated`), whose Python classes read wherever an offset
points. So whatever reading a broken file raises becomes an error that names the place, and no more entries are read
than the file has bytes: tables may be shared, and a small file could unfold to any size otherwise.
Constants stay in the mapped file.
"""

from __future__ import annotations

import math
import mmap
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from converters.edge_graph import Array, DType, Graph, Op, Quantization, Tensor
from converters.errors import ConversionError, MalformedModel, Refusal

AGAIN = "download or export it again"
NEWEST = "use a file for LiteRT 2.3 or older"
MOST_AXES = 8
Data = mmap.mmap | bytes


def _names(enumeration: type[Any]) -> Mapping[int, str]:
    return {number: name for name, number in vars(enumeration).items() if isinstance(number, int)}


KINDS, TYPES = _names(schema.BuiltinOperator), _names(schema.TensorType)
PADDINGS, ACTIVATIONS = _names(schema.Padding), _names(schema.ActivationFunctionType)
MODES = _names(schema.MirrorPadMode)
NUMPY = {"FLOAT16", "FLOAT32", "FLOAT64", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64",
         "BOOL", "COMPLEX64", "COMPLEX128"}  # fmt: skip


def read(data: Data) -> Graph:
    """Return the main graph of a file; inputs and outputs bear the names of its signature, if it has one.

    Custom operators are of the kind `CUSTOM:<name>`; their attribute `options` holds bytes.
    Raises `MalformedModel` for what contradicts the format, `Refusal` for what an edge graph cannot hold.
    """
    if data[4:8] != b"TFL3":
        why = f"not a TFLite model: bytes 4 to 8 are {bytes(data[4:8])!r} instead of b'TFL3'"
        raise MalformedModel("bytes", why, AGAIN)
    with reading("bytes"):
        model = schema.Model.GetRootAs(data)
        if not model.SubgraphsLength():
            raise MalformedModel("bytes", "the model has no graph", AGAIN)
        return Reader(data, model, model.Subgraphs(0)).graph()


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Whatever a broken file makes Python say becomes an error that names the place."""
    try:
        yield
    except ConversionError:
        raise
    except Exception as error:  # struct, numpy and the schema's classes raise whatever they meet
        why = f"the file is truncated or broken here ({type(error).__name__}: {error})"
        raise MalformedModel(where, why, AGAIN) from error


@dataclass
class Reader:
    """One graph of a file, and how many entries of it may still be read."""

    data: Data
    model: schema.Model
    source: schema.SubGraph
    tensors: dict[int, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.left = len(self.data)

    def graph(self) -> Graph:
        """Read operators in their order, and the tensors that they name."""
        inputs, outputs = (
            self._entries(self.source, name, "the graph's " + name.lower()) for name in ("Inputs", "Outputs")
        )
        result = Graph(
            [self._tensor(i, "the graph's inputs") for i in inputs],
            [self._tensor(i, "the graph's outputs") for i in outputs],
        )
        for i in range(self._counted(self.source.OperatorsLength(), "operators")):
            result.ops.append(self._operator(i))
        self._name(result, inputs, outputs)
        return result

    def _counted(self, length: int, where: str) -> int:
        self.left -= length
        if self.left < 0:
            raise MalformedModel(where, f"more entries than the file's {len(self.data):,} bytes can hold", AGAIN)
        return length

    def _entries(self, table: Any, name: str, where: str) -> list[int]:
        """Return a vector of numbers, empty where it is left out."""
        length = self._counted(getattr(table, f"{name}Length")(), where)
        return [int(value) for value in getattr(table, f"{name}AsNumpy")()] if length else []

    # ---- operators

    def _operator(self, number: int) -> Op:
        operator = self.source.Operators(number)
        kind = self._kind(operator.OpcodeIndex(), f"operator {number}")
        where = f"operator {number} ({kind})"
        with reading(where):
            inputs, outputs = (self._entries(operator, name, where) for name in ("Inputs", "Outputs"))
            return Op(
                kind,
                [None if i == -1 else self._tensor(i, where) for i in inputs],
                [self._tensor(i, where) for i in outputs],
                self._attributes(operator, kind, where),
                where,
            )

    def _kind(self, index: int, where: str) -> str:
        if index >= self.model.OperatorCodesLength():
            count = self.model.OperatorCodesLength()
            raise MalformedModel(where, f"its code is entry {index} of a table of {count}", AGAIN)
        code = self.model.OperatorCodes(index)
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        if number not in KINDS:
            raise Refusal(f"builtin operator {number}", where, f"the schema ends at {max(KINDS)}", NEWEST)
        custom = number == schema.BuiltinOperator.CUSTOM
        return f"CUSTOM:{(code.CustomCode() or b'').decode()}" if custom else KINDS[number]

    def _attributes(self, operator: schema.Operator, kind: str, where: str) -> dict[str, Any]:
        if kind.startswith("CUSTOM:"):
            length = self._counted(operator.CustomOptionsLength(), where)
            return {"options": operator.CustomOptionsAsNumpy().tobytes() if length else b""}
        first, second = operator.BuiltinOptions(), operator.BuiltinOptions2()
        options = None
        if first is not None:
            options = schema.BuiltinOptionsCreator(operator.BuiltinOptionsType(), first)
        elif second is not None:
            options = schema.BuiltinOptions2Creator(operator.BuiltinOptions2Type(), second)
        rows = {} if options is None else vars(options)
        return {(name := _snake(key)): _decoded(name, value, where) for key, value in rows.items()}

    # ---- tensors

    def _tensor(self, index: int, where: str) -> Tensor:
        """Return a tensor, the same object each time."""
        if index not in self.tensors:
            count = self.source.TensorsLength()
            if not 0 <= index < count:
                raise MalformedModel(where, f"it names tensor {index}, and there are {count}", AGAIN)
            self.tensors[index] = self._read_tensor(index)
        return self.tensors[index]

    def _read_tensor(self, index: int) -> Tensor:
        source = self.source.Tensors(index)
        name = (source.Name() or b"").decode(errors="replace")
        where = f"tensor {index} {name!r}"
        with reading(where):
            if source.Sparsity() is not None or source.IsVariable():
                what = "a state that calls share" if source.IsVariable() else "sparse data"
                raise Refusal("tensor", where, f"it holds {what}", "export the model without it")
            shape = self._entries(source, "Shape", where)
            signature = self._entries(source, "ShapeSignature", where) or shape
            if len(shape) > MOST_AXES or len(signature) != len(shape) or min(shape, default=0) < 0:
                why = f"its shape is {shape} with the signature {signature}"
                raise MalformedModel(where, f"{why}; expected are at most {MOST_AXES} sizes from 0", AGAIN)
            sizes = tuple(None if sign < 0 else size for size, sign in zip(shape, signature, strict=True))
            result = Tensor(dtype_of(source.Type(), where), sizes, name=name)
            result.data = self._constant(source.Buffer(), result.dtype, shape, where)
            result.quantization = self._quantization(source.Quantization(), shape, where)
            if result.quantization is not None and result.data is None:
                _check_scale(result.quantization, where)
            return result

    def _constant(self, index: int, dtype: DType, shape: Sequence[int], where: str) -> Array | None:
        """Return the data of a constant, a view into the file; None where there are none."""
        if not index:
            return None
        if index >= self.model.BuffersLength():
            why = f"its data are buffer {index}, and there are {self.model.BuffersLength()}"
            raise MalformedModel(where, why, AGAIN)
        buffer = self.model.Buffers(index)
        count = math.prod(shape)
        data = buffer.DataAsNumpy() if buffer.DataLength() else np.empty(0, np.uint8)
        if buffer.Offset() > 1:  # in files of more than 2 GiB the data lie behind the flatbuffer
            data = np.frombuffer(self.data, np.uint8, buffer.Size(), buffer.Offset())
        if not data.size and (count or not shape):
            return None
        if data.nbytes != count * dtype.itemsize:
            why = f"{list(shape)} {dtype.name} takes {count * dtype.itemsize:,} bytes, and it has {data.nbytes:,}"
            raise MalformedModel(where, why, AGAIN)
        return data.view(dtype.newbyteorder("<")).reshape(shape)

    def _quantization(
        self, source: schema.QuantizationParameters | None, shape: Sequence[int], where: str
    ) -> Quantization | None:
        scales = 0 if source is None else self._counted(source.ScaleLength(), where)
        if source is None or not scales:
            return None
        if source.DetailsType():
            raise Refusal("tensor", where, "it is quantised in blocks or by a custom rule", "quantise by channel")
        scale = np.array(source.ScaleAsNumpy(), np.float32)
        zeros = self._entries(source, "ZeroPoint", where) or [0] * scales
        axis = source.QuantizedDimension() if scales > 1 else 0
        fits = scales == 1 or (0 <= axis < len(shape) and scales == shape[axis])
        if not fits or len(zeros) != scales or not np.isfinite(scale).all() or (scale < 0).any():
            why = f"{scales} scales and {len(zeros)} zero points along axis {axis} do not fit the shape {list(shape)}"
            raise MalformedModel(where, why, AGAIN)
        return Quantization(scale, np.array(zeros, np.int64), axis)

    # ---- names

    def _name(self, graph: Graph, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """Rename what is public as the first signature says."""
        if not self.model.SignatureDefsLength():
            return
        signature = self.model.SignatureDefs(0)
        for tensors, indices, kind in ((graph.inputs, inputs, "Inputs"), (graph.outputs, outputs, "Outputs")):
            names: dict[int, str] = {}
            for i in range(self._counted(getattr(signature, f"{kind}Length")(), "signature")):
                entry = getattr(signature, kind)(i)
                names[entry.TensorIndex()] = entry.Name().decode()
            for tensor, index in zip(tensors, indices, strict=True):
                tensor.name = names.get(index, tensor.name)


def _check_scale(quantization: Quantization, where: str) -> None:
    """Make sure that what is computed can be quantised."""
    if len(quantization.scale) > 1:
        raise Refusal("tensor", where, "it is computed, and has a scale for each channel", "quantise it as a whole")
    if not quantization.scale.all():
        raise MalformedModel(where, "its scale is 0, by which nothing can be divided", AGAIN)


def dtype_of(code: int, where: str) -> DType:
    """Return the numpy type of a number of the enumeration `TensorType`."""
    name = TYPES.get(code, str(code))
    if name not in NUMPY:
        raise Refusal("tensor", where, f"type {name} has no counterpart", "use float32 or int8")
    return np.dtype(name.lower())


def _named(names: Mapping[int, str]) -> Callable[[int, str], str]:
    def decode(number: int, where: str) -> str:
        if number not in names:
            raise MalformedModel(where, f"{number} stands where one of {', '.join(names.values())} should", AGAIN)
        return names[number]

    return decode


DECODERS: Mapping[str, Callable[[int, str], Any]] = {
    "padding": _named(PADDINGS),
    "fused_activation_function": _named(ACTIVATIONS),
    "mode": _named(MODES),
    **dict.fromkeys(("in_data_type", "out_data_type", "out_type", "output_type", "idx_out_type"), dtype_of),
}


def _decoded(name: str, value: Any, where: str) -> Any:
    return DECODERS[name](value, where) if name in DECODERS else value


def _snake(name: str) -> str:
    return re.sub("(?<!^)(?=[A-Z])", "_", name).lower()
