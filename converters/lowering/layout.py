"""Arranges views for operators: emits a reshape or a transpose only where the wanted order differs from the present."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from converters.edge_graph import Tensor
from converters.errors import MalformedModel
from converters.lowering.value import Atom, Atoms, Dim, Value, flatten, size_of

if TYPE_CHECKING:
    from converters.lowering.builder import Builder


def wide(atoms: Iterable[Atom]) -> Atoms:
    """Return the atoms whose size is not 1: those whose order matters."""
    return tuple(atom for atom in atoms if atom.size != 1)


def arrange(view: Value, groups: Sequence[Atoms]) -> Tensor:
    """Return a tensor with one axis for each group of atoms. Equal requests give the same tensor."""
    builder, tensor = view.builder, view.tensor
    assert tensor is not None
    key = (tensor, tuple(groups))
    if key not in builder.arranged:
        runs = _runs(view, flatten(groups))
        order = sorted(range(len(runs)), key=lambda run: flatten(groups).index(runs[run][0]))
        if order != sorted(order):
            tensor = _transpose(builder, _reshape(builder, tensor, view.axes, runs), order)
            builder.arranged[key] = _reshape(builder, tensor, [runs[run] for run in order], groups)
        else:
            builder.arranged[key] = _reshape(builder, tensor, view.axes, groups)
    return builder.arranged[key]


def _runs(view: Value, target: Atoms) -> list[Atoms]:
    """Split the present order into the longest runs that the target order keeps together."""
    follows = dict(zip(wide(target), wide(target)[1:], strict=False))
    runs: list[Atoms] = []
    for atom in wide(flatten(view.axes)):
        if runs and follows.get(runs[-1][-1]) is atom:
            runs[-1] = (*runs[-1], atom)
        else:
            runs.append((atom,))
    return runs


def _reshape(builder: Builder, tensor: Tensor, present: Sequence[Atoms], wanted: Sequence[Atoms]) -> Tensor:
    if [wide(group) for group in present] == [wide(group) for group in wanted]:
        return tensor
    shape = tuple(size_of(group) for group in wanted)
    if tensor.data is not None:
        return Tensor(tensor.dtype, shape, tensor.data.reshape([size or 0 for size in shape]))
    return builder.emit("RESHAPE", [tensor], [builder.sizes(wanted)], shape=shape)


def _transpose(builder: Builder, tensor: Tensor, order: Sequence[int]) -> Tensor:
    shape = tuple(tensor.shape[axis] for axis in order)
    if tensor.data is not None:
        return Tensor(tensor.dtype, shape, tensor.data.transpose(order))
    permutation = Tensor(np.dtype(np.int32), (len(order),), np.array(order, np.int32))
    return builder.emit("TRANSPOSE", [tensor], [permutation], shape=shape)


# ---- axes that an operator works along


@dataclass(frozen=True)
class Isolated:
    """A tensor in which each of some dimensions is one axis, and everything else lies wherever it lay."""

    view: Value
    tensor: Tensor
    axes: tuple[Atoms, ...]
    axis_of: dict[int, int]  # logical dimension → axis

    def result(self, tensor: Tensor, *, changed: Iterable[int] = (), removed: Iterable[int] = ()) -> Value:
        """Return the view on what an operator made: `changed` dimensions have new sizes, `removed` ones are gone."""
        builder, dims, axes = self.view.builder, list(self.view.dims), list(self.axes)
        for dim in changed:
            axis = self.axis_of[dim]
            dims[dim] = axes[axis] = (builder.atom(tensor, axis),)
        gone = set(removed)
        kept_axes = [group for axis, group in enumerate(axes) if axis not in {self.axis_of[dim] for dim in gone}]
        return builder.laid_out(tensor, [group for dim, group in enumerate(dims) if dim not in gone], kept_axes)


def isolate(value: Value, dims: Iterable[int], *, last: bool = False) -> Isolated:
    """Give each of `dims` an axis of its own; with `last`, the final axis (of one dimension)."""
    view, wanted = _with_atoms(value.builder.view(value), set(dims)), set(dims)
    order = flatten(view.axes)
    if not all(_contiguous(view.dims[dim], order) for dim in wanted):
        order = flatten(view.dims)
    owner = {atom: dim for dim in wanted for atom in view.dims[dim]}
    axis_index = {atom: axis for axis, group in enumerate(view.axes) for atom in group}
    groups: list[tuple[object, Atoms]] = []
    for atom in order:
        tag = ("dim", owner[atom]) if atom in owner else ("axis", axis_index[atom])
        if groups and groups[-1][0] == tag:
            groups[-1] = (tag, (*groups[-1][1], atom))
        else:
            groups.append((tag, (atom,)))
    if last:
        groups.sort(key=lambda group: group[1][0] in owner)
    axes = tuple(group for _, group in groups)
    axis_of = {owner[group[0]]: axis for axis, group in enumerate(axes) if group[0] in owner}
    return Isolated(view, arrange(view, axes), axes, axis_of)


def _with_atoms(view: Value, dims: set[int]) -> Value:
    """Give dimensions without atoms (inserted ones) an atom of size 1, and its tensor an axis for it."""
    bare = sorted(dim for dim in dims if not view.dims[dim])
    if not bare:
        return view
    new = {dim: (Atom(1),) for dim in bare}
    dims_now = [new.get(dim, group) for dim, group in enumerate(view.dims)]
    axes = list(view.axes)
    for dim in bare:
        before = flatten(dims_now[:dim])
        position = next((i + 1 for i in reversed(range(len(axes))) if axes[i] and axes[i][-1] in before[-1:]), 0)
        axes.insert(position, new[dim])
    tensor = _reshape_for_units(view, axes)
    return view.builder.laid_out(tensor, dims_now, axes)


def _reshape_for_units(view: Value, axes: Sequence[Atoms]) -> Tensor:
    assert view.tensor is not None
    builder, shape = view.builder, tuple(size_of(group) for group in axes)
    if view.tensor.data is not None:
        return Tensor(view.dtype, shape, view.tensor.data.reshape([size or 0 for size in shape]))
    return builder.emit("RESHAPE", [view.tensor], [builder.sizes(axes)], shape=shape)


def _contiguous(atoms: Atoms, order: Atoms) -> bool:
    if any(atom not in order for atom in atoms):
        return False
    start = order.index(atoms[0])
    return order[start : start + len(atoms)] == atoms


# ---- operands that are broadcast against each other


@dataclass(frozen=True)
class Aligned:
    """Operands in one layout, ready for an elementwise operator, and the layout of its result."""

    tensors: list[Tensor]
    dims: tuple[Atoms, ...]
    axes: tuple[Atoms, ...]

    @property
    def result_shape(self) -> tuple[Dim, ...]:
        """The shape of the result's tensor."""
        return tuple(size_of(group) for group in self.axes)


