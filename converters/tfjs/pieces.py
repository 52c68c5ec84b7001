"""Keeps images in the pieces that grouped convolutions take them in.

Cutting an image by its channels is slow: the runtime copies it pixel by pixel. So what is cut is computed in pieces,
where convolutions, sums and activations make it: each filter is cut instead, once and for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from converters.edge_graph import Graph, Op, Tensor
from converters.lowering.fusion import without_dead_ops
from converters.tfjs.nodes import data_of

ELEMENTWISE = {"RELU", "RELU6", "ADD", "MUL", "SUB"}


def keep_pieces(graph: Graph) -> Graph:
    """Return the graph with fewer SPLIT_V."""
    cutting = Cutting(_wanted(graph))
    for op in graph.ops:
        cutting.visit(op)
    return without_dead_ops(replace(graph, ops=cutting.ops))


def _wanted(graph: Graph) -> dict[int, int]:
    """Return into how many pieces each tensor is cut: those that SPLIT_V reads, and what these are computed from."""
    counts: dict[int, int] = {}
    for op in reversed(graph.ops):
        if op.kind == "SPLIT_V":
            counts.setdefault(id(op.inputs[0]), len(op.outputs))
        elif op.kind in ELEMENTWISE and id(op.outputs[0]) in counts:
            for tensor in op.inputs:
                counts.setdefault(id(tensor), counts[id(op.outputs[0])])
    return counts


@dataclass
class Cutting:
    """One walk over the graph, writing `ops`; `counts` says what is wanted in how many pieces."""

    counts: dict[int, int]
    ops: list[Op] = field(default_factory=list)
    pieces: dict[int, Sequence[Tensor]] = field(default_factory=dict)  # by id of the whole
    names: dict[int, Tensor] = field(default_factory=dict)  # id of what SPLIT_V made → the piece instead of it

    def visit(self, op: Op) -> None:
        """Write an operator: as it is, or once for each piece and then joined for those that want the whole."""
        source, whole = op.inputs[0], op.outputs[0]
        if op.kind == "SPLIT_V" and id(source) in self.pieces:
            self.names |= {id(t): piece for t, piece in zip(op.outputs, self.pieces[id(source)], strict=True)}
            return
        op.inputs = [None if tensor is None else self.names.get(id(tensor), tensor) for tensor in op.inputs]
        parts = self._cut(op, self.counts[id(whole)]) if id(whole) in self.counts else []
        if not parts:
            self.ops.append(op)
            if op.kind == "SPLIT_V":
                self.pieces[id(source)] = op.outputs
            return
        self.pieces[id(whole)] = [part.outputs[0] for part in parts]
        joined: list[Tensor | None] = [*self.pieces[id(whole)]]
        self.ops += [*parts, Op("CONCATENATION", joined, [whole], {"axis": 3}, op.where)]

    def _cut(self, op: Op, count: int) -> list[Op]:
        """Return the operators that make the pieces of a result; none if it cannot be made so."""
        whole = op.outputs[0]
        results = [Tensor(whole.dtype, (*whole.shape[:3], (whole.shape[3] or 0) // count)) for _ in range(count)]
        if op.kind == "CONV_2D":
            x, weight, bias = op.inputs
            if weight is None or bias is None or weight.data is None or bias.data is None:
                return []
            filters, biases = (np.split(data_of(tensor), count) for tensor in (weight, bias))
            rows = [[x, _constant(f), _constant(b)] for f, b in zip(filters, biases, strict=True)]
        elif op.kind in ELEMENTWISE and all(id(t) in self.pieces and _same(t, whole) for t in op.inputs):
            rows = [list(row) for row in zip(*(self.pieces[id(tensor)] for tensor in op.inputs), strict=True)]
        else:
            return []
        return [replace(op, inputs=row, outputs=[result]) for row, result in zip(rows, results, strict=True)]


def _same(tensor: Tensor | None, other: Tensor) -> bool:
    return tensor is not None and tensor.shape == other.shape


def _constant(data: np.ndarray) -> Tensor:
    return Tensor(data.dtype, data.shape, data)
