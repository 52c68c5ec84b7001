"""Images with their channels in whatever order they lie in.

After a channel shuffle, for instance, they lie in another order than ONNX says. Pooling does not mind, a filter can be
put into the same order, and the groups of a convolution may change places: so none of these has to move an image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from converters.edge_graph import Array, Tensor
from converters.lowering.layout import arrange, wide
from converters.lowering.reshaping import Extent, cut
from converters.lowering.value import Atom, Atoms, Value, flatten


@dataclass(frozen=True)
class Image:
    """A value `[N, C, spatial...]` whose channels are `outer` · `inner`, groups and what is inside one.

    `present` are the same atoms in the order that they are wanted in.
    """

    view: Value
    outer: Atoms
    inner: Atoms
    present: Atoms

    @property
    def tensor(self) -> Tensor:
        """The tensor `[N, spatial..., C]`."""
        batch, _, *spatial = self.view.dims
        return arrange(self.view, [batch, *spatial, self.present])

    @property
    def moves(self) -> bool:
        """Tell whether channels have to be put into another order."""
        own = set(self.present)
        return self.present != tuple(atom for atom in flatten(self.view.axes) if atom in own)

    def result(self, tensor: Tensor, channels: Atoms = ()) -> Value:
        """Return the view on a result `[N, spatial..., C]` whose channels are `outer` · `channels`."""
        builder, batch = self.view.builder, self.view.dims[0]
        spatial = [(builder.atom(tensor, axis),) for axis in range(1, len(tensor.shape) - 1)]
        axes = [batch, *spatial, (*self._groups(), *channels)]
        return builder.laid_out(tensor, [batch, (*self.outer, *channels), *spatial], axes)

    def _groups(self) -> Atoms:
        return tuple(atom for atom in self.present if atom in self.outer)

    def outputs(self, constant: Value, channels: Atoms) -> Value:
        """Return a constant by output channel, `outer` · `channels` first, in the order of `result`."""
        return _reordered(constant, 0, (*self.outer, *channels), (*self._groups(), *channels))

    def inputs(self, weight: Value) -> Value:
        """Return a filter `[O, C / groups, kernel...]` with its input channels in order."""
        return _reordered(weight, 1, self.inner, tuple(atom for atom in self.present if atom in self.inner))


def as_it_lies(x: Value) -> Image:
    """Return an image all of whose channels stay where they are."""
    view = x.builder.view(x)
    return Image(view, view.dims[1], (), _present(view))


def in_groups(x: Value, groups: int, *, ordered: bool) -> Image:
    """Return an image whose channels are cut into groups, each of them in one piece; in ONNX's order if `ordered`."""
    view, count = x.builder.view(x), (x.shape[1] or 0) // groups
    plan = cut(wide(view.dims[1]), [Extent(frozenset(), groups), Extent(frozenset(), count)])
    if plan is None:  # an atom that belongs to several groups
        tensor = arrange(view, [view.dims[0], *view.dims[2:], view.dims[1]])
        outer, inner = (Atom(groups),), (Atom(count),)
        axes = [view.dims[0], *view.dims[2:], outer + inner]
        view = x.builder.laid_out(tensor, [view.dims[0], outer + inner, *view.dims[2:]], axes)
        return Image(view, outer, inner, outer + inner)
    parts, (outer, inner) = plan
    view = view.substitute(parts)
    present = _present(view)
    in_pieces = set(present[: len(outer)]) == set(outer)
    return Image(view, outer, inner, present if in_pieces and not ordered else outer + inner)


def _present(view: Value) -> Atoms:
    own = set(view.dims[1])
    return tuple(atom for atom in flatten(view.axes) if atom in own)


def _reordered(constant: Value, dim: int, logical: Sequence[Atom], present: Sequence[Atom]) -> Value:
    """Return a constant whose dimension `dim` is the product of `logical` atoms with these as in `present`."""
    order = [logical.index(atom) for atom in present]
    if order == sorted(order):
        return constant
    sizes = [atom.size or 1 for atom in logical]

    def put_in_order(data: Array) -> Array:
        split = data.reshape(*data.shape[:dim], *sizes, *data.shape[dim + 1 :])
        before, after = range(dim), range(dim + len(sizes), split.ndim)
        return split.transpose(*before, *(dim + i for i in order), *after).reshape(data.shape)

    return constant.rearranged(put_in_order)
