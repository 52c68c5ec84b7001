"""Evaluates nodes whose operands are all constant, with ONNX's reference implementation."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

from converters.edge_graph import Array
from converters.lowering.builder import LARGEST
from converters.lowering.node import Node


def fold(node: Node) -> list[Array]:
    """Return the outputs of a node with constant operands.

    Raises `Refusal` when the reference implementation cannot run it.
    """
    if _entries(node) > LARGEST:
        raise node.refuse(
            f"its constant result would hold {_entries(node):,} entries", "compute it when the model runs"
        )
    feeds = {f"i{i}": value.data for i, value in enumerate(node.inputs) if value is not None and value.data is not None}
    names = [f"i{i}" if f"i{i}" in feeds else "" for i in range(len(node.inputs))]
    outputs = [name or f"unused{i}" for i, name in enumerate(node.outputs)]
    proto = make_node(node, names, outputs)
    graph = onnx.helper.make_graph(
        [proto],
        "fold",
        [onnx.helper.make_tensor_value_info(name, _type(data), data.shape) for name, data in feeds.items()],
        [onnx.helper.make_empty_tensor_value_info(name) for name in outputs],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid(node.domain, node.version)])
    try:
        results = list(ReferenceEvaluator(model).run(None, feeds))
    except Exception as error:  # the reference implementation raises whatever it meets
        raise node.refuse(f"it cannot be evaluated beforehand ({error})", "correct the model's constants") from error
    if not all(isinstance(result, np.ndarray | np.generic) for result in results):
        raise node.refuse("it makes a sequence, which has no counterpart", "use a model of tensors alone")
    return [np.asarray(result) for result in results]


def _entries(node: Node) -> int:
    """Return how many entries the result may have, for operators that can make much of little."""
    operands = [value.array for value in node.inputs if value is not None]
    growth = GROWTH.get(node.op)
    if growth is not None:
        return max(0, int(growth(*operands)))
    return int(np.prod(np.broadcast_shapes(*(array.shape for array in operands)))) if node.op in BROADCAST else 0


def _product(sizes: Array) -> int:
    return math.prod(int(size) for size in sizes.reshape(-1))


GROWTH: Mapping[str, Callable[..., float]] = {
    "ConstantOfShape": _product,
    "Expand": lambda x, shape: x.size * _product(shape),
    "MatMul": lambda x, y: x.size * y.size // max(math.prod(y.shape[-2:-1] or x.shape[-1:]), 1) ** 2,
    "OneHot": lambda x, depth, *_: x.size * _product(depth),
    "Pad": lambda x, pads, *_: math.prod(int(size + np.abs(pads).sum()) for size in x.shape),
    "Range": lambda start, limit, delta: (limit.sum() - start.sum()) / (delta.sum() or 1),
    "Tile": lambda x, repeats: x.size * _product(repeats),
}
BROADCAST = {"Add", "And", "Div", "Equal", "Greater", "Less", "Max", "Min", "Mod", "Mul", "Or", "Pow", "Sub", "Where"}


def make_node(node: Node, inputs: Sequence[str], outputs: Sequence[str]) -> onnx.NodeProto:
    """Return the node as ONNX's own message, with these names."""
    proto = onnx.helper.make_node(node.op, inputs, outputs, domain=node.domain)
    for name, value in node.attributes.items():
        value = onnx.numpy_helper.from_array(value) if hasattr(value, "dtype") else value
        empty = isinstance(value, Sequence) and not value
        kind = onnx.AttributeProto.INTS if empty else None
        proto.attribute.append(onnx.helper.make_attribute(name, value, attr_type=kind))
    return proto


def _type(data: Array) -> int:
    return int(onnx.helper.np_dtype_to_tensor_dtype(data.dtype))
