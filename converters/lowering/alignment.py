"""Lays several operands out alike, so that an elementwise operator can broadcast them axis by axis."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.edge_graph import Tensor
from converters.errors import MalformedModel
from converters.lowering.layout import arrange, merged, wide
from converters.lowering.value import Atom, Atoms, Dim, Value, flatten, size_of

if TYPE_CHECKING:
    from converters.lowering.builder import Builder


@dataclass(frozen=True)
class Aligned:
    """Operands whose axes agree or are 1, and the layout of the result."""

    tensors: list[Tensor]
    dims: tuple[Atoms, ...]
    axes: tuple[Atoms, ...]

    @property
    def shape(self) -> tuple[Dim, ...]:
        """The shape of the result's tensor."""
        return tuple(size_of(group) for group in self.axes)


def align(builder: Builder, values: Sequence[Value], max_rank: int) -> Aligned:
    """Lay all operands out like the one that would be dearest to transpose."""
    rank = max(value.rank for value in values)
    views = [builder.view(value) for value in values]
    views = [view.with_dims((*((),) * (rank - view.rank), *view.dims)) for view in views]
    leader = max(range(len(views)), key=lambda i: _weight(views[i]))
    fresh: dict[Atom, Atoms] = {}
    order = [leader, *(i for i in range(len(views)) if i != leader)]
    for first, second in itertools.combinations(order, 2):
        _share_factors(views, first, second)
        fresh |= _share_atoms(views, first, second)
    dims = [_result_dim([views[i] for i in order], dim) for dim in range(rank)]
    axes = _group(_order(views[leader], dims), views, max_rank)
    tensors = [_own_layout(view, axes) for view in views]
    return Aligned(tensors, _rename(dims, fresh), _rename(axes, fresh))


def _weight(view: Value) -> tuple[bool, int, bool, int]:
    atoms = wide(flatten(view.dims))
    unknown = sum(atom.size is None for atom in atoms)
    static = size_of(atom for atom in atoms if atom.size is not None) or 0
    return view.stored.data is None, unknown, atoms != wide(flatten(view.axes)) and static > 1, static


def _share_factors(views: list[Value], leader: int, other: int) -> None:
    """Split the atoms of equal dimensions until both have the same factors."""
    for dim in range(views[leader].rank):
        mine, theirs = (size_of(views[i].dims[dim]) for i in (leader, other))
        if mine is None or theirs is None:
            for i in (leader, other):
                views[i] = views[i] if len(wide(views[i].dims[dim])) <= 1 else merged(views[i], dim)
        elif mine != theirs and 1 not in (mine, theirs):
            raise _mismatch(views[leader], views[other])
        elif mine == theirs:
            _refine(views, leader, other, dim)


def _mismatch(leader: Value, other: Value) -> MalformedModel:
    why = f"shapes {leader.shape} and {other.shape} cannot be broadcast"
    return MalformedModel(leader.builder.where, why, "correct the model's shapes")


def _refine(views: list[Value], leader: int, other: int, dim: int) -> None:
    sizes = [[atom.size or 0 for atom in wide(views[i].dims[dim])] for i in (leader, other)]
    factors = common_factors(*sizes)
    if factors is None:
        views[other] = merged(views[other], dim)
        factors = sizes[0]
    mine = _parts(views[leader].dims[dim], factors)
    for i in range(len(views)):
        views[i] = views[i].substitute(mine)
    views[other] = views[other].substitute(_parts(views[other].dims[dim], factors))


