"""Images with their channels in whatever order they lie in.

After a channel shuffle, for instance, they lie in another order than ONNX says. Pooling does not mind, a filter can be
put into the same order, and the groups of a convolution may change places: so none of these has to move an image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from converters.edge_graph import Array, Tensor
from converters.lowering.layout import arrange, wide
from converters.lowering.reshaping import Extent, cut
from converters.lowering.value import Atom, Atoms, Value, flatten, size_of


class Order(NamedTuple):
    """The factors of a dimension, slowest first: as ONNX counts them, and as they lie."""

    logical: Atoms
    present: Atoms


@dataclass(frozen=True)
class Image:
    """A value `[N, C, spatial...]` with its channels in an order in which an operator can take them.

    `groups` are the groups of channels, `inside` is what each of them holds. Channels in `taps` lie beside each other
    as pixels do; there are none but in what `in_taps` returns.
    """

    view: Value
    channels: Atoms
    groups: Order
    inside: Order
    taps: Atoms = ()

    @property
    def tensor(self) -> Tensor:
        """The tensor `[N, spatial..., C]`, or `[N, H, W · taps, C / taps]`."""
        batch, _, *spatial, row = self.view.dims
        return arrange(self.view, [batch, *spatial, (*row, *self.taps), self.channels])

    @property
    def value(self) -> Value:
        """The value in this order."""
        batch, channels, *spatial = self.view.dims
        axes = [batch, *spatial, self.channels]
        return self.view.builder.laid_out(self.tensor, [batch, channels, *spatial], axes)

    @property
    def moves(self) -> bool:
        """Tell whether channels have to be put into another order."""
        return wide(self.channels) != _present(self.view)

    def result(self, tensor: Tensor, inside: Atoms = ()) -> Value:
        """Return the view on a result `[N, spatial..., C]` of as many groups, each of which holds `inside`."""
        builder, batch = self.view.builder, self.view.dims[0]
        spatial = [(builder.atom(tensor, axis),) for axis in range(1, len(tensor.shape) - 1)]
        axes = [batch, *spatial, (*self.groups.present, *inside)]
        return builder.laid_out(tensor, [batch, (*self.groups.logical, *inside), *spatial], axes)

    def outputs(self, constant: Value, inside: Atoms) -> Value:
        """Return a constant by output channel in the order of `result`."""
        return _reordered(constant, 0, Order(*((*atoms, *inside) for atoms in self.groups)))

    def inputs(self, weight: Value) -> Value:
        """Return a filter `[O, C / groups, kernel...]` with its input channels in order, and as wide as its taps."""
        if not self.taps:
            return _reordered(weight, 1, self.inside)
        logical, present = self.inside
        sizes, places = [atom.size or 1 for atom in logical], [1 + logical.index(atom) for atom in present]
        taps, rest = places[: len(self.taps)], places[len(self.taps) :]

        def spread(data: Array) -> Array:
            outputs, depth, height, width = data.shape
            split = data.reshape(outputs, *sizes, height, width).transpose(0, *rest, -2, -1, *taps)
            count = size_of(self.taps) or 1
            return split.reshape(outputs, depth // count, height, width * count)

        return weight.rearranged(spread)


def as_it_lies(x: Value) -> Image:
    """Return an image all of whose channels stay where they are."""
    view = _view(x)
    present = _present(view)
    return Image(view, present, Order(wide(view.dims[1]), present), Order((), ()))


def in_groups(x: Value, groups: int, *, ordered: bool) -> Image:
    """Return an image whose channels are cut into groups, each of them in one piece; in ONNX's order if `ordered`."""
    view, count = _view(x), (x.shape[1] or 0) // groups
    plan = cut(wide(view.dims[1]), [Extent(frozenset(), groups), Extent(frozenset(), count)])
    if plan is None:  # a factor reaches over the end of a group
        outer, inner = wide([Atom(groups)]), wide([Atom(count)])
        return Image(view, view.dims[1], Order(outer, outer), Order(inner, inner))
    view, (outer, inner) = view.substitute(plan[0]), plan[1]
    present = _present(view)
    ordered = ordered or set(present[: len(outer)]) != set(outer)
    channels = outer + inner if ordered else present
    return Image(view, channels, Order(outer, channels[: len(outer)]), Order(inner, channels[len(outer) :]))


def in_taps(x: Value, groups: int) -> Image | None:
    """Return an image `[N, C, H, W]` as a filter takes it that is as wide as there are taps, and steps as far.

    A shuffle of a grouped convolution's channels spreads those of each new group over all old ones. There they lie in
    parts, equally far from each other, and need not be brought together. None where they lie in another way.
    """
    image = in_groups(x, groups, ordered=False)
    present, outer = _present(image.view), image.groups.logical
    start = next((place for place, atom in enumerate(present) if atom in outer), 0)
    taps, end = present[:start], start + len(outer)
    if not taps or present[start:end] != outer:
        return None
    channels, inside = present[start:], Order(image.inside.logical, taps + present[end:])
    return Image(image.view, channels, Order(outer, outer), inside, taps)


def _view(x: Value) -> Value:
    """Return the view with an atom for each dimension, so that each becomes an axis."""
    view = x.builder.view(x)
    return view.with_dims([group or (Atom(1),) for group in view.dims])


def _present(view: Value) -> Atoms:
    own = set(view.dims[1])
    return tuple(atom for atom in wide(flatten(view.axes)) if atom in own)


def _reordered(constant: Value, dim: int, order: Order) -> Value:
    """Return a constant with a dimension that lies in ONNX's order put into the present one."""
    if order.logical == order.present:
        return constant
    sizes, places = [atom.size or 1 for atom in order.logical], [order.logical.index(atom) for atom in order.present]

    def put_in_order(data: Array) -> Array:
        split = data.reshape(*data.shape[:dim], *sizes, *data.shape[dim + 1 :])
        before, after = range(dim), range(dim + len(sizes), split.ndim)
        return split.transpose(*before, *(dim + place for place in places), *after).reshape(data.shape)

    return constant.rearranged(put_in_order)


def without_groups(weight: Value, groups: int) -> Value:
    """Return the filter `[O, C, kernel...]` of the same convolution without groups."""
    return weight.builder.constant(joined(weight.array, groups))


def joined(weight: Array, groups: int) -> Array:
    """Return a filter `[O, C / groups, ...]` as `[O, C, ...]`: 0 where it connects different groups."""
    outputs, depth, *kernel = weight.shape
    dense = np.zeros((groups, outputs // groups, groups, depth, *kernel), weight.dtype)
    for group, part in enumerate(weight.reshape(groups, outputs // groups, depth, *kernel)):
        dense[group, :, group] = part
    return dense.reshape(outputs, groups * depth, *kernel)
