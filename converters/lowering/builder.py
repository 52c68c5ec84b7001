"""Builds the edge graph: emits operators in types the target can compute, and folds what is constant."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from converters.edge_graph import Array, DType, Graph, Op, Tensor
from converters.errors import Refusal
from converters.lowering import layout
from converters.lowering.alignment import align
from converters.lowering.folds import FOLDS
from converters.lowering.tables import broadcast
from converters.lowering.target import Target
from converters.lowering.value import Atom, Atoms, Dim, Operand, Value, size_of

LARGEST = 2**28  # entries of a tensor: 1 GiB in float32
MOST_MADE = 2**27  # bytes of computed constants, beside what follows from weights
# Kinds that LiteRT does not run on tensors without entries.
NEVER_EMPTY = {"ARG_MAX", "ARG_MIN", "AVERAGE_POOL_2D", "BATCH_MATMUL", "CONV_2D", "CONV_3D", "CONV_3D_TRANSPOSE",
               "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "MAX_POOL_2D", "TRANSPOSE_CONV"}  # fmt: skip
REARRANGING = {"RESHAPE", "TRANSPOSE"}  # their results mean what the operand means
HALVES = {"float16", "bfloat16"}  # computed in float32, which holds them exactly
INT32 = np.dtype(np.int32)


class Builder:
    """One edge graph under construction. `where` names the ONNX node that is being lowered."""

    def __init__(self, target: Target, graph: Graph | None = None) -> None:
        self.target = target
        self.graph = graph or Graph()
        self.where = ""
        self.operator = ""
        self.made = 0  # bytes of constants that were computed
        self.most = MOST_MADE  # of them
        self.arranged: dict[tuple[object, ...], Tensor] = {}
        self._sources: dict[Atom, tuple[Tensor, int]] = {}

    # ---- tensors and values

    def constant(self, data: Operand, dtype: DType | None = None) -> Value:
        """Return a constant that was computed, if there is room for it beside the others."""
        array = np.asarray(data, dtype)
        self.afford(array.nbytes)
        self.made += array.nbytes
        return Value(self, array.dtype, data=array)

    def afford(self, size: int) -> None:
        """Refuse constants that grow beyond all proportion to the model: a small file can ask for any size."""
        if self.made + size > self.most:
            why = f"constants would take up to {self.made + size:,} bytes"
            raise self.refuse(why, "compute them when the model runs, or use smaller sizes")

    def weight(self, array: Array) -> Value:
        """Return a constant of the model; 16-bit floats are computed in float32, which holds them exactly."""
        data = widened(array)
        return Value(self, data.dtype, data=data)

    def symbolic(self, vector: Value, elements: Sequence[int | Atom]) -> Value:
        """Note what the entries of a vector of sizes are; it is a constant if all are numbers."""
        known = tuple(elements)
        if known and not any(isinstance(entry, Atom) for entry in known):
            return self.constant(np.array(known, vector.dtype).reshape([size or 0 for size in vector.shape]))
        return replace(vector, elements=known) if len(known) == (vector.shape or (1,))[0] else vector

    def elements_of(self, vector: Value) -> tuple[int | Atom, ...] | None:
        """Return the entries of a vector of sizes: numbers, and atoms known at run time; None if they are neither."""
        return vector.elements if vector.data is None else tuple(int(entry) for entry in vector.data.reshape(-1))

    def value(self, tensor: Tensor) -> Value:
        """Return a view on a new tensor whose layout is the logical one."""
        dims = tuple((self.atom(tensor, axis),) for axis in range(len(tensor.shape)))
        return Value(self, tensor.dtype, dims=dims, tensor=tensor, axes=dims)

    def atom(self, tensor: Tensor, axis: int) -> Atom:
        """Return a new atom for one axis of a new tensor."""
        atom = Atom(tensor.shape[axis])
        if atom.size is None:
            self._sources[atom] = (tensor, axis)
        return atom

    def twin(self, atom: Atom) -> Atom:
        """Return another atom of the same size, for a view that holds the first one already."""
        other = Atom(atom.size)
        if atom in self._sources:
            self._sources[other] = self._sources[atom]
        return other

    def view(self, value: Value) -> Value:
        """Return the value as a view on a tensor; constants become constant tensors in their own layout."""
        if value.data is None:
            return value
        return self.value(Tensor(value.dtype, value.data.shape, value.data, scale=value.scale))

    def tensor(self, value: Value) -> Tensor:
        """Return a tensor laid out as ONNX sees the value."""
        view = self.view(value)
        return layout.arrange(view, view.dims)

    # ---- operators

    def emit(
        self,
        kind: str,
        operands: Sequence[Tensor],
        parameters: Sequence[Tensor | None] = (),
        *,
        shape: Sequence[Dim],
        dtype: DType | None = None,
        **attributes: Any,
    ) -> Tensor:
        """Emit one operator and return its result.

        `operands` are converted to a type that the target computes this kind in, and the result back; `parameters`
        (indices, axes, sizes) follow them as they are. `dtype` is that of the result; by default the operands'.
        """
        wanted = operands[0].dtype
        compute = self.compute_dtype(kind, wanted)
        inputs = [*(self.cast(operand, compute) for operand in operands), *parameters]
        result = Tensor(dtype or compute, tuple(shape))
        if kind in REARRANGING:  # kernels of 8 bits ask for it
            result.quantization = operands[0].quantization
        self.append(kind, inputs, [result], attributes)
        return result if dtype is not None else self.cast(result, wanted)

    def append(self, kind: str, inputs: list[Tensor | None], outputs: list[Tensor], attributes: dict[str, Any]) -> None:
        """Append an operator as it is."""
        for output in outputs:
            self.check_size(output)
        if kind in NEVER_EMPTY and any(tensor is not None and 0 in tensor.shape for tensor in inputs):
            raise self.refuse("one of its operands has no entries", "use a model without empty tensors")
        self.graph.ops.append(Op(kind, inputs, outputs, attributes, self.where))

    def check_size(self, tensor: Tensor) -> None:
        """Refuse tensors that no edge device holds: whoever writes 1e12 into a shape shall not exhaust memory."""
        entries = math.prod(size for size in tensor.shape if size is not None)
        if entries > LARGEST:
            raise self.refuse(f"it makes a tensor of {entries:,} entries", f"stay below {LARGEST:,} entries")

    def compute_dtype(self, kind: str, dtype: DType) -> DType:
        """Return the type that operands of `dtype` are computed in.

        Raises `Refusal` where the target lacks the operator or an exact type for it.
        """
        if not self.target.has(kind):
            raise self.refuse(f"{self.target.name} has no {kind}", "use a model without this operator")
        compute = self.target.compute_dtype(kind, dtype)
        if compute is None:
            why = f"{self.target.name} has no {kind} that computes {dtype.name} exactly"
            raise self.refuse(why, "export the model with float32 or int32 here")
        return compute

    def refuse(self, why: str, cure: str) -> Refusal:
        """Return the refusal of the node that is being lowered, to be raised."""
        return Refusal(self.operator, self.where, why, cure)

    def cast(self, tensor: Tensor, dtype: DType) -> Tensor:
        """Convert the element type, unless it is that already."""
        if tensor.dtype == dtype:
            return tensor
        if tensor.data is not None:
            return Tensor(dtype, tensor.shape, tensor.data.astype(dtype))
        result = Tensor(dtype, tensor.shape)
        self.compute_dtype("CAST", tensor.dtype)
        self.append("CAST", [tensor], [result], {"in_data_type": tensor.dtype, "out_data_type": dtype})
        return result

    # ---- element by element

    def unary(self, kind: str, x: Value, *, dtype: DType | None = None, **attributes: Any) -> Value:
        """Apply an elementwise kind of one operand, whatever the layout."""
        if x.data is not None and kind in FOLDS:
            return self.constant(FOLDS[kind](x.data).astype(dtype or x.dtype))
        view = layout.compact(self.view(x), self.target.max_rank(kind))
        result = self.emit(kind, [view.stored], shape=view.stored.shape, dtype=dtype, **attributes)
        return replace(view, tensor=result, dtype=result.dtype, elements=None, bound=None)

    def binary(self, kind: str, x: Operand, y: Operand, *, dtype: DType | None = None, **attributes: Any) -> Value:
        """Apply an elementwise kind of two operands with numpy's broadcasting; a bare number takes the other's type."""
        first, second = self.operands(x, y)
        if first.data is not None and second.data is not None and kind in FOLDS:
            with np.errstate(all="ignore"):
                folded = broadcast(FOLDS[kind], first.data, second.data)
                return self.constant(folded.astype(dtype or first.dtype, copy=False))
        return self.elementwise(kind, [first, second], dtype=dtype, **attributes)

    def operands(self, x: Operand, y: Operand) -> list[Value]:
        """Return both as values; a bare number or array takes the type of the other."""
        dtype = next(v.dtype for v in (x, y) if isinstance(v, Value))
        return [v if isinstance(v, Value) else self.constant(v, dtype) for v in (x, y)]

    def elementwise(
        self, kind: str, values: Sequence[Value], *, dtype: DType | None = None, typeless: int = 0, **attributes: Any
    ) -> Value:
        """Emit an elementwise kind of several broadcast operands, of which the first `typeless` keep their type."""
        rank = self.target.kinds[kind].max_rank if self.target.has(kind) else 4
        aligned = align(self, values, rank)
        condition, operands = aligned.tensors[:typeless], aligned.tensors[typeless:]
        shape = aligned.shape
        if typeless:
            compute = self.compute_dtype(kind, operands[0].dtype)
            inputs: list[Tensor | None] = [*condition, *(self.cast(t, compute) for t in operands)]
            raw = Tensor(compute, shape)
            self.append(kind, inputs, [raw], attributes)
            result = self.cast(raw, operands[0].dtype)
        else:
            result = self.emit(kind, operands, shape=shape, dtype=dtype, **attributes)
        return self.laid_out(result, aligned.dims, aligned.axes)

    def laid_out(self, tensor: Tensor, dims: Sequence[Atoms], axes: Sequence[Atoms]) -> Value:
        """Return a view on `tensor`, registering it as the source of atoms that are known only at run time."""
        for axis, group in enumerate(axes):
            for atom in group:
                if atom.size is None and len(group) == 1:
                    self._sources.setdefault(atom, (tensor, axis))
        return Value(self, tensor.dtype, dims=tuple(dims), tensor=tensor, axes=tuple(axes))

    def distinct(self, tensor: Tensor, groups: Sequence[Atoms]) -> tuple[Atoms, ...]:
        """Return the groups for the axes of `tensor`, with new atoms where one would occur twice."""
        seen: set[Atom] = set()
        result: list[Atoms] = []
        for axis, group in enumerate(groups):
            result.append((self.atom(tensor, axis),) if seen & set(group) else group)
            seen |= set(group)
        return tuple(result)

    # ---- sizes known at run time

    def sizes(self, groups: Sequence[Atoms]) -> Tensor:
        """Return an int32 vector of the groups' sizes: a constant, with -1 for one unknown, or computed at run time."""
        known = [size_of(group) for group in groups]
        if known.count(None) <= 1:
            return Tensor(INT32, (len(known),), np.array([-1 if size is None else size for size in known], np.int32))
        parts = [self.runtime_size(group) for group in groups]
        result = Tensor(INT32, (len(parts),))
        self.append("CONCATENATION", list(parts), [result], {"axis": 0, "fused_activation_function": "NONE"})
        return result

    def exact_sizes(self, groups: Sequence[Atoms]) -> Tensor:
        """Return an int32 vector of the groups' sizes without -1."""
        if any(size_of(group) is None for group in groups):
            parts = [self.runtime_size(group) for group in groups]
            return self.emit("CONCATENATION", parts, shape=(len(parts),), axis=0, fused_activation_function="NONE")
        return self.sizes(groups)

    def runtime_size(self, group: Atoms) -> Tensor:
        """Return the size of a group of atoms as an int32 vector of one entry."""
        static = size_of(atom for atom in group if atom.size is not None) or 0
        result = Tensor(INT32, (1,), np.array([static], np.int32))
        for atom in (atom for atom in group if atom.size is None):
            part = self._measure(atom)
            unit = result.data is not None and result.data[0] == 1
            result = part if unit else self.emit("MUL", [result, part], shape=(1,), fused_activation_function="NONE")
        return result

    def _measure(self, atom: Atom) -> Tensor:
        key = ("measure", atom)
        if key not in self.arranged:
            tensor, axis = self._sources[atom]
            shape = Tensor(INT32, (len(tensor.shape),))
            self.append("SHAPE", [tensor], [shape], {"out_type": INT32})
            bounds = [Tensor(INT32, (1,), np.array([bound], np.int32)) for bound in (axis, 1)]
            self.arranged[key] = self.emit("SLICE", [shape], bounds, shape=(1,))
        return self.arranged[key]


def widened(array: Array) -> Array:
    """Return 16-bit floats as float32, and anything else as it is."""
    return array.astype(np.float32) if array.dtype.name in HALVES else array
