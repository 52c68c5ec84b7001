"""Gives the operands of a Concat the range of its result, so that an 8-bit Concat only moves bytes.

With ranges of their own every operand is rounded once more: in DenseNet, which concatenates what it concatenated
before, two dozen times. The TensorFlow Lite quantisation specification asks for the same.
"""

from __future__ import annotations

from collections.abc import MutableMapping

import onnx_ir as ir

Range = tuple[float, float]  # lowest and highest
WIDENED = 2  # times: who else reads the operand loses at most one bit


def share(graph: ir.Graph, ranges: MutableMapping[str, Range]) -> None:
    """Widen in `ranges`, by name of tensor, those of operands; from the end, as a result may be an operand too."""
    for node in reversed(graph):
        result = ranges.get(node.outputs[0].name or "")
        if node.op_type != "Concat" or result is None or _clipped_next(node.outputs[0]):
            continue
        for operand in node.inputs:
            name = (operand and operand.name) or ""
            if operand is not None and name in ranges and _may_have(operand, ranges[name], result):
                ranges[name] = result


def _clipped_next(value: ir.Value) -> bool:
    """Tell whether a Relu or Clip decides which range the result is quantised to."""
    return any(use.node.op_type in ("Relu", "Clip") for use in value.uses())


def _may_have(operand: ir.Value, own: Range, result: Range) -> bool:
    """Tell whether the operand means the same in the result's range: a range is all that is left of a Relu."""
    maker = operand.producer()
    kind = maker.op_type if maker else None
    if kind == "Clip" or (kind == "Relu" and result[0] < 0):
        return False
    return len(operand.uses()) == 1 or result[1] - result[0] <= WIDENED * (own[1] - own[0])
