"""Cancels transposes: those around operators on images meet, and vanish, once what lies between works on either side.

An operator that reads a transposed value reads the value itself instead, and its result is transposed; so transposes
move towards the outputs, and each one that meets its inverse goes. Numbers do not change: nothing is computed anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import onnx_ir as ir
from onnx_ir.passes.common import RemoveUnusedNodesPass

from converters.lowering.operators.elementwise import BINARY, UNARY, WITH_ATTRIBUTES

Order = Sequence[int]

ELEMENTWISE = {*UNARY, *BINARY, *WITH_ATTRIBUTES, "Cast", "Clip", "IsNaN", "Mean", "Mod", "PRelu", "Pow", "Where"}
REDUCTIONS = {"ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum"}


def cancel_transposes(model: ir.Model) -> None:
    """Change the main graph in place."""
    for node in list(model.graph):
        if node.op_type == "Transpose":
            _compose(node)
        elif node.op_type in RULES and (order := _common_order(node)) is not None:
            after = RULES[node.op_type](node, order)
            if after is not None:
                _take_sources(node)
                _transpose_results(node, after)
    RemoveUnusedNodesPass()(model)


# ---- rules: how a node works before a transpose; each returns the order of axes that follows, or None if it cannot


def _elementwise(node: ir.Node, order: Order) -> Order | None:
    """Constants are transposed the other way."""
    others = [(i, value) for i, value in enumerate(node.inputs) if value is not None and _source(value) is None]
    if any(value.const_value is None or len(value.const_value.shape) > len(order) for _, value in others):
        return None
    for i, value in others:
        if value.const_value is not None and value.const_value.size != 1:
            array = value.const_value.numpy()
            wide = array.reshape((1,) * (len(order) - array.ndim) + array.shape)
            node.replace_input_with(i, _constant(node, value, wide.transpose(np.argsort(order))))
    return order


def _along_axis(node: ir.Node, order: Order) -> Order | None:
    """Concat, Softmax and their like: the attribute `axis` is another one."""
    if any(value is not None and _source(value) is None for value in node.inputs):
        return None
    axis = node.attributes["axis"].as_int() if "axis" in node.attributes else -1
    if not -len(order) <= axis < len(order):
        return None  # whoever checks the model says so
    node.attributes["axis"] = ir.AttrInt64("axis", order[axis])
    return order


def _pad(node: ir.Node, order: Order) -> Order | None:
    """Widths come in the order of the axes, those before all first."""
    widths = node.inputs[1].const_value if node.inputs[1] is not None else None
    if widths is None or node.inputs[1] is None:
        return None
    placed = widths.numpy().reshape(2, len(order))[:, np.argsort(order)]
    node.replace_input_with(1, _constant(node, node.inputs[1], placed.reshape(-1)))
    return order


def _reduce(node: ir.Node, order: Order) -> Order | None:
    """Axes that are dropped leave the others in the order that they had."""
    stated = node.attributes["axes"].as_ints() if "axes" in node.attributes else None
    given = node.inputs[1] if len(node.inputs) > 1 else None
    if given is not None and given.const_value is not None:
        stated = given.const_value.numpy().tolist()
    if stated is None or not all(-len(order) <= axis < len(order) for axis in stated):
        return None
    axes = sorted(order[axis] for axis in stated)
    if given is not None:
        node.replace_input_with(1, _constant(node, given, np.array(axes, np.int64)))
    else:
        node.attributes["axes"] = ir.AttrInt64s("axes", axes)
    if "keepdims" not in node.attributes or node.attributes["keepdims"].as_int():
        return order
    kept = [axis for axis in order if axis not in axes]
    return [sorted(kept).index(axis) for axis in kept]


RULES: Mapping[str, Callable[[ir.Node, Order], Order | None]] = {
    **dict.fromkeys(ELEMENTWISE, _elementwise),
    **dict.fromkeys(("Concat", "LogSoftmax", "Softmax"), _along_axis),
    **dict.fromkeys(REDUCTIONS, _reduce),
    "Pad": _pad,
}


# ---- parts


def _source(value: ir.Value | None) -> ir.Value | None:
    """Return what a transposed value is the transpose of."""
    maker = None if value is None else value.producer()
    return maker.inputs[0] if maker is not None and maker.op_type == "Transpose" else None


def _order(transpose: ir.Node) -> list[int]:
    return [*transpose.attributes["perm"].as_ints()]


def _common_order(node: ir.Node) -> Order | None:
    """Return the one order of all transposed operands; None if there is none, or more than one."""
    makers = [value.producer() for value in node.inputs if value is not None]
    orders = {tuple(_order(maker)) for maker in makers if maker is not None and maker.op_type == "Transpose"}
    return [*orders.pop()] if len(orders) == 1 else None


def _take_sources(node: ir.Node) -> None:
    for i, value in enumerate(node.inputs):
        source = _source(value)
        if source is not None:
            node.replace_input_with(i, source)


def _transpose_results(node: ir.Node, order: Order) -> None:
    graph = node.graph
    if graph is None or [*order] == [*range(len(order))]:
        return
    for value in node.outputs:
        shape, name = value.shape, value.name
        transposed = ir.Value(name=name, type=value.type, shape=shape)
        value.name = f"{name}/before"
        if shape is not None:
            value.shape = ir.Shape([shape[order.index(axis)] for axis in range(len(order))])
        ir.convenience.replace_all_uses_with(value, transposed, replace_graph_outputs=True)
        perm = [ir.AttrInt64s("perm", [*order])]
        new = ir.Node("", "Transpose", [value], perm, outputs=[transposed], name=f"{name}/transposed")
        graph.insert_after(node, new)


def _compose(node: ir.Node) -> None:
    """Let a transpose of a transpose read the source, or vanish if both undo each other."""
    source = _source(node.inputs[0])
    if source is None or node.inputs[0] is None or (maker := node.inputs[0].producer()) is None:
        return
    order = [_order(maker)[axis] for axis in _order(node)]
    result = node.outputs[0]
    if order == [*range(len(order))] and not result.is_graph_output():
        ir.convenience.replace_all_uses_with(result, source)
        return
    node.replace_input_with(0, source)
    node.attributes["perm"] = ir.AttrInt64s("perm", order)
    if order == [*range(len(order))]:
        node.op_type = "Identity"
        del node.attributes["perm"]


def _constant(node: ir.Node, old: ir.Value, array: np.ndarray) -> ir.Value:
    """Return a constant beside an old one, which may have other readers."""
    graph = node.graph
    if graph is None:
        raise ValueError(f"node {node.name} is in no graph")
    name = f"{old.name}/of/{node.name}"
    tensor = ir.Tensor(np.ascontiguousarray(array), name=name)
    value = ir.Value(name=name, type=ir.TensorType(tensor.dtype), shape=tensor.shape, const_value=tensor)
    graph.register_initializer(value)
    return value
