"""Builds the small models that the faults are put into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper
from onnx.numpy_helper import from_array

OPSET = 17


def value(name: str, shape: Sequence[int | str | None] | None, dtype: int = TensorProto.FLOAT) -> ValueInfoProto:
    """Return a description of a tensor."""
    return helper.make_tensor_value_info(name, dtype, shape)


def node(op: str, inputs: str, outputs: str = "y", **attributes: Any) -> NodeProto:
    """Return a node named `the_node`; the names of inputs and outputs are separated by spaces."""
    return helper.make_node(op, inputs.split(), outputs.split(), name="the_node", **attributes)


def model(
    *nodes: NodeProto,
    inputs: Mapping[str, Sequence[int | str | None] | None] | None = None,
    tensors: dict[str, Any] | None = None,
    opset: int = OPSET,
    functions: Sequence[FunctionProto] = (),
) -> ModelProto:
    """Return a model from `x` [1, 4] (by default) to `y`; `tensors` are arrays, or messages, by name."""
    given = {"x": [1, 4]} if inputs is None else inputs
    initializers = [data if isinstance(data, TensorProto) else from_array(np.asarray(data), name)
                    for name, data in (tensors or {}).items()]  # fmt: skip
    graph = helper.make_graph(
        nodes, "graph", [value(*item) for item in given.items()], [value("y", None)], initializers
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("local", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, functions=functions)


def tensor(name: str, shape: Sequence[int], dtype: int = TensorProto.FLOAT, **fields: Any) -> TensorProto:
    """Return a tensor message that may say anything."""
    return TensorProto(name=name, dims=shape, data_type=dtype, **fields)


def external(location: str, *, offset: int = 0, length: int = 16, shape: Sequence[int] = (4,)) -> TensorProto:
    """Return a float tensor `w` whose bytes lie in another file."""
    result = tensor("w", shape, data_location=TensorProto.EXTERNAL)
    for key, entry in {"location": location, "offset": str(offset), "length": str(length)}.items():
        result.external_data.add(key=key, value=entry)
    return result


def graph(*nodes: NodeProto, inputs: str = "", outputs: str = "s", tensors: Sequence[TensorProto] = ()) -> GraphProto:
    """Return a subgraph; its inputs and outputs say nothing of shapes."""
    given, results = ([onnx.ValueInfoProto(name=name) for name in names.split()] for names in (inputs, outputs))
    return helper.make_graph(nodes, "body", given, results, tensors)


def function(name: str, *nodes: NodeProto) -> FunctionProto:
    """Return a function of the domain `local` from `a` to `b`."""
    return helper.make_function("local", name, ["a"], ["b"], nodes, [helper.make_opsetid("", OPSET),
                                                                     helper.make_opsetid("local", 1)])  # fmt: skip


def call(name: str, given: str, result: str) -> NodeProto:
    """Return a call of such a function."""
    return helper.make_node(name, [given], [result], domain="local", name=f"calls_{name}")


def with_attribute(base: NodeProto, name: str, kind: int, **fields: Any) -> NodeProto:
    """Return the node with one attribute of any type and content."""
    result = NodeProto()
    result.CopyFrom(base)
    result.attribute.append(AttributeProto(name=name, type=kind, **fields))  # type: ignore[arg-type]
    return result
