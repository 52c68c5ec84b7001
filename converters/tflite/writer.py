"""Edge graph → bytes of a .tflite file.

The format is a flatbuffer (schema: `ai_edge_litert.schema_py_generated`). Everything but the weights is packed by the
flatbuffers library; the weights are appended behind it one after the other, and the offsets that point at them are
written into place. So the weights are copied once, whatever their size. Offsets are unsigned 32 bits: 2 GiB at most.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from converters.edge_graph import Array, Graph, Op, Quantization, Tensor, place_of
from converters.errors import Refusal
from converters.tflite.options import EMPTY, dtype_code, operator_code, set_options

ALIGNMENT = 16  # of buffers, in bytes: `force_align` in the schema
LARGEST = 2**31 - 2**20
SHARED = 1024  # equal constants up to this many bytes are written once
CHUNK = 2**24  # bytes copied at a time
LARGEST_SIZE = 2**31 - 1


def serialize(graph: Graph) -> bytes:
    """Return the file. Equal graphs give equal bytes.

    Raises `Refusal` for more than 2 GiB of weights, and for sizes of tensors that 32 bits do not hold.
    """
    pool = BufferPool()
    codes: dict[str, int] = {}
    model = schema.ModelT()
    model.version = 3
    model.description = b"edgewise"
    model.subgraphs = [_subgraph(graph, "main", pool, codes)]
    model.signatureDefs = [_signature(graph)]
    model.operatorCodes = [operator_code(kind) for kind in codes]
    model.buffers = [schema.BufferT(), *(_placeholder() for _ in pool.arrays)]
    builder = flatbuffers.Builder(2**16)
    builder.Finish(model.Pack(builder), b"TFL3")
    return _append_buffers(bytearray(builder.Output()), pool.arrays)


@dataclass
class BufferPool:
    """The constants of a model, each once; buffer 0 is the empty one of tensors without data."""

    arrays: list[Array] = field(default_factory=list)
    known: dict[object, int] = field(default_factory=dict)

    def index(self, data: Array) -> int:
        """Return the number of the buffer that holds this array."""
        key = place_of(data) if data.nbytes > SHARED else (data.dtype.str, data.shape, data.tobytes())
        if key not in self.known:
            self.arrays.append(data)
            self.known[key] = len(self.arrays)
        return self.known[key]


def _subgraph(graph: Graph, name: str, pool: BufferPool, codes: dict[str, int]) -> schema.SubGraphT:
    tensors = list(graph.tensors())
    index = {id(tensor): i for i, tensor in enumerate(tensors)}
    index[id(None)] = -1
    result = schema.SubGraphT()
    result.name = name.encode()
    result.tensors = [_tensor(tensor, i, pool) for i, tensor in enumerate(tensors)]
    result.inputs = [index[id(tensor)] for tensor in graph.inputs]
    result.outputs = [index[id(tensor)] for tensor in graph.outputs]
    result.operators = [_operator(op, index, codes) for op in graph.ops]
    return result


def _tensor(tensor: Tensor, number: int, pool: BufferPool) -> schema.TensorT:
    result = schema.TensorT()
    result.name = (tensor.name or f"t{number}").encode()
    largest = max((size for size in tensor.shape if size is not None), default=0)
    if largest > LARGEST_SIZE:
        where = f"tensor {tensor.name or number!r}"
        raise Refusal("model", where, f"it has a size of {largest:,} and TFLite counts in 32 bits", "make it smaller")
    result.type = dtype_code(tensor.dtype)
    result.shape = [1 if size is None else size for size in tensor.shape]
    if None in tensor.shape:
        result.shapeSignature = [-1 if size is None else size for size in tensor.shape]
    result.hasRank = True
    result.buffer = 0 if tensor.data is None else pool.index(tensor.data)
    result.quantization = None if tensor.quantization is None else _quantization(tensor.quantization)
    return result


def _quantization(quantization: Quantization) -> schema.QuantizationParametersT:
    result = schema.QuantizationParametersT()
    result.scale = quantization.scale.astype(np.float32)
    result.zeroPoint = quantization.zero_point.astype(np.int64)
    result.quantizedDimension = quantization.axis
    return result


def _operator(op: Op, index: dict[int, int], codes: dict[str, int]) -> schema.OperatorT:
    result = schema.OperatorT()
    result.opcodeIndex = codes.setdefault(op.kind, len(codes))
    result.inputs = [index[id(tensor)] for tensor in op.inputs]
    result.outputs = [index[id(tensor)] for tensor in op.outputs]
    set_options(result, op, op.attributes)
    return result


def _signature(graph: Graph) -> schema.SignatureDefT:
    """Name inputs and outputs, so that runtimes can offer them by name."""
    index = {id(tensor): i for i, tensor in enumerate(graph.tensors())}
    result = schema.SignatureDefT()
    result.signatureKey = b"serving_default"
    result.inputs, result.outputs = (
        [_tensor_map(tensor, index[id(tensor)]) for tensor in tensors] for tensors in (graph.inputs, graph.outputs)
    )
    return result


def _tensor_map(tensor: Tensor, index: int) -> schema.TensorMapT:
    result = schema.TensorMapT()
    result.name, result.tensorIndex = tensor.name.encode(), index
    return result


def _placeholder() -> schema.BufferT:
    result = schema.BufferT()
    result.data = EMPTY
    return result


def _append_buffers(head: bytearray, arrays: Sequence[Array]) -> bytes:
    """Append the arrays as vectors of bytes, and point the buffers' offsets at them."""
    model = schema.Model.GetRootAs(head)
    end = len(head)
    for i, array in enumerate(arrays):
        table = model.Buffers(i + 1)._tab
        slot = table.Pos + table.Offset(4)
        start = _aligned(end + 4) - 4  # the vector's length stands before its first byte
        np.frombuffer(head, "<u4", 1, slot)[:] = start - slot
        end = start + 4 + array.nbytes
    if end > LARGEST:
        raise Refusal("model", "weights", f"they take {end:,} bytes and TFLite allows 2 GiB", "use a smaller precision")
    return _joined(head, arrays)


def _aligned(position: int) -> int:
    return -(-position // ALIGNMENT) * ALIGNMENT


def _joined(head: bytearray, arrays: Sequence[Array]) -> bytes:
    stream = io.BytesIO()
    stream.write(head)
    for array in arrays:
        position = stream.tell()
        stream.write(bytes(_aligned(position + 4) - 4 - position))
        stream.write(array.nbytes.to_bytes(4, "little"))
        for piece in _pieces(array):
            stream.write(piece)
    return stream.getvalue()


def _pieces(array: Array) -> Iterator[bytes | memoryview]:
    """Yield the array's bytes in row-major order; strided views are copied a few rows at a time."""
    if array.flags.c_contiguous or array.nbytes <= CHUNK:
        yield array.tobytes() if array.nbytes <= CHUNK else array.reshape(-1).view(np.uint8).data
        return
    rows = max(1, CHUNK * len(array) // array.nbytes)
    for start in range(0, len(array), rows):
        yield from _pieces(array[start : start + rows]) if rows > 1 else [array[start].tobytes()]
