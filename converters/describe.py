"""What a graph is made of, for people who choose between models."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import onnx_ir as ir


@dataclass(frozen=True)
class Description:
    """Counts of one graph."""

    parameters: int  # elements of all floating-point constants
    operators: dict[str, int]  # operator → nodes, `domain::Operator` outside the standard
    opset: int


def describe(model: ir.Model) -> Description:
    """Count the parameters and the nodes by operator."""
    operators = Counter(f"{node.domain}::{node.op_type}" if node.domain else node.op_type for node in model.graph)
    return Description(
        parameters=sum(
            math.prod(value.const_value.shape.numpy())
            for value in model.graph.initializers.values()
            if value.const_value is not None and value.const_value.dtype.is_floating_point()
        ),
        operators=dict(sorted(operators.items())),
        opset=model.opset_imports.get("", 0),
    )
