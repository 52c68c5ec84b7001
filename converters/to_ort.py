"""ONNX graph → ORT format, the flatbuffer that mobile builds of ONNX Runtime load without parsing ONNX.

onnxruntime writes the format itself, but which types each kernel resolved to comes out of a hash table there, in
another order each time. That part is written again here, sorted, so that equal graphs give equal bytes.
Format: onnxruntime/core/flatbuffers/schema/ort.fbs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import flatbuffers
import onnx_ir as ir
import onnxruntime
from flatbuffers import number_types
from flatbuffers.table import Table

from converters.errors import MalformedModel
from converters.exported import Exported
from converters.layouts import only_keep
from converters.to_onnx import serialize

VERSION, MODEL, RESOLVER = 0, 1, 3  # fields of InferenceSession
T = TypeVar("T")
Constraints = list[tuple[str, list[tuple[int, int]]]]  # (type name, [(input or output, its index)])


def export(
    model: ir.Model,
    *,
    precision: str,  # noqa: ARG001 - the graph is in its precision already
    layout: str = "keep",
) -> Exported:
    """Return `{".ort": bytes}`, optimised only as far as every execution provider can follow.

    Raises `MalformedModel` for a graph that onnxruntime does not load, and `ConversionError` for a layout
    other than `keep`.
    """
    only_keep(layout, "ort")
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.add_session_config_entry("session.save_model_format", "ORT")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "model.ort")
        options.optimized_model_filepath = str(target)
        try:
            onnxruntime.InferenceSession(serialize(model), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its errors share no class
            raise MalformedModel("model", f"onnxruntime refuses it ({error})", "correct the model") from error
        return Exported({".ort": sort_kernel_types(target.read_bytes())})


def sort_kernel_types(data: bytes) -> bytes:
    """Return the same ORT file with its kernel types sorted and its model part kept byte for byte.

    Flatbuffers are written back to front: the model, written before the kernel types, is the tail of the file.
    """
    session = Table(data, int.from_bytes(data[:4], "little"))
    model = _child(session, MODEL)
    vtable = model.Pos - model.Get(number_types.SOffsetTFlags, model.Pos)
    tail = data[min(model.Pos, vtable) :]
    builder = flatbuffers.Builder(2 * len(data))
    builder.Bytes[-len(tail) :] = tail
    builder.head -= len(tail)
    builder.minalign = 64  # the tail's tables keep the alignment that they were written with
    resolver = _write_operators(builder, sorted(_read_operators(_child(session, RESOLVER))))
    builder.StartObject(4)
    builder.PrependUOffsetTRelativeSlot(RESOLVER, resolver, 0)
    builder.PrependUOffsetTRelativeSlot(MODEL, len(data) - model.Pos, 0)
    builder.PrependUOffsetTRelativeSlot(VERSION, len(data) - _child(session, VERSION).Pos, 0)
    builder.Finish(builder.EndObject(), file_identifier=b"ORTM")
    return bytes(builder.Output())


def _child(table: Table, field: int) -> Table:
    return Table(table.Bytes, table.Indirect(table.Pos + table.Offset(4 + 2 * field)))


def _children(table: Table, field: int) -> Iterator[Table]:
    slot = table.Offset(4 + 2 * field)
    for i in range(table.VectorLen(slot) if slot else 0):
        yield Table(table.Bytes, table.Indirect(table.Vector(slot) + 4 * i))


def _text(table: Table, field: int) -> str:
    return str(table.String(table.Pos + table.Offset(4 + 2 * field)).decode())


def _read_operators(resolver: Table) -> list[tuple[str, Constraints]]:
    return [
        (
            _text(operator, 0),
            sorted((_text(c, 0), [_read_argument(a) for a in _children(c, 1)]) for c in _children(operator, 1)),
        )
        for operator in _children(resolver, 0)
    ]


def _read_argument(argument: Table) -> tuple[int, int]:
    kind = argument.GetSlot(4, 0, number_types.Int8Flags)
    return int(kind), int(argument.GetSlot(6, 0, number_types.Uint32Flags))


def _write_operators(builder: flatbuffers.Builder, operators: list[tuple[str, Constraints]]) -> int:
    return _write_table(
        builder, [_vector(builder, operators, lambda row: _write_named(builder, row, _write_constraint))]
    )


def _write_constraint(builder: flatbuffers.Builder, row: tuple[str, list[tuple[int, int]]]) -> int:
    return _write_named(builder, row, _write_argument)


def _write_named(
    builder: flatbuffers.Builder, row: tuple[str, list[T]], write: Callable[[flatbuffers.Builder, T], int]
) -> int:
    name = builder.CreateString(row[0])
    return _write_table(builder, [name, _vector(builder, row[1], lambda item: write(builder, item))])


def _write_table(builder: flatbuffers.Builder, offsets: list[int]) -> int:
    builder.StartObject(len(offsets))
    for field, offset in enumerate(offsets):
        builder.PrependUOffsetTRelativeSlot(field, offset, 0)
    return int(builder.EndObject())


def _vector(builder: flatbuffers.Builder, items: list[T], write: Callable[[T], int]) -> int:
    offsets = [write(item) for item in items]
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _write_argument(builder: flatbuffers.Builder, argument: tuple[int, int]) -> int:
    builder.StartObject(2)
    builder.PrependInt8Slot(0, argument[0], 0)
    builder.PrependUint32Slot(1, argument[1], 0)
    return int(builder.EndObject())
