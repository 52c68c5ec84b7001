"""What the standard says of a node's results before it is lowered: their shapes, or that it contradicts itself.

The whole model was checked so when it came in. Here each node is asked again, inside functions and loops too, with what
folding has found its operands to be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import onnx_ir as ir

from converters.errors import MalformedModel
from converters.lowering.node import Node, make_node
from converters.lowering.value import Dim, Value
from converters.validity import NOT_INFERRED, one_line

OVERSTATED = {"STFT"}  # of which onnx 1.23 counts all frequencies where half are asked for
FEW = 2**10  # entries of an operand that may say what shape is meant
ERRORS = (onnx.shape_inference.InferenceError, onnx.checker.ValidationError, RuntimeError)


@dataclass(frozen=True)
class Stated:
    """The type and the shape of a result; None where they are known only at run time."""

    shape: tuple[Dim, ...] | None
    itemsize: int

    def most_bytes(self, entries: int) -> int | None:
        """Bound the bytes; sizes that depend on data are at most the number of entries that the operands have."""
        return (
            None if self.shape is None else self.itemsize * math.prod(entries if s is None else s for s in self.shape)
        )

    def fits(self, value: Value) -> bool:
        """Tell whether a value may have this shape."""
        if self.shape is None:
            return True
        pairs = zip(self.shape, value.shape, strict=False)
        return len(self.shape) == value.rank and all(a == b or None in (a, b) for a, b in pairs)


def infer(node: Node) -> Sequence[Stated]:
    """Return what is stated of each result; nothing for operators that onnx cannot be asked about.

    Raises `MalformedModel` for operands and attributes that contradict each other.
    """
    graphs = any(isinstance(value, ir.Graph) for value in node.attributes.values())
    if node.domain or graphs or node.op in NOT_INFERRED | {"Constant"}:
        return ()
    values = {f"i{i}": _plain(node, value) for i, value in enumerate(node.inputs) if value is not None}
    names = [f"i{i}" if f"i{i}" in values else "" for i in range(len(node.inputs))]
    outputs = [f"o{i}" for i in range(len(node.outputs))]
    try:
        types = onnx.shape_inference.infer_node_outputs(
            onnx.defs.get_schema(node.op, node.version, node.domain),
            make_node(node, names, outputs),
            {name: type_proto(value) for name, value in values.items()},
            {name: onnx.numpy_helper.from_array(v.array, name) for name, v in values.items() if _says_shape(v)},
            opset_imports=[onnx.helper.make_opsetid("", node.version)],
        )
    except onnx.defs.SchemaError:
        return ()
    except ERRORS as error:
        raise MalformedModel(node.where, one_line(error), "correct the model, or export it again") from error
    return [_stated(types[name]) if name in types else Stated(None, 1) for name in outputs]


def check(node: Node, stated: Sequence[Stated], results: Sequence[Value]) -> None:
    """Raise `MalformedModel` where a result has another shape than the standard gives it."""
    for expected, result in zip(stated, results, strict=False):
        if node.op not in OVERSTATED and not expected.fits(result):
            why = f"it makes {list(result.shape)}, where the standard says {list(expected.shape or ())}"
            raise MalformedModel(node.where, why, "check the model with onnx.checker; if it passes, report this")


def _plain(node: Node, value: Value) -> Value:
    """Return an operand of Range as a scalar: the standard's own AffineGrid passes vectors of one entry."""
    alone = node.op == "Range" and value.data is not None and value.data.size == 1
    return value.rearranged(lambda data: data.reshape(())) if alone else value


def _says_shape(value: Value) -> bool:
    return value.data is not None and value.data.size <= FEW and value.data.dtype.name in SHAPELIKE


SHAPELIKE = {"int32", "int64", "float32", "float64"}


def type_proto(value: Value) -> onnx.TypeProto:
    """Return the type and shape as ONNX's own message."""
    return onnx.helper.make_tensor_type_proto(onnx.helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)


def _stated(kind: onnx.TypeProto) -> Stated:
    tensor = kind.tensor_type
    itemsize = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)).itemsize if tensor.elem_type else 1
    if not kind.HasField("tensor_type") or not tensor.HasField("shape"):
        return Stated(None, itemsize)
    return Stated(tuple(dim.dim_value if dim.HasField("dim_value") else None for dim in tensor.shape.dim), itemsize)
