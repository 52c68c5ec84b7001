"""One node of a TF.js graph model, with its operands resolved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import onnx_ir as ir

from converters.importing.net import Net

Result = ir.Value | Sequence[ir.Value]


@dataclass(frozen=True)
class Node:
    """`attributes` hold Python's numbers, texts, lists, and `ir.DataType`s."""

    net: Net
    op: str
    name: str
    inputs: Sequence[ir.Value]
    attributes: Mapping[str, Any]

    def __getitem__(self, index: int) -> ir.Value:
        if index >= len(self.inputs):
            raise self.net.malformed(f"{self.op} lacks its input {index}: it has {len(self.inputs)}")
        return self.inputs[index]

    def attribute(self, name: str, default: Any) -> Any:
        """Return an attribute, or what TensorFlow takes where it is left out."""
        return self.attributes.get(name, default)

    def integers(self, index: int) -> list[int]:
        """Return an operand that has to be constant whole numbers."""
        return self.net.integers(self[index])

    def integer(self, index: int) -> int:
        """Return an operand that has to be one constant whole number."""
        numbers = self.integers(index)
        if len(numbers) != 1:
            raise self.net.malformed(f"input {index} of {self.op} is one number, and it has {len(numbers)}")
        return numbers[0]

    def axis(self, axis: int, rank: int | None = None) -> int:
        """Return an axis counted from the front. Raises `MalformedModel` for one that is not there."""
        rank = self.net.rank(self[0]) if rank is None else rank
        if not -rank <= axis < rank:
            raise self.net.malformed(f"axis {axis} does not exist in rank {rank}", "correct the model")
        return axis % rank


Read = Callable[[Node], Result]