def align(builder: Builder, views: list[Value], max_rank: int) -> Aligned:
    """Lay all operands out like the largest of them, so that axes agree or are 1."""
    rank = max(view.rank for view in views)
    views = [view.with_dims([(), *view.dims] if False else (*((),) * (rank - view.rank), *view.dims)) for view in views]
    leader = max(range(len(views)), key=lambda i: _weight(views[i]))
    for i in range(len(views)):
        if i != leader:
            views[leader], views[i] = unify(views[leader], views[i])
    for i in range(len(views)):  # what unified later may have split the leader's atoms further
        if i != leader:
            views[leader], views[i] = unify(views[leader], views[i])
    dims = tuple(_widest([view.dims[dim] for view in views]) for dim in range(rank))
    order = _merged_order(views[leader], dims)
    axes = _grouped(order, views, views[leader].axes, max_rank)
    tensors = [arrange(view, _own_groups(view, axes)) for view in views]
    return Aligned(tensors, dims, axes)


def _weight(view: Value) -> tuple[bool, int, bool, int]:
    """Order operands by how much it would cost to transpose them."""
    assert view.tensor is not None
    atoms = wide(flatten(view.dims))
    unknown = sum(atom.size is None for atom in atoms)
    static = size_of(atom for atom in atoms if atom.size is not None) or 0
    permuted = atoms != wide(flatten(view.axes))
    return view.tensor.data is None, unknown, permuted and static > 1, static


def unify(leader: Value, other: Value) -> tuple[Value, Value]:
    """Make equal dimensions of two views consist of the same atoms. Both have the same rank."""
    for dim in range(leader.rank):
        mine, theirs = wide(leader.dims[dim]), wide(other.dims[dim])
        if not mine or not theirs or mine == theirs:
            continue
        if None in (size_of(mine), size_of(theirs)):
            leader, other = _unify_unknown(leader, other, dim)
            continue
        if size_of(mine) != size_of(theirs):
            where = leader.builder.where
            raise MalformedModel(where, f"shapes {leader.shape} and {other.shape} do not match", "correct the model")
        leader, other = _refine(leader, other, dim)
    return leader, other


def _unify_unknown(leader: Value, other: Value, dim: int) -> tuple[Value, Value]:
    """Let sizes known only at run time stand for one size: that they agree is checked when the model runs."""
    leader, other = (v if len(v.dims[dim]) == 1 else _merged(v, dim) for v in (leader, other))
    return leader, other


def _merged(view: Value, dim: int) -> Value:
    isolated = isolate(view, [dim])
    return isolated.result(isolated.tensor, changed=[dim])


def _refine(leader: Value, other: Value, dim: int) -> tuple[Value, Value]:
    """Split the atoms of both into common factors, then let both share the leader's."""
    factors = common_factors([a.size for a in wide(leader.dims[dim])], [a.size for a in wide(other.dims[dim])])
    if factors is None:
        return _refine(leader, _merged(other, dim), dim) if len(other.dims[dim]) > 1 else (leader, other)
    leader, other = _split(leader, dim, factors), _split(other, dim, factors)
    pairs = zip(wide(other.dims[dim]), wide(leader.dims[dim]), strict=True)
    return leader, other.substitute({theirs: (mine,) for theirs, mine in pairs})


def common_factors(first: Sequence[Dim], second: Sequence[Dim]) -> list[int] | None:
    """Return the coarsest sizes from which both lists are made by merging neighbours; None where there are none.

    >>> common_factors([12], [3, 4])
    [3, 4]
    >>> common_factors([6, 4], [8, 3]) is None
    True
    """
    left, right, factors = list(_known(first))[::-1], list(_known(second))[::-1], []
    while left and right:
        a, b = left.pop(), right.pop()
        small, large = min(a, b), max(a, b)
        if small == 0 or large % small:
            return None
        factors.append(small)
        if large != small:
            (left if a > b else right).append(large // small)
    return None if left or right else factors


def _known(sizes: Sequence[Dim]) -> Iterator[int]:
    yield from (size for size in sizes if size is not None)


def _split(view: Value, dim: int, factors: Sequence[int]) -> Value:
    remaining, parts = list(factors), {}
    for atom in wide(view.dims[dim]):
        taken: list[int] = []
        while np.prod(taken, dtype=int) != atom.size:
            taken.append(remaining.pop(0))
        parts[atom] = tuple(Atom(size) for size in taken) if len(taken) > 1 else (atom,)
    return view.substitute(parts)
