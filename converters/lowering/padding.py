"""Values put before and after dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from converters.edge_graph import Tensor
from converters.lowering import tables as t
from converters.lowering.builder import INT32
from converters.lowering.layout import Isolated, isolate
from converters.lowering.shapes import squeeze
from converters.lowering.value import Dim, Value


def pad(x: Value, widths: Mapping[int, tuple[int, int]], value: float | Value = 0) -> Value:
    """Put `value` before and after some dimensions."""
    widths = {dim: width for dim, width in widths.items() if width != (0, 0)}
    if not widths:
        return x
    if x.data is not None and not isinstance(value, Value):
        full = [widths.get(dim, (0, 0)) for dim in range(x.rank)]
        return x.builder.constant(t.pad(x.data, full, constant_values=value))
    isolated = isolate(x, widths)
    builder = isolated.view.builder
    table, shape = _padding_table(isolated, widths)
    if value == 0:
        tensor = builder.emit("PAD", [isolated.tensor], [table], shape=shape)
    else:
        tensor = _pad_with(isolated, value, table, shape)
    return isolated.result(tensor, changed=widths)


def _pad_with(isolated: Isolated, value: float | Value, table: Tensor, shape: Sequence[Dim]) -> Tensor:
    """Emit PADV2, whose fill has the operand's type."""
    builder, dtype = isolated.view.builder, isolated.tensor.dtype
    compute = builder.compute_dtype("PADV2", dtype)
    if isinstance(value, Value):
        fill = builder.tensor(squeeze(value, range(value.rank)))
    else:
        fill = Tensor(dtype, (), np.array(value, dtype))
    result = Tensor(compute, tuple(shape))
    operands = [builder.cast(isolated.tensor, compute), table, builder.cast(fill, compute)]
    builder.append("PADV2", list(operands), [result], {})
    return builder.cast(result, dtype)


def _padding_table(isolated: Isolated, widths: Mapping[int, tuple[int, int]]) -> tuple[Tensor, list[Dim]]:
    """Return the constant `[rank, 2]` of paddings by axis, and the padded shape."""
    by_axis = {isolated.axis_of[dim]: width for dim, width in widths.items()}
    rows = [by_axis.get(axis, (0, 0)) for axis in range(len(isolated.axes))]
    shape = [None if size is None else size + sum(row) for size, row in zip(isolated.tensor.shape, rows, strict=True)]
    return Tensor(INT32, (len(rows), 2), np.array(rows, np.int32)), shape
