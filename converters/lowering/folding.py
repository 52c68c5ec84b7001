"""Evaluates nodes whose operands are all constant, with ONNX's reference implementation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx

from converters.edge_graph import Array
from converters.lowering.inference import Stated
from converters.lowering.node import Node, make_node

WORKING = 4  # times the result: what the reference implementation takes, often in float64


def fold(node: Node, stated: Sequence[Stated]) -> list[Array]:
    """Return the outputs of a node with constant operands, if there is room for what is stated of them.

    Raises `Refusal` when the reference implementation cannot run it.
    """
    entries = sum(value.array.size for value in node.inputs if value is not None)
    for size in (result.most_bytes(entries) for result in stated):
        if size is None:
            raise node.refuse("the shape of its constant result is not known", "compute it when the model runs")
        node.builder.afford(WORKING * size)
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
    from onnx.reference import ReferenceEvaluator  # a tenth of the time that a small model takes, and few need it

    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid(node.domain, node.version)])
    try:
        results = list(ReferenceEvaluator(model).run(None, feeds))
    except Exception as error:  # the reference implementation raises whatever it meets
        raise node.refuse(f"it cannot be evaluated beforehand ({error})", "correct the model's constants") from error
    if not all(isinstance(result, np.ndarray | np.generic) for result in results):
        raise node.refuse("it makes a sequence, which has no counterpart", "use a model of tensors alone")
    return [np.asarray(result) for result in results]


def _type(data: Array) -> int:
    return int(onnx.helper.np_dtype_to_tensor_dtype(data.dtype))
