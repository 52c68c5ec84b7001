"""Shuffles that spread the channels of each group over the next groups in parts of different sizes.

A filter takes parts as its taps only where all are of one size (`channels.in_taps`). So what makes the image makes it
anew with all parts as large as the largest: the channels that are added are 0, and so is what the filter has for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from converters.edge_graph import Array, Op, Tensor
from converters.lowering.builder import Builder
from converters.lowering.layout import wide
from converters.lowering.value import Atom, Value

NONE = -1  # in place of a channel: 0
# Up to here it was faster than a transpose in LiteRT, by 3 to 23 %; with more groups it was slower as often as faster.
MOST_ADDED = 1 / 5  # channels for each that there is
MOST_GROUPS = 5
# Kinds that make each channel from one → the axes along which the operands after the first count channels.
KEEPING: Mapping[str, tuple[int, ...]] = {
    "ADD": (-1,),
    "DEPTHWISE_CONV_2D": (3, 0),
    "MUL": (-1,),
    "PAD": (),
    "RELU": (),
    "RELU6": (),
}


def with_equal_parts(x: Value, weight: Value, readers: int) -> tuple[Value, Value]:
    """Return an image `[N, C, H, W]` and a filter `[O, C / readers, 1, 1]` of as many groups, equal parts in both.

    Both stay as they are where channels are not shuffled, or where equal parts might cost more than a transpose.
    """
    channels = wide(x.dims[1])
    size, groups = (atom.size or 0 for atom in channels) if len(channels) == 2 else (0, 1)
    if len(x.axes) != 4 or wide(x.axes[3]) != channels[::-1] or not 1 < groups <= MOST_GROUPS:
        return x, weight
    before, after = _parts(size, groups, readers)
    if not 0 < before.size - size * groups <= size * groups * MOST_ADDED:
        return x, weight
    builder = x.builder
    key = "equal parts", x.stored, size, groups, readers
    tensor = builder.arranged.get(key) or Choice(builder, before.transpose(2, 0, 1).reshape(-1), groups).of(x.stored)
    if tensor is None:
        return x, weight
    builder.arranged[key] = tensor
    reader, place, group = (Atom(count) for count in before.shape)
    dims = [x.dims[0], (reader, place, group), *x.dims[2:]]
    image = builder.laid_out(tensor, dims, [*x.axes[:3], (group, reader, place)])
    return image, builder.constant(_filter(weight.array, after.reshape(readers, -1)))


def _parts(size: int, groups: int, readers: int) -> tuple[Array, Array]:
    """Return which channels of the image, and which of those that a reader takes, stand at `[reader, place, group]`.

    >>> [table.tolist() for table in _parts(3, 2, 2)]
    [[[[0, 3], [1, -1]], [[2, 4], [-1, 5]]], [[[0, 1], [2, -1]], [[1, 0], [-1, 2]]]]
    """
    depth, shuffled = groups * size // readers, np.arange(groups * size)
    (row, group), reader = np.divmod(shuffled, groups), shuffled // depth
    place = row + (group - reader * depth) // groups
    shape = readers, int(place.max()) + 1, groups
    before, after = np.full(shape, NONE), np.full(shape, NONE)
    before[reader, place, group] = group * size + row
    after[reader, place, group] = shuffled % depth
    return before, after


def _filter(weight: Array, places: Array) -> Array:
    """Return a filter with its input channels put into these places `[groups, channels]`."""
    groups, outputs = len(places), weight.shape[0]
    index = np.repeat(places, outputs // groups, 0)[:, :, None, None]
    return np.where(index == NONE, 0, np.take_along_axis(weight, index, 1)).astype(weight.dtype)


@dataclass(frozen=True)
class Choice:
    """Writes operators anew so that they make the chosen channels, as many of each of `groups`."""

    builder: Builder
    channels: Array
    groups: int

    @cached_property
    def _makers(self) -> dict[int, Op]:
        return self.builder.graph.producers()

    def of(self, image: Tensor) -> Tensor | None:
        """Return the chosen channels of an image `[N, H, W, C]` that a convolution with constant weights makes."""
        op = self._makers.get(id(image))
        source = None if op is None else self._source(op)
        if op is None or source is None:
            return None
        axes = KEEPING.get(op.kind, (0, 0))
        operands = [self._operand(tensor, axis) for tensor, axis in zip(op.inputs[1:], axes, strict=False)]
        if None in operands:
            return None
        result = Tensor(image.dtype, (*image.shape[:-1], len(self.channels)))
        inputs = [source, *operands, *op.inputs[1 + len(axes) :]]
        self.builder.append(op.kind, inputs, [result], dict(op.attributes))
        return result

    def _source(self, op: Op) -> Tensor | None:
        """Return what an operator reads in order to make them; None for an operator that cannot."""
        source, weight = op.inputs[0], op.inputs[1] if op.kind == "CONV_2D" else None
        if source is None:
            return None
        if weight is not None:
            groups = (source.shape[-1] or 1) // (weight.shape[-1] or 1)
            return source if self.groups % groups == 0 else None
        keeps = op.kind in KEEPING and source.shape[-1] == op.outputs[0].shape[-1]
        return self.of(source) if keeps else None

    def _operand(self, tensor: Tensor | None, axis: int) -> Tensor | None:
        """Return a constant's entries for them: 0 for channels that are added, the same where it has one for all."""
        if tensor is None or tensor.data is None:
            return None
        if tensor.data.ndim == 0 or tensor.shape[axis] == 1:
            return tensor
        entries = np.take(tensor.data, np.maximum(self.channels, 0), axis)
        np.moveaxis(entries, axis, -1)[..., self.channels == NONE] = 0
        return self.builder.view(self.builder.constant(entries)).stored
