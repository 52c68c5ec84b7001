"""One ONNX node as its lowering sees it, and the table of lowerings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import onnx

from converters.edge_graph import Array
from converters.errors import MalformedModel, Refusal
from converters.lowering.builder import Builder
from converters.lowering.value import Value

Result = Value | Sequence[Value]
Lowering = Callable[["Node"], Result]
F = TypeVar("F", bound=Lowering)
LOWERINGS: dict[tuple[str, str], Lowering] = {}


def lowers(*operators: str, domain: str = "") -> Callable[[F], F]:
    """Enter a function into the table as the lowering of these operators."""

    def enter(function: F) -> F:
        LOWERINGS.update({(domain, operator): function for operator in operators})
        return function

    return enter


@dataclass(frozen=True)
class Node:
    """An ONNX node with its operands resolved.

    `version` is the opset in force; `attributes` hold Python numbers, strings, lists, numpy arrays and `ir.Graph`s;
    `outputs` are names, empty where nobody wants the output, and `declared` the sizes that the model states for the
    first; `run` lowers a subgraph in place, given its inputs.
    """

    builder: Builder
    op: str
    domain: str
    version: int
    where: str
    inputs: Sequence[Value | None]
    outputs: Sequence[str]
    attributes: Mapping[str, Any]
    declared: Sequence[int | None] | None
    run: Callable[[Any, Sequence[Value]], list[Value]]

    @property
    def x(self) -> Value:
        """The first operand."""
        return self[0]

    def __getitem__(self, index: int) -> Value:
        value = self.get(index)
        if value is None:
            raise MalformedModel(self.where, f"{self.op} lacks its input {index}", "correct the model")
        return value

    def get(self, index: int) -> Value | None:
        """Return an operand, or None when it is left out."""
        return self.inputs[index] if index < len(self.inputs) else None

    def attribute(self, name: str, default: Any = None) -> Any:
        """Return an attribute, or what the standard says it is when left out."""
        return self.attributes.get(name, default)

    def constant(self, index: int, what: str) -> Array | None:
        """Return an operand that must be constant; None when it is left out."""
        value = self.get(index)
        if value is None or value.data is not None:
            return None if value is None else value.data
        why = f"its {what} is computed when the model runs, and the target needs it beforehand"
        raise self.refuse(why, f"make input {index} ({what}) a constant, for example by fixing the input shapes")

    def ints(self, index: int, name: str) -> list[int] | None:
        """Return whole numbers that are an input in later opsets and an attribute in earlier ones."""
        array = np.asarray(self.attributes[name]) if name in self.attributes else self.constant(index, name)
        if array is not None and array.ndim > 1:
            raise MalformedModel(self.where, f"its {name} have {array.ndim} axes", "make them a vector")
        return None if array is None else [int(v) for v in np.atleast_1d(array)]

    def axis(self, default: int, rank: int | None = None) -> int:
        """Return the attribute `axis` counted from the front."""
        rank = self.x.rank if rank is None else rank
        axis = int(self.attribute("axis", default))
        if not -rank <= axis <= max(rank - 1, 0):
            raise MalformedModel(self.where, f"axis {axis} does not exist in rank {rank}", "correct the model")
        return axis % rank if rank else 0

    def refuse(self, why: str, cure: str) -> Refusal:
        """Return the refusal of this node, to be raised."""
        return Refusal(self.op, self.where, why, cure)


def make_node(node: Node, inputs: Sequence[str], outputs: Sequence[str]) -> onnx.NodeProto:
    """Return the node as ONNX's own message, with these names."""
    proto = onnx.helper.make_node(node.op, inputs, outputs, domain=node.domain)
    for name, value in node.attributes.items():
        value = onnx.numpy_helper.from_array(value) if hasattr(value, "dtype") else value
        empty = isinstance(value, Sequence) and not value
        kind = onnx.AttributeProto.INTS if empty else None
        proto.attribute.append(onnx.helper.make_attribute(name, value, attr_type=kind))
    return proto
