"""Values during lowering: ONNX's view of a tensor, laid over whatever layout the edge tensor has.

A dimension is a product of *atoms*, its indivisible factors, slowest first. ONNX's dimensions list the atoms in
logical order (`dims`); the edge tensor lists the same atoms, perhaps in another order (`axes`). After a convolution of
an image, for instance, `dims` is `((n,), (c,), (h,), (w,))` and `axes` is `((n,), (h,), (w,), (c,))`. So transposing,
splitting and merging dimensions cost nothing: they rewrite `dims`. Only an operator that needs a certain order makes
`layout.arrange` emit a transpose, which is why a chain of convolutions holds none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from converters.edge_graph import Array, DType, Tensor

if TYPE_CHECKING:
    from converters.lowering.builder import Builder

Dim = int | None


class Atom:
    """A factor of a dimension; equal only to itself. `size` is None where it is known only at run time."""

    __slots__ = ("size",)

    def __init__(self, size: Dim) -> None:
        self.size = size


Atoms = tuple[Atom, ...]


def size_of(atoms: Iterable[Atom]) -> Dim:
    """Return the product of the sizes, or None when one is unknown."""
    sizes = [atom.size for atom in atoms]
    return None if any(size is None for size in sizes) else math.prod(size for size in sizes if size is not None)


def flatten(groups: Iterable[Atoms]) -> Atoms:
    """Return the atoms of all groups in order."""
    return tuple(atom for group in groups for atom in group)


@dataclass(frozen=True, eq=False)
class Value:
    """A constant (`data`, in ONNX's axes) or a view on an edge tensor (`tensor`, `dims`, `axes`).

    `elements` are the entries of a small integer vector whose entries are sizes: numbers, or atoms known at run time.
    `scale`, of data's shape, comes with constants that were stored in 8 bits: `data / scale` are whole. `bound` limits
    the magnitude of integers that were widened from a smaller type.
    """

    builder: Builder
    dtype: DType
    dims: tuple[Atoms, ...] = ()
    tensor: Tensor | None = None
    axes: tuple[Atoms, ...] = ()
    data: Array | None = None
    elements: tuple[int | Atom, ...] | None = None
    scale: Array | None = None
    bound: int | None = None

    @property
    def array(self) -> Array:
        """The data of a constant."""
        if self.data is None:
            raise self.builder.refuse("an operand is computed when the model runs", "make it a constant")
        return self.data

    @property
    def stored(self) -> Tensor:
        """The edge tensor under a view."""
        if self.tensor is None:
            raise TypeError("a constant has no tensor before `Builder.view` makes one")
        return self.tensor

    @property
    def shape(self) -> tuple[Dim, ...]:
        """The logical shape, as ONNX sees it."""
        return self.data.shape if self.data is not None else tuple(size_of(dim) for dim in self.dims)

    @property
    def rank(self) -> int:
        """How many dimensions ONNX sees."""
        return len(self.shape)

    def rearranged(self, function: Callable[[Array], Array]) -> Value:
        """Return the constant with its data, and their scale, rearranged alike."""
        scale = None if self.scale is None else function(self.scale)
        return replace(self, data=function(self.array), scale=scale, elements=None)

    def substitute(self, atoms: Mapping[Atom, Atoms]) -> Value:
        """Return the same view with atoms replaced by others of the same product."""

        def rename(groups: Sequence[Atoms]) -> tuple[Atoms, ...]:
            return tuple(flatten(atoms.get(atom, (atom,)) for atom in group) for group in groups)

        return replace(self, dims=rename(self.dims), axes=rename(self.axes))

    def with_dims(self, dims: Iterable[Atoms]) -> Value:
        """Return another view on the same tensor."""
        return replace(self, dims=tuple(dims), elements=None)

    def __add__(self, other: Operand) -> Value:
        return self.builder.binary("ADD", self, other)

    def __radd__(self, other: Operand) -> Value:
        return self.builder.binary("ADD", other, self)

    def __sub__(self, other: Operand) -> Value:
        return self.builder.binary("SUB", self, other)

    def __rsub__(self, other: Operand) -> Value:
        return self.builder.binary("SUB", other, self)

    def __mul__(self, other: Operand) -> Value:
        return self.builder.binary("MUL", self, other)

    def __rmul__(self, other: Operand) -> Value:
        return self.builder.binary("MUL", other, self)

    def __truediv__(self, other: Operand) -> Value:
        return self.builder.binary("DIV", self, other)

    def __rtruediv__(self, other: Operand) -> Value:
        return self.builder.binary("DIV", other, self)

    def __neg__(self) -> Value:
        return self.builder.unary("NEG", self)


Operand = Value | float | int | np.generic | Array
