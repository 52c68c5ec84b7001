"""Builds the ONNX graph: nodes, constants, and the names of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx_ir as ir

from converters.edge_graph import Array, DType, place_of

SMALL = 1024  # bytes up to which equal constants are kept once


@dataclass
class Builder:
    """The nodes so far, in an order in which they can run; `taken` are the names of values."""

    nodes: list[ir.Node] = field(default_factory=list)
    initializers: list[ir.Value] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    known: dict[object, tuple[ir.Value, Array]] = field(default_factory=dict)  # the array only so that it lives

    def op(self, kind: str, *inputs: ir.Value | None, **attributes: Any) -> ir.Value:
        """Add a node with one output."""
        return self.ops(kind, inputs, 1, **attributes)[0]

    def ops(self, kind: str, inputs: Sequence[ir.Value | None], count: int, **attributes: Any) -> list[ir.Value]:
        """Add a node with several outputs."""
        node = ir.node(kind, inputs, attributes, num_outputs=count)
        self.nodes.append(node)
        return list(node.outputs)

    def constant(self, data: Array | Sequence[int] | float, dtype: Any = None, name: str = "") -> ir.Value:
        """Return an initializer, one for equal data; whole numbers in a list become int64, as ONNX wants shapes."""
        if not isinstance(data, np.ndarray):
            data = np.array(data, dtype or (np.int64 if isinstance(data, Sequence) else np.float32))
        key = (data.dtype.str, data.shape, data.tobytes()) if data.nbytes <= SMALL else place_of(data)
        if key not in self.known:
            self.known[key] = self.unshared(data, name), data
        return self.known[key][0]

    def unshared(self, data: Array, name: str = "") -> ir.Value:
        """Return an initializer of its own, even if there is one with the same data."""
        tensor = ir.Tensor(np.ascontiguousarray(data).reshape(data.shape))
        value = ir.Value(type=ir.TensorType(tensor.dtype), shape=ir.Shape(data.shape), const_value=tensor)
        value.name = self.unique(name or "constant")
        self.initializers.append(value)
        return value

    def cast(self, value: ir.Value, dtype: DType | type[np.generic]) -> ir.Value:
        """Convert the type of entries; a constant is converted here."""
        if value.const_value is not None:
            return self.constant(value.const_value.numpy().astype(dtype))
        return self.op("Cast", value, to=int(ir.DataType.from_numpy(np.dtype(dtype))))

    def unique(self, name: str) -> str:
        """Return a name that no value has, and take it."""
        candidate, number = name or "value", 1
        while candidate in self.taken:
            number += 1
            candidate = f"{name or 'value'}_{number}"
        self.taken.add(candidate)
        return candidate
