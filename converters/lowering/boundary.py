"""Inputs and outputs of the edge graph: ONNX's names, order and types, in ONNX's axes or with channels last."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from converters.edge_graph import Tensor
from converters.errors import Refusal
from converters.lowering.builder import HALVES, Builder
from converters.lowering.images import RANKS, channels_last
from converters.lowering.shapes import transpose
from converters.lowering.value import Atom, Value

FLOAT32 = np.dtype(np.float32)


def read_input(builder: Builder, value: ir.Value, symbols: dict[str, Atom], last: frozenset[str]) -> Value:
    """Return ONNX's view on a new public input; those named in `last` lie channels last.

    `symbols` are the sizes known only at run time by their names, which inputs share.
    """
    where = f"input {value.name!r}"
    if value.shape is None or value.dtype is None:
        raise Refusal("input", where, "its type or rank is not stated", "state the shape of every input")
    builder.where, builder.operator = where, "input"
    dtype = dtype_of(value.dtype, where)
    if dtype.name not in HALVES and (dtype.kind not in "biufc" or not dtype.isbuiltin):
        raise builder.refuse(f"{builder.target.name} has no inputs of type {value.dtype.name}", "use float32 or int32")
    sizes = sizes_of(value.shape) or []
    order = channels_last(len(sizes)) if value.name in last else [*range(len(sizes))]
    tensor = Tensor(dtype, tuple(sizes[axis] for axis in order), name=value.name or "")
    builder.check_size(tensor)
    builder.graph.inputs.append(tensor)
    stored = builder.value(builder.cast(tensor, FLOAT32) if tensor.dtype.name in HALVES else tensor)
    view = transpose(stored, [order.index(axis) for axis in range(len(order))])
    names = [str(dim) if not isinstance(dim, int) and dim.value is not None else "" for dim in value.shape]
    known: dict[Atom, tuple[Atom, ...]] = {}
    for name, (atom,) in zip(names, view.dims, strict=True):
        if name and (symbol := symbols.setdefault(name, atom)) not in {a for (a,) in known.values()}:
            known[atom] = (symbol,)
    return view.substitute(known)


def dtype_of(dtype: ir.DataType, where: str) -> np.dtype[Any]:
    """Return the numpy type of an ONNX type."""
    try:
        return np.dtype(dtype.numpy())
    except TypeError as error:
        raise Refusal("tensor", where, f"type {dtype.name} has no counterpart", "use float32") from error


def write_output(builder: Builder, value: Value, declared: ir.Value, last: frozenset[str]) -> Tensor:
    """Return the tensor of a public output: one of its own, in ONNX's type; those named in `last` lie channels last."""
    builder.where, builder.operator = f"output {declared.name!r}", "output"
    if declared.name in last and value.rank in RANKS:
        value = transpose(value, channels_last(value.rank))
    tensor = builder.tensor(value)
    if tensor.data is not None and 0 in tensor.shape:
        raise builder.refuse(f"{builder.target.name} cannot return a constant without entries", "remove this output")
    if declared.dtype is not None and dtype_of(declared.dtype, builder.where).name in HALVES:
        tensor = builder.cast(tensor, np.dtype(declared.dtype.numpy()))
    taken = tensor.data is not None or tensor in builder.graph.inputs or tensor in builder.graph.outputs
    if taken:
        shape = builder.exact_sizes(builder.view(value).dims)
        tensor = builder.emit("RESHAPE", [tensor], [shape], shape=tensor.shape)
    tensor.name = declared.name or ""
    return tensor


def sizes_of(shape: ir.Shape | None) -> list[int | None] | None:
    """Return the sizes that a model states, None for those known only at run time; None if it states no shape."""
    return None if shape is None else [dim if isinstance(dim, int) else None for dim in shape]