def common_factors(first: Sequence[int], second: Sequence[int]) -> list[int] | None:
    """Return the coarsest sizes from which both lists are made by merging neighbours; None where there are none.

    >>> common_factors([12], [3, 4])
    [3, 4]
    >>> common_factors([6, 4], [8, 3]) is None
    True
    """
    left, right, factors = list(first)[::-1], list(second)[::-1], []
    while left and right:
        a, b = left.pop(), right.pop()
        small, large = min(a, b), max(a, b)
        if large != small and (small == 0 or large % small):
            return None
        factors.append(small)
        if large != small:
            (left if a > b else right).append(large // small)
    return None if left or right else factors


def _parts(dim: Atoms, factors: Sequence[int]) -> dict[Atom, Atoms]:
    """Map each atom of a dimension to new atoms of the factors that it is the product of."""
    parts: dict[Atom, Atoms] = {}
    remaining = list(factors)
    for atom in wide(dim):
        taken = [remaining.pop(0)]
        while size_of(Atom(size) for size in taken) != atom.size:
            taken.append(remaining.pop(0))
        if len(taken) > 1:
            parts[atom] = tuple(Atom(size) for size in taken)
    return parts


def _share_atoms(views: list[Value], leader: int, other: int) -> dict[Atom, Atoms]:
    """Let the other view use the leader's atoms; return those for which the result needs new ones.

    Sizes known only at run time may differ after all (one of them may be 1), so the result's size is its own.
    """
    renamed: dict[Atom, Atoms] = {}
    fresh: dict[Atom, Atoms] = {}
    taken = set(flatten(views[leader].dims))
    for dim in range(views[leader].rank):
        mine, theirs = wide(views[leader].dims[dim]), wide(views[other].dims[dim])
        if mine:
            renamed |= {b: (a,) for a, b in zip(mine, theirs, strict=False)}
            unequal = [(a, b) for a, b in zip(mine, theirs, strict=False) if a is not b and None in (a.size, b.size)]
            fresh |= {a: (Atom(b.size if a.size is None else a.size),) for a, b in unequal}
        else:
            renamed |= {b: (views[leader].builder.twin(b),) for b in theirs if b in taken}
    views[other] = views[other].substitute(renamed)
    return fresh


def _result_dim(views: Sequence[Value], dim: int) -> Atoms:
    """Return the atoms of the first view, the leader first, that is not 1 here."""
    return next((view.dims[dim] for view in views if wide(view.dims[dim])), views[0].dims[dim])


def _order(leader: Value, dims: Sequence[Atoms]) -> list[Atoms]:
    """Return the leader's axes with the atoms that only other operands have put where the leader's 1 stands."""
    axes = [list(group) for group in leader.axes]
    for dim, group in enumerate(dims):
        own = leader.dims[dim]
        if group == own:
            continue
        home = next((axis for axis in axes if own and own[0] in axis), None)
        if home is None:
            axes.insert(_place_after(axes, flatten(dims[:dim])), list(group))
        else:
            place = home.index(own[0])
            home[place : place + 1] = group
    present = set(flatten(dims))
    return [tuple(atom for atom in axis if atom in present or atom.size == 1) for axis in axes]


def _place_after(axes: Sequence[Sequence[Atom]], before: Atoms) -> int:
    return next((i + 1 for i in reversed(range(len(axes))) if before and before[-1] in axes[i]), 0)


def _group(axes: Sequence[Atoms], views: Sequence[Value], max_rank: int) -> list[Atoms]:
    """Split axes in which some operand is broadcast only in part; merge axes where there are too many."""
    present = [set(wide(flatten(view.axes))) for view in views]

    def signature(atom: Atom) -> tuple[bool, ...]:
        return tuple(atom in atoms for atoms in present)

    groups: list[Atoms] = []
    for axis in axes:
        pieces: list[Atoms] = []
        for atom in wide(axis):
            same = pieces and signature(pieces[-1][-1]) == signature(atom)
            pieces[len(pieces) - 1 if same else len(pieces) :] = [(*pieces[-1], atom) if same else (atom,)]
        groups += pieces or [axis]
    if len(groups) <= max_rank:
        return groups
    return _group([wide(flatten(groups))], views, len(groups))


def _own_layout(view: Value, axes: Sequence[Atoms]) -> Tensor:
    own = set(flatten(view.axes))
    groups = [tuple(atom for atom in wide(axis) if atom in own) for axis in axes]
    if view.stored.data is not None:  # constants need no leading axes of 1
        groups = groups[next((i for i, group in enumerate(groups) if group), len(groups)) :]
    return arrange(view, groups)


def _rename(groups: Sequence[Atoms], names: dict[Atom, Atoms]) -> tuple[Atoms, ...]:
    return tuple(flatten(names.get(atom, (atom,)) for atom in group) for group in groups)
