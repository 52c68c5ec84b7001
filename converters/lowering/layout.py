"""Arranges views for operators: emits a reshape or a transpose only where the wanted order differs from the present."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from converters.edge_graph import Array, Tensor
from converters.lowering.value import Atom, Atoms, Dim, Value, flatten, size_of

if TYPE_CHECKING:
    from converters.lowering.builder import Builder


MOST_AXES = 5  # that every kernel takes


def wide(atoms: Iterable[Atom]) -> Atoms:
    """Return the atoms whose size is not 1: those whose order matters."""
    return tuple(atom for atom in atoms if atom.size != 1)


def arrange(view: Value, groups: Sequence[Atoms]) -> Tensor:
    """Return a tensor with one axis for each group of atoms. Equal requests give the same tensor."""
    builder, key = view.builder, _request(view, groups)
    if key not in builder.arranged:
        builder.arranged[key] = _arranged(view, groups)
    return builder.arranged[key]


def _arranged(view: Value, groups: Sequence[Atoms]) -> Tensor:
    builder, tensor, target = view.builder, view.stored, flatten(groups)
    if wide(flatten(view.axes)) == wide(target):
        return _reshape(builder, tensor, view.axes, groups)
    whole_axes = _permutation(view.axes, groups)
    if whole_axes is not None:
        return _transpose(builder, tensor, whole_axes)
    runs = _runs(view, target)
    order = sorted(range(len(runs)), key=lambda run: target.index(runs[run][0]))
    moved = _transpose(builder, _reshape(builder, tensor, view.axes, runs), order)
    return _reshape(builder, moved, [runs[run] for run in order], groups)


def _permutation(present: Sequence[Atoms], wanted: Sequence[Atoms]) -> list[int] | None:
    """Return which present axis each wanted group is; None if groups split or merge axes, or are too many."""
    axes = [wide(group) for group in present]
    order: list[int] = []
    for group in wanted:
        found = next((i for i, axis in enumerate(axes) if i not in order and axis == wide(group)), None)
        if found is None:
            return None
        order.append(found)
    return order if len(order) == len(axes) <= MOST_AXES else None


def _request(view: Value, groups: Sequence[Atoms]) -> tuple[object, ...]:
    """Return what is asked for in terms of the tensor alone: other views may name and cut its atoms otherwise."""
    memory = wide(flatten(view.axes))
    place = {atom: i for i, atom in enumerate(memory)}
    key: list[list[tuple[object, ...]]] = []
    for group in groups:
        runs: list[Atoms] = []
        for atom in wide(group):
            follows = runs and place[runs[-1][-1]] + 1 == place[atom]
            runs[len(runs) - bool(follows) :] = [(*runs[-1], atom) if follows else (atom,)]
        key.append([(_extent(run), _extent(memory[place[run[-1]] + 1 :])) for run in runs])
    return view.stored, *(tuple(runs) for runs in key)


def _extent(atoms: Atoms) -> tuple[int, int]:
    """Return the product of the known sizes, and how many are unknown: how far apart neighbours lie, or how many."""
    known = size_of(atom for atom in atoms if atom.size is not None)
    return known or 0, sum(atom.size is None for atom in atoms)


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
        return _rearranged(tensor, lambda data: data.reshape([size or 0 for size in shape]), shape)
    return builder.emit("RESHAPE", [tensor], [builder.sizes(wanted)], shape=shape)


def _transpose(builder: Builder, tensor: Tensor, order: Sequence[int]) -> Tensor:
    shape = tuple(tensor.shape[axis] for axis in order)
    if tensor.data is not None:
        return _rearranged(tensor, lambda data: data.transpose(order), shape)
    permutation = Tensor(np.dtype(np.int32), (len(order),), np.array(order, np.int32))
    return builder.emit("TRANSPOSE", [tensor], [permutation], shape=shape)


def _rearranged(tensor: Tensor, function: Callable[[Array], Array], shape: Sequence[Dim]) -> Tensor:
    scale = None if tensor.scale is None else function(tensor.scale)
    return replace(tensor, shape=tuple(shape), data=function(tensor.array), scale=scale)


# ---- axes that an operator works along


@dataclass(frozen=True)
class Isolated:
    """A tensor in which each of some dimensions is one axis, and everything else lies wherever it lay."""

    view: Value
    tensor: Tensor
    axes: tuple[Atoms, ...]
    axis_of: dict[int, int]  # logical dimension → axis

    @property
    def order(self) -> list[int]:
        """The isolated dimensions in the order of their axes."""
        return sorted(self.axis_of, key=self.axis_of.__getitem__)

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
    order = _gathered(view, wanted)
    owner = {atom: dim for dim in wanted for atom in view.dims[dim]}
    place = {atom: -1 - axis for axis, group in enumerate(view.axes) for atom in group} | owner
    axes = [tuple(run) for _, run in itertools.groupby(order, place.get)]
    if last:
        axes.sort(key=lambda group: group[0] in owner)
    if len(axes) > MOST_AXES:
        axes = [tuple(run) for _, run in itertools.groupby(flatten(axes), lambda atom: owner.get(atom, -1))]
    axis_of = {owner[group[0]]: axis for axis, group in enumerate(axes) if group[0] in owner}
    return Isolated(view, arrange(view, axes), tuple(axes), axis_of)


def _gathered(view: Value, dims: Iterable[int]) -> Atoms:
    """Return the order in memory with the atoms of each dimension put where the last of them lies.

    Units that no dimension has are left out, unless they are an axis of their own.
    """
    kept = set(flatten(view.dims))
    order = [a for group in view.axes for a in group if a in kept or a.size != 1 or len(group) == 1]
    for dim in dims:
        atoms = view.dims[dim]
        if any(atom not in order for atom in atoms):
            return flatten(view.dims)
        last = max(order.index(atom) for atom in atoms)
        rest = [atom for atom in order[:last] if atom not in atoms]
        order = [*rest, *atoms, *order[last + 1 :]]
    return tuple(order)


def in_one_piece(view: Value, atoms: Atoms) -> bool:
    """Tell whether atoms follow each other in memory, in this order."""
    order = wide(flatten(view.axes))
    start = order.index(atoms[0]) if atoms else 0
    return order[start : start + len(atoms)] == atoms


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
    builder, shape = view.builder, tuple(size_of(group) for group in axes)
    if view.stored.data is not None:
        return _rearranged(view.stored, lambda data: data.reshape([size or 0 for size in shape]), shape)
    return builder.emit("RESHAPE", [view.stored], [builder.sizes(axes)], shape=shape)


def merged(view: Value, dim: int) -> Value:
    """Return the view with all factors of one dimension next to each other, as a single atom."""
    isolated = isolate(view, [dim])
    return isolated.result(isolated.tensor, changed=[dim])


def order_of(view: Value) -> list[int]:
    """Return the dimensions in the order in which they lie, each where its last atom does."""
    place = {atom: i for i, atom in enumerate(wide(flatten(view.axes)))}
    last = [max((place[atom] for atom in wide(dim)), default=None) for dim in view.dims]
    for dim, found in enumerate(last):  # a dimension of size 1 stays behind the one before it
        last[dim] = (last[dim - 1] if dim else -1) if found is None else found
    return sorted(range(len(last)), key=lambda dim: last[dim] or 0)


def in_order(value: Value, dims: Sequence[int]) -> Tensor:
    """Return a tensor whose axes are the dimensions in this order."""
    view = value.builder.view(value)
    return arrange(view, [view.dims[dim] for dim in dims])


def compact(view: Value, max_rank: int) -> Value:
    """Return a view whose tensor has at most so many axes, for operators to which axes do not matter."""
    if len(view.axes) <= max_rank:
        return view
    axes = (flatten(view.axes),)
    return view.builder.laid_out(arrange(view, axes), view.dims, axes)
