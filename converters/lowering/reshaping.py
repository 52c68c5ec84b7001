"""Reshapes: mostly a matter of splitting and merging atoms, which costs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from converters.errors import MalformedModel
from converters.lowering.layout import wide
from converters.lowering.value import Atom, Atoms, Value, flatten, size_of


@dataclass(frozen=True)
class Extent:
    """A size as a product: of atoms known at run time, and of a number."""

    unknown: frozenset[Atom]
    static: int

    @classmethod
    def of(cls, atoms: Sequence[Atom]) -> Extent:
        """Return the extent of a group of atoms."""
        known = size_of(atom for atom in atoms if atom.size is not None)
        return cls(frozenset(atom for atom in atoms if atom.size is None), known or 0)


def reshape(x: Value, shape: Sequence[int]) -> Value:
    """Return the value in another shape; one entry may be -1."""
    return reshape_to(x, [None if size == -1 else (Atom(size),) for size in shape])


def reshape_to(x: Value, wanted: Sequence[Atoms | None]) -> Value:
    """Return the value in the shape of `wanted`, where None takes what is left and the value's own atoms stay."""
    if x.data is not None:
        return _reshape_constant(x, [-1 if group is None else size_of(group) or 0 for group in wanted])
    atoms = wide(flatten(x.dims))
    extents = _resolve(x, atoms, wanted)
    plan = None if extents is None else cut(atoms, extents)
    if plan is not None:
        return x.substitute(plan[0]).with_dims(plan[1])
    return _emit(x, wanted, extents)


def _reshape_constant(x: Value, shape: Sequence[int]) -> Value:
    return x.rearranged(lambda data: data.reshape(shape))


def _resolve(x: Value, atoms: Atoms, wanted: Sequence[Atoms | None]) -> list[Extent] | None:
    """Return the extents of the wanted dimensions; None where they are known only at run time."""
    present, named = Extent.of(atoms), Extent.of(flatten(group for group in wanted if group is not None))
    if not named.unknown <= present.unknown:
        return None
    if not named.static and (present.unknown or not present.static):
        return None
    rest = Extent(present.unknown - named.unknown, present.static // max(named.static, 1))
    fits = rest.static * named.static == present.static and (None in wanted or rest == Extent(frozenset(), 1))
    if not fits and present.unknown:
        return None
    if not fits:
        sizes = [-1 if group is None else size_of(group) for group in wanted]
        raise MalformedModel(x.builder.where, f"{list(x.shape)} cannot be reshaped to {sizes}", "correct the model")
    return [rest if group is None else Extent.of(group) for group in wanted]


def cut(atoms: Atoms, extents: Sequence[Extent]) -> tuple[dict[Atom, Atoms], list[Atoms]] | None:
    """Cut the sequence of atoms into the wanted extents: how atoms split, and the dimensions; None where they straddle.

    An atom of 12 makes dimensions of 3 and 4; atoms of 6 and 4 cannot make dimensions of 8 and 3.
    """
    pending, parts, dims = list(atoms[::-1]), dict[Atom, Atoms](), list[Atoms]()
    for extent in extents:
        dim: list[Atom] = []
        while Extent.of(dim) != extent:
            factor = extent.static // max(Extent.of(dim).static, 1)
            piece = _next_piece(pending, parts, extent.unknown, factor)
            if piece is None:
                return None
            dim.append(piece)
        dims.append(tuple(dim))
    return (parts, dims) if not pending else None


def _next_piece(pending: list[Atom], parts: dict[Atom, Atoms], unknown: frozenset[Atom], factor: int) -> Atom | None:
    """Take the next atom, or the part of it that the dimension still lacks."""
    if not pending:
        return None
    atom = pending.pop()
    if atom.size is None:
        return atom if atom in unknown else None
    if atom.size and factor % atom.size == 0:
        return atom
    if not factor or factor == 1 or not atom.size or atom.size % factor:
        return None
    piece, rest = Atom(factor), Atom(atom.size // factor)
    whole = next((key for key, pieces in parts.items() if pieces[-1] is atom), atom)
    parts[whole] = (*parts.get(whole, ())[:-1], piece, rest)
    pending.append(rest)
    return piece


def _emit(x: Value, wanted: Sequence[Atoms | None], extents: Sequence[Extent] | None) -> Value:
    """Emit a RESHAPE of the value in its logical layout."""
    groups: list[Atoms] = [(Atom(None),) if group is None else group for group in wanted]
    if extents is not None:
        pairs = zip(groups, extents, strict=True)
        groups = [group if extent.unknown else (Atom(extent.static),) for group, extent in pairs]
    builder = x.builder
    tensor = builder.emit(
        "RESHAPE", [builder.tensor(x)], [builder.sizes(groups)], shape=[size_of(group) for group in groups]
    )
    merged = [
        group if len(group) == 1 and group[0].size != 1 else (builder.atom(tensor, i),)
        for i, group in enumerate(groups)
    ]
    return builder.laid_out(tensor, merged, merged)


def flatten_all(x: Value) -> Value:
    """Return the value as a vector."""
    if x.data is not None:
        return _reshape_constant(x, [-1])
    return x.with_dims([flatten(x.dims)])


def numel(x: Value) -> int | None:
    """Return how many entries the value has, or None when that is known only at run time."""
    sizes = [size for size in x.shape if size is not None]
    return int(np.prod(sizes, dtype=np.int64)) if len(sizes) == x.rank else None
