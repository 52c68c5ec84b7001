"""Channels that are joined, shuffled and cut again, as in ShuffleNet V2: read from the tensors that held them first.

There half of the channels pass a block, and are then shuffled with those that the block makes. So a convolution reads
stretches of several tensors. They are joined in any order, since its filter can be put into the same one, and nothing
has to be transposed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from converters.edge_graph import Array, Graph, Op, Tensor
from converters.lowering.fusion import without_dead_ops

SPAN = 2**24  # more than a tensor has channels: the number of channel c of source s is s · SPAN + c
MOST_RUNS = 10  # stretches that are joined: ShuffleNet V2 makes up to 9
# Kinds that compute → the axis along which each operand after the first counts the channels of the first.
COMPUTING: Mapping[str, tuple[int, ...]] = {"CONV_2D": (3,), "DEPTHWISE_CONV_2D": (3, 0), "PAD": ()}


def without_shuffles(graph: Graph) -> Graph:
    """Return the graph with fewer transposes, unless that would compute something twice."""
    walk = Walk()
    for op in graph.ops:
        walk.visit(op)
    result = without_dead_ops(replace(graph, ops=walk.ops))
    before, after = (Counter(op.kind for op in ops) for ops in (graph.ops, result.ops))
    same = all(before[kind] == after[kind] for kind in COMPUTING)
    return result if same and after["TRANSPOSE"] < before["TRANSPOSE"] else graph


@dataclass
class Walk:
    """One walk over a graph, writing `ops`, among them some that turn out to be unneeded.

    `channels` holds, for tensors by id, which channels each pixel consists of, in the axes that come after the pixels'.
    `images` are the tensors `[N, H, W, C]` that hold given channels.
    """

    ops: list[Op] = field(default_factory=list)
    channels: dict[int, Array] = field(default_factory=dict)
    images: dict[bytes, Tensor] = field(default_factory=dict)
    sources: list[Tensor] = field(default_factory=list)

    def visit(self, op: Op) -> None:
        """Follow an operator that moves channels; let one that computes read them where they were first."""
        numbers, result = self.channels.get(id(op.inputs[0])), op.outputs[0]
        if op.kind == "CONCATENATION":
            self._join(op)
        elif numbers is not None and op.kind in MOVES:
            moved = MOVES[op.kind](op, numbers)
            self.channels |= {} if moved is None or not moved.size else {id(result): moved}
        elif numbers is not None and op.kind in COMPUTING and self._holds(op.inputs[0], numbers) and _fits(op):
            op = self._compute(op, numbers)
        self.ops.append(op)

    def _join(self, op: Op) -> None:
        """Note the channels of images that are joined by their channels."""
        result, images = op.outputs[0], [tensor for tensor in op.inputs if tensor is not None]
        fixed = len(result.shape) == 4 and None not in result.shape
        if fixed and op.attributes["axis"] == 3 and result.dtype == np.float32:
            numbers = np.concatenate([self._numbers(image) for image in images])
            self.channels[id(result)] = numbers
            self.images.setdefault(numbers.tobytes(), result)

    def _numbers(self, image: Tensor) -> Array:
        """Return the numbers of an image's channels: new ones, unless they are channels of other images."""
        known = self.channels.get(id(image))
        if known is not None and self._holds(image, known):
            return known
        numbers = len(self.sources) * SPAN + np.arange(image.shape[3] or 0)
        self.channels[id(image)], self.images[numbers.tobytes()] = numbers, image
        self.sources.append(image)
        return numbers

    def _holds(self, image: Tensor | None, numbers: Array) -> bool:
        """Tell whether an image has the pixels of the sources, with these channels in each."""
        source = self.sources[numbers.flat[0] // SPAN]
        return image is not None and image.shape == (*source.shape[:3], numbers.size) and numbers.ndim == 1

    def _compute(self, op: Op, numbers: Array) -> Op:
        """Return an operator that reads channels in the order in which they lie.

        A convolution of all channels makes the same of them. What makes one channel of each is written besides the
        operator itself, as a source of which whoever comes after takes channels in their order.
        """
        order, axes, result = _order(numbers), COMPUTING[op.kind], op.outputs[0]
        runs = _runs(numbers[order])
        if len(runs) > MOST_RUNS or (op.kind != "CONV_2D" and (np.diff(order) == 1).all()):
            return op
        operands = [_taken(tensor, order, axis) for tensor, axis in zip(op.inputs[1:], axes, strict=False)]
        inputs = [self._image(numbers[order]), *operands, *op.inputs[1 + len(axes) :]]
        if op.kind == "CONV_2D":
            return replace(op, inputs=inputs)
        made = Tensor(result.dtype, result.shape)
        self.ops.append(replace(op, inputs=inputs, outputs=[made]))
        self.channels[id(result)] = self._numbers(made)[np.argsort(order)]
        return op

    def _image(self, numbers: Array) -> Tensor:
        """Return an image of these channels: there is one, or it is cut out of others and joined."""
        key = numbers.tobytes()
        if key not in self.images:
            first, start = divmod(int(numbers[0]), SPAN)
            source = self.sources[first]
            result = Tensor(source.dtype, (*source.shape[:3], len(numbers)))
            runs = _runs(numbers)
            if len(runs) > 1:
                options = {"axis": 3, "fused_activation_function": "NONE"}
                self.ops.append(Op("CONCATENATION", [self._image(run) for run in runs], [result], options))
            else:
                end = (*source.shape[:3], start + len(numbers))
                bounds = [_vector(*bound) for bound in ((0, 0, 0, start), end, (1, 1, 1, 1))]
                self.ops.append(Op("STRIDED_SLICE", [source, *bounds], [result]))
            self.images[key] = result
        return self.images[key]


def _fits(op: Op) -> bool:
    """Tell whether an operator has constant weights, and takes either all channels or each by itself."""
    weights = op.inputs[1 : 1 + len(COMPUTING[op.kind])]
    counted = op.inputs[1] if op.kind == "CONV_2D" else op.outputs[0]
    same = counted is not None and op.inputs[0] is not None and counted.shape[-1] == op.inputs[0].shape[-1]
    return same and all(weight is not None and weight.data is not None for weight in weights)


def _order(numbers: Array) -> Array:
    """Return the order in which channels lie, one source after the other."""
    source, channel = np.divmod(numbers, SPAN)
    _, first, inverse = np.unique(source, return_index=True, return_inverse=True)
    return np.lexsort((channel, first[inverse]))


def _runs(numbers: Array) -> list[Array]:
    """Cut into stretches of channels that lie beside each other."""
    return np.split(numbers, np.flatnonzero(np.diff(numbers) != 1) + 1)


def _taken(tensor: Tensor | None, order: Array, axis: int) -> Tensor | None:
    if tensor is None:
        return None
    scale = None if tensor.scale is None else np.take(tensor.scale, order, axis)
    return replace(tensor, data=np.take(tensor.array, order, axis), scale=scale)


def _vector(*entries: int | None) -> Tensor:
    return Tensor(np.dtype(np.int32), (len(entries),), np.array(entries, np.int32))


# ---- what kinds that move make of the channels in a pixel; None where they do not keep pixels apart


def _reshaped(op: Op, numbers: Array) -> Array | None:
    shape = [size or 0 for size in op.outputs[0].shape]
    axes = (axis for axis in reversed(range(len(shape))) if math.prod(shape[axis:]) == numbers.size)
    axis = next(axes, None)
    return None if axis is None else numbers.reshape(shape[axis:])


def _transposed(op: Op, numbers: Array) -> Array | None:
    order = _entries(op, 1)
    pixels = len(order) - numbers.ndim
    apart = bool(order) and order[:pixels] == [*range(pixels)]
    return numbers.transpose([axis - pixels for axis in order[pixels:]]) if apart else None


def _sliced(op: Op, numbers: Array) -> Array | None:
    shape = [size or 0 for size in op.inputs[0].shape] if op.inputs[0] else []
    ranges = []
    for axis, (begin, end, step) in enumerate(zip(*(_entries(op, place) for place in (1, 2, 3)), strict=True)):
        first, last = (op.attributes.get(mask, 0) >> axis & 1 for mask in ("begin_mask", "end_mask"))
        ranges.append(slice(None if first else begin, None if last else end, step))
    pixels = len(ranges) - numbers.ndim
    whole = all(range(size)[r] == range(size) for size, r in zip(shape[:pixels], ranges, strict=False))
    return numbers[tuple(ranges[pixels:])] if ranges and whole else None


def _entries(op: Op, place: int) -> list[int]:
    """Return the entries of a constant vector; none if it is computed when the model runs."""
    tensor = op.inputs[place]
    return [] if tensor is None or tensor.data is None else [int(entry) for entry in tensor.data]


MOVES: Mapping[str, Callable[[Op, Array], Array | None]] = {
    "RESHAPE": _reshaped,
    "STRIDED_SLICE": _sliced,
    "TRANSPOSE": _transposed,
}
