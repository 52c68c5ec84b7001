"""Nodes of a TF.js graph model: TensorFlow's GraphDef written as JSON.

How each attribute is read back is defined by `operation_mapper.ts` of @tensorflow/tfjs-converter 4.22.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from converters.edge_graph import Array, DType, Op, Tensor, place_of
from converters.errors import Refusal

Json = dict[str, Any]
INT32 = np.dtype(np.int32)
RANGE = np.iinfo(np.int32)
SHARED = 1024  # bytes up to which equal constants are found by content


@dataclass(frozen=True)
class Shape:
    """A tensor's shape as an attribute; None is a size known only at run time."""

    sizes: tuple[int | None, ...]


STORED = {
    **dict.fromkeys(("float32", "float16"), np.dtype(np.float32)),
    **dict.fromkeys(("int8", "uint8", "int16", "uint16", "int32", "int64"), INT32),
    "bool": np.dtype(bool),
}


def stored_dtype(dtype: DType) -> DType:
    """Return the type that TF.js holds a type in: float32, int32 or bool.

    Raises `Refusal` for types of which none of these holds all values, int64 excepted.
    """
    if dtype.name not in STORED:
        raise Refusal("tensor", "the model", f"TF.js has no type for {dtype.name}", "use float32 or int32")
    return STORED[dtype.name]


def dtype_name(dtype: DType) -> str:
    """Return TensorFlow's name of the type that TF.js holds a type in."""
    return {"float32": "DT_FLOAT", "int32": "DT_INT32", "bool": "DT_BOOL"}[stored_dtype(dtype).name]


def encode(value: object) -> Json:
    """Return an attribute's JSON.

    >>> encode(True), encode([1, 2])
    ({'b': True}, {'list': {'i': ['1', '2']}})
    """
    if isinstance(value, list):
        key = "s" if value and isinstance(value[0], str) else "i"
        return {"list": {key: [encode(entry)[key] for entry in value]}}
    if isinstance(value, Shape):
        return {"shape": {"dim": [{"size": str(-1 if size is None else size)} for size in value.sizes]}}
    if isinstance(value, np.dtype):
        return {"type": dtype_name(value)}
    if isinstance(value, str):
        return {"s": base64.b64encode(value.encode()).decode()}
    if isinstance(value, float) and not math.isfinite(value):
        raise Refusal("attribute", "the model", f"a number is {value}, which JSON cannot hold", "use a finite number")
    return {"b": value} if isinstance(value, bool) else {"i": str(value)} if isinstance(value, int) else {"f": value}


class Weight(NamedTuple):
    """A constant: its shape, and its entries in order, in a type and any shape that TF.js holds them in."""

    shape: tuple[int, ...]
    entries: Array


@dataclass
class Nodes:
    """The nodes of one model, written one after the other, and the constants that they read."""

    graph: list[Json] = field(default_factory=list)
    weights: dict[str, Weight] = field(default_factory=dict)  # by the constant's name
    _names: dict[int, str] = field(default_factory=dict)  # by id of the edge tensor
    _constants: dict[object, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _alive: list[object] = field(default_factory=list)  # what `_names` and `_constants` know by id

    def add(self, op: str, inputs: Sequence[str] = (), *, name: str = "", **attributes: object) -> str:
        """Add a node and return its name, which also stands for its first output."""
        unique = self._unique(name or f"n{len(self.graph)}")
        node: Json = {"name": unique, "op": op}
        if inputs:
            node["input"] = [*inputs]
        if attributes:
            node["attr"] = {key: encode(value) for key, value in attributes.items()}
        self.graph.append(node)
        return unique

    def _unique(self, wanted: str) -> str:
        """Return a name without the characters that the runtime reads as syntax, and not used before."""
        base = name = re.sub(r"[^\w./-]", "_", wanted.lstrip("^"))
        number = 1
        while name in self._taken:
            name, number = f"{base}_{number}", number + 1
        self._taken.add(name)
        return name

    def constant(self, data: object, dtype: object = None, *, shape: Sequence[int] | None = None) -> str:
        """Return the name of a constant; equal small ones, and views of the same memory, are one node.

        `shape` is the constant's where `data` are a view of another shape, which to change would copy them.
        """
        array = np.asarray(data, dtype)  # type: ignore[call-overload]
        shape = array.shape if shape is None else tuple(shape)
        key = (shape, *place_of(array)) if array.nbytes > SHARED else (array.dtype.str, shape, array.tobytes())
        if key not in self._constants:
            self._alive.append(array)
            stored = _fitting(array)
            name = self.add("Const", dtype=stored.dtype)
            value = {"dtype": dtype_name(stored.dtype), "tensorShape": encode(Shape(shape))["shape"]}
            self.graph[-1]["attr"]["value"] = {"tensor": value}
            self._constants[key] = name
            self.weights[name] = Weight(shape, stored)
        return self._constants[key]

    def name(self, tensor: Tensor) -> str:
        """Return the name that stands for an edge tensor; constants become nodes when first read."""
        if tensor.data is not None:
            return self.constant(data_of(tensor))
        return self._names[id(tensor)]

    def bind(self, tensor: Tensor, name: str) -> None:
        """Say which node's output stands for an edge tensor."""
        self._alive.append(tensor)
        self._names[id(tensor)] = name

    def operands(self, op: Op) -> list[str]:
        """Return the names of an operator's operands, without those left out."""
        return [self.name(tensor) for tensor in op.inputs if tensor is not None]


def data_of(tensor: Tensor) -> Array:
    """Return a constant's entries in the tensor's own shape."""
    if tensor.data is None:
        raise ValueError(f"{tensor.name} is no constant")
    return tensor.data.reshape([size or 0 for size in tensor.shape])


def operand(op: Op, index: int) -> Tensor:
    """Return an operand that every operator of this kind has."""
    tensor = op.inputs[index]
    if tensor is None:
        raise ValueError(f"{op.kind} of {op.where} lacks its operand {index}")
    return tensor


def _fitting(array: Array) -> Array:
    """Return the array in the type that TF.js holds it in.

    Raises `Refusal` for whole numbers beyond 32 bits.
    """
    if array.dtype.kind in "iu" and array.dtype != INT32 and array.size:
        low, high = int(array.min()), int(array.max())
        if low < RANGE.min or high > RANGE.max:
            why = f"it holds whole numbers in {low}..{high}, and TF.js has 32 bits"
            raise Refusal("Constant", "a constant", why, "use numbers that fit int32")
    return array.astype(stored_dtype(array.dtype), copy=False)
