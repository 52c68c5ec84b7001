"""One TFLite operator as its import sees it, and the table of imports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import onnx_ir as ir

from converters.edge_graph import Array, Op, Tensor
from converters.errors import MalformedModel, Refusal
from converters.importing.tflite.builder import Builder
from converters.importing.tflite.held import Held, Laid, channels_second

Result = ir.Value | Laid | Sequence[ir.Value | Laid]
Import = Callable[["Node"], Result]
F = TypeVar("F", bound=Import)
IMPORTS: dict[str, Import] = {}


def imports(*kinds: str) -> Callable[[F], F]:
    """Enter a function into the table as the import of these operators."""

    def enter(function: F) -> F:
        IMPORTS.update(dict.fromkeys(kinds, function))
        return function

    return enter


@dataclass(frozen=True)
class Node:
    """An operator with its operands. Results are real numbers: who calls an import quantises them where needed."""

    builder: Builder
    op: Op
    held: Sequence[Held | None]

    @property
    def where(self) -> str:
        """The operator's number and kind."""
        return self.op.where

    @property
    def x(self) -> ir.Value:
        """The first operand, in TFLite's axes."""
        return self[0]

    def operand(self, index: int) -> Held:
        """Return an operand that must be there."""
        held = self.held[index] if index < len(self.held) else None
        if held is None:
            raise MalformedModel(self.where, f"it lacks its input {index}", "export the model again")
        return held

    def has(self, index: int) -> bool:
        """Tell whether an operand is given."""
        return index < len(self.held) and self.held[index] is not None

    def tensor(self, index: int) -> Tensor:
        """Return the tensor that an operand is."""
        return self.operand(index).tensor

    def __getitem__(self, index: int) -> ir.Value:
        """Return an operand as real numbers, in TFLite's axes."""
        return self.operand(index).real()

    def second(self, index: int) -> ir.Value:
        """Return an operand as real numbers, channels second."""
        return self.operand(index).real(second=True)

    def all_second(self, *indices: int) -> bool:
        """Tell whether operands of one rank are best taken channels second: one was made so, the others can be."""
        tensors = [self.operand(i) for i in indices]
        ranks = {len(held.tensor.shape) for held in tensors}
        return len(ranks) == 1 and any(held.prefers_second for held in tensors)

    def shape(self, index: int) -> tuple[int | None, ...]:
        """Return an operand's shape in TFLite's axes; None is a size known only at run time."""
        return self.tensor(index).shape

    def sizes(self, index: int) -> list[int]:
        """Return an operand's shape where all of it must be known."""
        sizes = [size for size in self.shape(index) if size is not None]
        if len(sizes) < len(self.shape(index)):
            raise self.refuse(f"sizes of its input {index} are known only at run time", "fix the input shapes")
        return sizes

    def axis(self, value: int, rank: int) -> int:
        """Return an axis counted from the front."""
        if not -rank <= value < rank:
            raise MalformedModel(self.where, f"axis {value} does not exist in rank {rank}", "export the model again")
        return value % rank

    def constant(self, index: int, what: str) -> Array:
        """Return the data of an operand that must be constant."""
        data = self.tensor(index).data
        if data is None:
            why = f"its {what} is computed when the model runs, and ONNX needs it beforehand"
            raise self.refuse(why, f"make input {index} ({what}) a constant")
        return data

    def ints(self, index: int, what: str) -> list[int]:
        """Return a constant vector of whole numbers; a single number is a vector of one."""
        return [int(value) for value in self.constant(index, what).reshape(-1)]

    def vector(self, index: int) -> ir.Value:
        """Return whole numbers as the int64 vector that ONNX takes, constant or not."""
        data = self.tensor(index).data
        if data is not None:
            return self.builder.constant(data.astype(np.int64).reshape(-1))
        value = self.builder.cast(self[index], np.int64)
        return value if self.shape(index) else self.builder.op("Reshape", value, self.builder.constant([1]))

    def attribute(self, name: str, default: Any = None) -> Any:
        """Return an option, or what the schema says it is when there are no options."""
        return self.op.attributes.get(name, default)

    def refuse(self, why: str, cure: str) -> Refusal:
        """Return the refusal of this operator, to be raised."""
        return Refusal(self.op.kind, self.where, why, cure)


def moved(axes: Sequence[int], rank: int, *, second: bool) -> list[int]:
    """Return where axes that are counted in TFLite's order lie.

    >>> moved([1, 2], 4, second=True)
    [2, 3]
    """
    order = channels_second(rank) if second else [*range(rank)]
    return [order.index(axis % rank) for axis in axes]
