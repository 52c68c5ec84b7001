"""Edge graph → edge graph that computes the same with operators that TF.js has and runs fast."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from converters.edge_graph import Array, Graph, Op, Tensor
from converters.errors import Refusal
from converters.lowering.channels import joined
from converters.lowering.fusion import fuse, without_dead_ops
from converters.tfjs.nodes import data_of, operand
from converters.tfjs.pieces import keep_pieces

# What a piece of a convolution costs on wasm with SIMD, in microseconds: measured on one core at 2 to 3 GHz.
MULTIPLY = 1 / 21_000  # one multiplication and addition
ROW = 0.3  # cutting a piece of one pixel out, and joining it again
DISPATCH = 60.0  # running two operators
PIXELS = 28 * 28  # assumed where the size is known only at run time

# Convolutions → where the spatial axes of their filter begin, and what they are called.
SPATIAL = {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "CONV_3D": 0}
SPATIAL_AXES = {"CONV_2D": "hw", "DEPTHWISE_CONV_2D": "hw", "CONV_3D": "dhw"}


def rewrite(graph: Graph) -> Graph:
    """Return the graph with scales, activations and paddings inside the convolutions, and none of them grouped."""
    graph = merge_reshapes(absorb_padding(fuse(graph)))
    for op in graph.ops:
        if op.kind in SPATIAL:
            fill_gaps(op, SPATIAL[op.kind])
    return keep_pieces(replace(graph, ops=[new for op in graph.ops for new in RULES.get(op.kind, _unchanged)(op)]))


def absorb_padding(graph: Graph) -> Graph:
    """Let convolutions pad by themselves where zeros surround rows and columns only."""
    makers = graph.producers()
    for op in graph.ops:
        maker = makers.get(id(op.inputs[0]))
        if op.kind in ("CONV_2D", "DEPTHWISE_CONV_2D") and maker is not None and op.attributes["padding"] == "VALID":
            widths = _spatial_padding(maker)
            if widths is not None:
                op.inputs[0] = maker.inputs[0]
                op.attributes["explicit_paddings"] = widths
    return without_dead_ops(graph)


def _spatial_padding(op: Op) -> list[int] | None:
    """Return the padding as TF.js writes it, two numbers an axis of `[N, H, W, C]`; None if it is another padding."""
    table = op.inputs[1] if op.kind == "PAD" else None
    if table is None or table.data is None or table.shape != (4, 2) or table.data[[0, 3]].any():
        return None
    return [int(width) for width in table.data.reshape(-1)]


def fill_gaps(op: Op, first: int) -> None:
    """Write a dilated filter with its zeros where the convolution also has a stride: TF.js takes either of both."""
    weight, axes = operand(op, 1), range(first, first + len(SPATIAL_AXES[op.kind]))
    strides, dilations = (
        [op.attributes[field.format(axis)] for axis in SPATIAL_AXES[op.kind]]
        for field in ("stride_{}", "dilation_{}_factor")
    )
    if max(strides) == 1 or max(dilations) == 1:
        return
    if weight.data is None:
        why = "it has a stride, and its dilated filter is computed when the model runs"
        raise Refusal("Conv", op.where, why, "make the filter a constant")
    data = data_of(weight)
    shape, places = list(data.shape), [slice(None)] * data.ndim
    for axis, dilation in zip(axes, dilations, strict=True):
        shape[axis], places[axis] = (shape[axis] - 1) * dilation + 1, slice(None, None, dilation)
    filled = np.zeros(shape, data.dtype)
    filled[tuple(places)] = data
    op.inputs[1] = _constant(filled)
    op.attributes |= {f"dilation_{axis}_factor": 1 for axis in SPATIAL_AXES[op.kind]}


def merge_reshapes(graph: Graph) -> Graph:
    """Let a reshape read what the reshape before it read."""
    makers = graph.producers()
    for op in graph.ops:
        while op.kind == "RESHAPE" and (maker := makers.get(id(op.inputs[0]))) and maker.kind == "RESHAPE":
            op.inputs[0] = maker.inputs[0]
    return without_dead_ops(graph)


def _unchanged(op: Op) -> Iterator[Op]:
    yield op


def without_groups(op: Op) -> Iterator[Op]:
    """Split a grouped convolution into few ungrouped ones on slices of the channels.

    TF.js has no grouped form. Some neighbouring groups are joined into one convolution whose filter is 0 where it
    connects different groups.
    """
    x, weight, bias = (operand(op, i) for i in range(3))
    outputs, _, _, depth = weight.shape
    if x.shape[3] == depth:
        yield op
        return
    if weight.data is None or bias.data is None or outputs is None:
        why = "its groups cannot be told apart while its filter is computed when the model runs"
        raise Refusal("Conv", op.where, why, "make the filter and the bias constants")
    groups = (x.shape[3] or 0) // (depth or 1)
    pieces = _pieces(groups, weight.data.size, op.outputs[0].shape)
    filters, biases = np.split(data_of(weight), pieces), np.split(data_of(bias), pieces)
    if pieces == 1:
        yield replace(op, inputs=[x, _constant(_joined(data_of(weight), groups)), bias])
        return
    images, results = (_parts(tensor, pieces) for tensor in (x, op.outputs[0]))
    sizes = _constant(np.full(pieces, images[0].shape[3], np.int32))
    yield Op("SPLIT_V", [x, sizes, _constant(np.array(3, np.int32))], images, {}, op.where)
    for image, result, f, b in zip(images, results, filters, biases, strict=True):
        yield replace(op, inputs=[image, _constant(_joined(f, groups // pieces)), _constant(b)], outputs=[result])
    yield Op("CONCATENATION", [*results], op.outputs, {"axis": 3}, op.where)


def _parts(tensor: Tensor, pieces: int) -> list[Tensor]:
    shape = (*tensor.shape[:3], (tensor.shape[3] or 0) // pieces)
    return [Tensor(tensor.dtype, shape) for _ in range(pieces)]


def _pieces(groups: int, weights: int, shape: Sequence[int | None]) -> int:
    """Return the count of pieces that costs least; each computes `groups / pieces` groups as one.

    >>> _pieces(4, 112 * 24, (1, 56, 56, 112)), _pieces(4, 544 * 136, (1, 7, 7, 544))
    (1, 4)
    """
    pixels = math.prod(shape[:3]) if None not in shape[:3] else PIXELS  # type: ignore[arg-type]

    def cost(pieces: int) -> float:
        per_pixel = weights * (groups // pieces) * MULTIPLY + (pieces * ROW if pieces > 1 else 0)
        return per_pixel * pixels + pieces * DISPATCH

    return min((count for count in range(1, groups + 1) if groups % count == 0), key=cost)


def _joined(weight: Array, groups: int) -> Array:
    """Return the filter `[O, H, W, groups · I]` of the same convolution without groups."""
    return np.moveaxis(joined(np.moveaxis(weight, 3, 1), groups), 1, 3)


def _constant(data: Array) -> Tensor:
    return Tensor(data.dtype, data.shape, data)


RULES: Mapping[str, Callable[[Op], Iterator[Op]]] = {"CONV_2D": without_groups}
