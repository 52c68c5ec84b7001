"""The functions by which the standard defines operators."""

from __future__ import annotations

from typing import Any

import onnx
import onnx_ir as ir

from converters.lowering.inference import type_proto
from converters.lowering.node import Node, make_node


def standard_function(node: Node) -> ir.Function | None:
    """Return the body by which the standard defines the operator, if it does so."""
    try:
        schema: Any = onnx.defs.get_schema(node.op, node.version, node.domain)  # its stubs lack the functions
    except onnx.defs.SchemaError:
        raise node.refuse(
            f"domain {node.domain or 'ai.onnx'!r} has no such operator", "use standard operators"
        ) from None
    if schema.has_function:
        body = schema.function_body
    elif schema.has_context_dependent_function:
        types = [b"" if v is None else type_proto(v).SerializeToString() for v in node.inputs]
        text = schema.get_context_dependent_function_with_opset_version(
            node.version, _node_proto(node).SerializeToString(), types
        )
        body = onnx.FunctionProto.FromString(text)
    else:
        return None
    produced = {*body.input, *(name for inner in body.node for name in inner.output)}
    for i, name in enumerate(body.output):
        if name not in produced:  # optional outputs that this node leaves out: anything that is defined will do
            body.output[i] = body.input[0]
    return ir.serde.deserialize_function(body) if body.node else None


def defaults(node: Node) -> dict[str, Any]:
    """Return the attributes that the standard gives a node which does not state them."""
    schema: Any = onnx.defs.get_schema(node.op, node.version, node.domain)
    given = {name: attr.default_value for name, attr in schema.attributes.items() if attr.default_value.name}
    return {name: onnx.helper.get_attribute_value(value) for name, value in given.items()}


def _node_proto(node: Node) -> onnx.NodeProto:
    names = ["" if value is None else f"i{i}" for i, value in enumerate(node.inputs)]
    return make_node(node, names, node.outputs)
