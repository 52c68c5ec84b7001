"""Type conversion, constants and shapes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx_ir as ir

from converters.edge_graph import DType
from converters.lowering import arithmetic as a
from converters.lowering import tables as t
from converters.lowering.builder import widened
from converters.lowering.node import Node, lowers
from converters.lowering.reshaping import numel
from converters.lowering.shapes import broadcast_to
from converters.lowering.value import Atom, Atoms, Value

INT64 = np.dtype(np.int64)


@lowers("Cast", "CastLike")
def cast(node: Node) -> Value:
    """Convert the type; float16 is computed in float32 but rounded as float16 would be."""
    dtype = node[1].dtype if node.op == "CastLike" else ir.DataType(node.attribute("to")).numpy()
    return convert(node, node.x, np.dtype(dtype))


def convert(node: Node, x: Value, dtype: DType) -> Value:
    """Convert as ONNX defines it."""
    if dtype == np.float16:
        return a.cast(a.cast(x, dtype), a.FLOAT32)
    if dtype.name not in SUPPORTED:
        raise node.refuse(f"{dtype.name} has no counterpart", "use float32")
    sizes = x.elements if {x.dtype.name, dtype.name} <= {"int32", "int64"} else None  # all sizes fit either
    return replace(a.cast(x, dtype), elements=sizes)


SUPPORTED = {"float32", "float64", "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64"}


@lowers("Constant")
def constant(node: Node) -> Value:
    """Return a tensor, however the attributes spell it."""
    ((name, value),) = ((k, v) for k, v in node.attributes.items() if k.startswith("value"))
    dtype = INT64 if "int" in name else a.FLOAT32 if "float" in name else None
    if name in ("sparse_value", "value_string", "value_strings"):
        raise node.refuse(f"{name} has no counterpart", "use a dense tensor of numbers")
    array = np.asarray(value) if dtype is None else np.asarray(value, dtype)
    return node.builder.weight(array)


@lowers("Shape")
def shape(node: Node) -> Value:
    """Return the shape, of which sizes unknown until run time stay symbols as long as possible."""
    start, end = (node.attribute(name, default) for name, default in (("start", 0), ("end", node.x.rank)))
    return shape_vector(node.x, slice(start, end))


def shape_vector(x: Value, part: slice) -> Value:
    """Return a part of the shape as an int64 vector."""
    sizes = x.shape[part]
    if None not in sizes:
        return x.builder.constant(np.array(sizes, np.int64))
    builder = x.builder
    groups = x.dims[part]
    tensor = builder.cast(builder.exact_sizes(groups), INT64)
    entries = [size if size is not None else _symbol(g) for size, g in zip(sizes, groups, strict=True)]
    return builder.symbolic(builder.value(tensor), [entry for entry in entries if entry is not None])


def _symbol(group: Atoms) -> Atom | None:
    return group[0] if len(group) == 1 else None


@lowers("Size")
def size(node: Node) -> Value:
    """Count the elements."""
    count = numel(node.x)
    if count is not None:
        return node.builder.constant(np.array(count, np.int64))
    return a.reduce("REDUCE_PROD", shape_vector(node.x, slice(None)), [0], keepdims=False)


@lowers("ConstantOfShape")
def constant_of_shape(node: Node) -> Value:
    """Repeat one value to a shape that is known only at run time."""
    value = np.asarray(node.attribute("value", np.zeros(1, np.float32))).reshape(())
    if node.x.elements is None:
        raise node.refuse("its shape is computed when the model runs", "fix the input shapes of the model")
    wanted = [(e,) if isinstance(e, Atom) else (Atom(e),) for e in node.x.elements]
    return broadcast_to(node.builder.constant(value), wanted)


@lowers("EyeLike")
def eye_like(node: Node) -> Value:
    """Put ones on a diagonal, in the shape of the operand."""
    rows, columns = node.x.shape
    if rows is None or columns is None:
        raise node.refuse("its shape is known only at run time", "fix the input shapes of the model")
    dtype = ir.DataType(node.attribute("dtype")).numpy() if "dtype" in node.attributes else node.x.dtype
    return node.builder.constant(widened(t.eye(rows, columns, node.attribute("k", 0), dtype)))


@lowers("Dropout")
def dropout(node: Node) -> list[Value]:
    """Return the operand itself: at inference nothing is dropped."""
    training = node.constant(2, "training_mode")
    if training is not None and bool(training):
        raise node.refuse("it is in training mode", "export the model in inference mode")
    if len(node.outputs) < 2 or not node.outputs[1]:
        return [node.x]
    if node.x.data is None and None in node.x.shape:
        raise node.refuse("its mask has a size known only at run time", "fix the input shapes of the model")
    return [node.x, broadcast_to(node.builder.constant(True), [(Atom(size),) for size in node.x.shape])]
