"""What a graph is made of, for people who choose between models."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import onnx_ir as ir

# Operators on quantised tensors: which of their inputs are weights or biases, and which say what a step is worth.
QUANTIZED = {("DequantizeLinear", 0), ("QLinearConv", 3), ("QLinearConv", 8), ("QLinearMatMul", 3), ("QGemm", 3)}
QUANTIZED |= {("QGemm", 6), ("ConvInteger", 1), ("MatMulInteger", 1), ("QLinearAdd", 0), ("QLinearAdd", 3)}
QUANTUM = {
    "QuantizeLinear": {1, 2},
    "DequantizeLinear": {1, 2},
    "QLinearConv": {1, 2, 4, 5, 6, 7},
    "QLinearMatMul": {1, 2, 4, 5, 6, 7},
    "QGemm": {1, 2, 4, 5, 7, 8},
    "QLinearAdd": {1, 2, 4, 5, 6, 7},
    "QLinearGlobalAveragePool": {1, 2, 3, 4},
}


@dataclass(frozen=True)
class Description:
    """Counts of one graph."""

    parameters: int  # elements of all constants that are real numbers, or stand for them
    operators: dict[str, int]  # operator → nodes, `domain::Operator` outside the standard
    opset: int


def describe(model: ir.Model) -> Description:
    """Count the parameters and the nodes by operator.

    Of a quantised graph's constants the integers count that have a scale, and the scales and zero points do not.
    """
    operators = Counter(f"{node.domain}::{node.op_type}" if node.domain else node.op_type for node in model.graph)
    return Description(
        parameters=sum(math.prod(shape) for shape in _parameters(model)),
        operators=dict(sorted(operators.items())),
        opset=model.opset_imports.get("", 0),
    )


def _parameters(model: ir.Model) -> Iterator[tuple[int, ...]]:
    for value in model.graph.initializers.values():
        tensor, uses = value.const_value, [(use.node.op_type, use.idx) for use in value.uses()]
        if tensor is None or (not tensor.dtype.is_floating_point() and not any(use in QUANTIZED for use in uses)):
            continue
        if not (uses and all(_describes_quantum(kind, place) for kind, place in uses)):
            yield tuple(tensor.shape.numpy())


def _describes_quantum(kind: str, place: int) -> bool:
    """Tell whether an input of an operator is a scale or a zero point."""
    return kind in QUANTUM and place in QUANTUM[kind]
