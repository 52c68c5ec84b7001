"""Control flow: branches are both computed and one is chosen; loops of known length are unrolled."""

from __future__ import annotations

import numpy as np

from converters.edge_graph import Tensor
from converters.lowering import arithmetic as a
from converters.lowering.node import Node, lowers
from converters.lowering.shapes import reverse, squeeze, stack, unstack
from converters.lowering.value import Value

LONGEST = 1024  # turns; more would make a graph too large to be of use


@lowers("If")
def if_(node: Node) -> list[Value]:
    """Run one of two subgraphs. ONNX operators have no side effects, so both may be computed."""
    condition = node.x
    if condition.data is not None:
        branch = "then_branch" if bool(condition.data.reshape(-1)[0]) else "else_branch"
        return node.run(node.attributes[branch], [])
    first, second = (node.run(node.attributes[f"{name}_branch"], []) for name in ("then", "else"))
    if any(x.shape != y.shape or x.dtype != y.dtype for x, y in zip(first, second, strict=True)):
        raise node.refuse("its branches give different shapes or types", "make the condition a constant")
    return [a.select(condition, x, y) for x, y in zip(first, second, strict=True)]


@lowers("Loop")
def loop(node: Node) -> list[Value]:
    """Unroll a loop whose number of turns follows from constants."""
    body, states = node.attributes["body"], [value for value in node.inputs[2:] if value is not None]
    limit = node.constant(0, "trip count")
    going = node.constant(1, "condition")
    builder, turn, scans = node.builder, 0, list[list[Value]]()
    running = going is None or bool(going.reshape(-1)[0])
    while running and (limit is None or turn < int(limit.reshape(-1)[0])):
        if turn >= LONGEST:
            raise node.refuse(f"it takes more than {LONGEST} turns", "use a model without long loops")
        operands = [builder.constant(np.array(turn, np.int64)), builder.constant(np.array(True)), *states]
        condition, *results = node.run(body, operands)
        if condition.data is None:
            raise node.refuse("its condition is computed when the model runs", "use a fixed number of turns")
        states, running, turn = results[: len(states)], bool(condition.data.reshape(-1)[0]), turn + 1
        scans.append(results[len(states) :])
    if not scans and len(node.outputs) > len(states):
        raise node.refuse("it takes no turn, so that what it collects has no shape", "remove the loop")
    return [*states, *(stack(list(column), 0) for column in zip(*scans, strict=True))]


@lowers("Scan")
def scan(node: Node) -> list[Value]:
    """Unroll a loop over slices of its last inputs."""
    if node.version < 9:
        return _scan_of_batches(node)
    count = int(node.attributes["num_scan_inputs"])
    axes, directions = (node.attribute(f"scan_input_{name}") or [0] * count for name in ("axes", "directions"))
    values = [value for value in node.inputs if value is not None]
    states, inputs = values[:-count], values[-count:]
    final, collected = _scan(node, states, [_slices(node, *row) for row in zip(inputs, axes, directions, strict=True)])
    axes_out = node.attribute("scan_output_axes") or [0] * len(collected)
    directions_out = node.attribute("scan_output_directions") or [0] * len(collected)
    rows = zip(collected, axes_out, directions_out, strict=True)
    return [*final, *(stack(column[::-1] if backwards else column, axis) for column, axis, backwards in rows)]


def _slices(node: Node, x: Value, axis: int, backwards: int) -> list[Value]:
    if x.shape[axis] is None or (x.shape[axis] or 0) > LONGEST:
        raise node.refuse("the number of its turns is unknown or too large", "fix the input shapes of the model")
    return unstack(reverse(x, axis) if backwards else x, axis)


def _scan(node: Node, states: list[Value], inputs: list[list[Value]]) -> tuple[list[Value], list[list[Value]]]:
    scans: list[list[Value]] = []
    for slices in zip(*inputs, strict=True):
        results = node.run(node.attributes["body"], [*states, *slices])
        states = results[: len(states)]
        scans.append(results[len(states) :])
    return states, [list(column) for column in zip(*scans, strict=True)]


def _scan_of_batches(node: Node) -> list[Value]:
    """Run opset 8's form: the first input is optional lengths, and every operand has a batch axis in front."""
    if node.get(0) is not None:
        raise node.refuse("opset 8's sequence lengths have no counterpart", "export with opset 9 or later")
    count = int(node.attributes["num_scan_inputs"])
    values = [value for value in node.inputs[1:] if value is not None]
    batches = [unstack(value, 0) for value in values]
    results: list[list[Value]] = []
    for operands in zip(*batches, strict=True):
        states, inputs = list(operands[:-count]), [unstack(value, 0) for value in operands[-count:]]
        final, collected = _scan(node, states, inputs)
        results.append([*final, *(stack(column, 0) for column in collected)])
    return [stack(list(column), 0) for column in zip(*results, strict=True)]


@lowers("Range")
def range_(node: Node) -> Value:
    """Count from start to limit, to a length that is known only at run time."""
    builder = node.builder
    operands = [builder.tensor(squeeze(v, range(v.rank))) for v in (node.x, node[1], node[2])]
    result = Tensor(node.x.dtype, (None,))
    builder.compute_dtype("RANGE", node.x.dtype)
    builder.append("RANGE", list(operands), [result], {})
    return builder.value(result)
