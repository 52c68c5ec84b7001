"""A batch normalisation that no convolution absorbs → a depthwise convolution of one pixel, which 8 bits can compute.

DenseNet normalises what it has concatenated. Quantised as it stands, that is up to three operators, each of which
rounds; a convolution rounds once, has a scale for each channel, and takes the Relu that follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir
from onnx_ir.passes.common import RemoveUnusedNodesPass

Array = npt.NDArray[Any]
EPSILON = 1e-5  # of BatchNormalization, where the node does not give it


@dataclass(frozen=True)
class Affine:
    """`scale · x + offset` by channel, both `[C]` float64, computed up to and including `node`."""

    node: ir.Node
    scale: Array
    offset: Array

    def then(self, node: ir.Node) -> Affine | None:
        """Return this with a multiplication or addition of constants `[C, 1, …]` after it; None for other nodes."""
        term = _by_channel(node, self.node.outputs[0], len(self.scale))
        if term is None or node.op_type not in ("Mul", "Add"):
            return None
        if node.op_type == "Mul":
            return Affine(node, self.scale * term, self.offset * term)
        return Affine(node, self.scale, self.offset + term)


def to_convolutions(model: ir.Model) -> None:
    """Replace every batch normalisation, with the multiplications and additions by channel that follow it."""
    for first in [node for node in model.graph if node.op_type == "BatchNormalization"]:
        source, affine = first.inputs[0], _normalisation(first)
        if source is None or source.shape is None or len(source.shape) < 3 or affine is None:
            continue
        while (reader := _sole_reader(affine.node.outputs[0])) and (longer := affine.then(reader)):
            affine = longer
        _replace(model.graph, source, affine, len(source.shape) - 2)
    RemoveUnusedNodesPass()(model)


def _normalisation(node: ir.Node) -> Affine | None:
    """Return what a BatchNormalization with constant statistics computes (ONNX operator specification)."""
    constants = [value.const_value for value in node.inputs[1:5] if value is not None and value.const_value is not None]
    if len(constants) < 4 or any(output.uses() for output in node.outputs[1:]):
        return None
    gamma, beta, mean, variance = (constant.numpy().astype(np.float64) for constant in constants)
    scale = gamma / np.sqrt(variance + node.attributes.get_float("epsilon", EPSILON))
    return Affine(node, scale, beta - mean * scale)


def _sole_reader(value: ir.Value) -> ir.Node | None:
    readers = [use.node for use in value.uses()]
    return readers[0] if len(readers) == 1 and not value.is_graph_output() else None


def _by_channel(node: ir.Node, source: ir.Value, channels: int) -> Array | None:
    """Return the constant operand beside `source`, if it has one entry a channel: `[C, 1, …]` → `[C]` float64."""
    constants = [value.const_value for value in node.inputs if value is not None and value is not source]
    if len(constants) != 1 or constants[0] is None or source.shape is None:
        return None
    entries = constants[0].numpy()
    one_a_channel = (channels, *[1] * (len(source.shape) - 2))
    return entries.reshape(-1).astype(np.float64) if entries.shape in (one_a_channel, (1, *one_a_channel)) else None


def _replace(graph: ir.Graph, source: ir.Value, affine: Affine, dimensions: int) -> None:
    result = affine.node.outputs[0]
    weight = affine.scale.astype(np.float32).reshape(-1, 1, *[1] * dimensions)
    parameters = [
        ir.Value(name=f"{result.name}_{suffix}", const_value=ir.tensor(array, name=f"{result.name}_{suffix}"))
        for suffix, array in (("scale", weight), ("offset", affine.offset.astype(np.float32)))
    ]
    for value in parameters:
        graph.register_initializer(value)
    node = ir.node("Conv", [source, *parameters], {"group": len(affine.scale)}, name=f"{result.name}_affine")
    (output,) = node.outputs
    output.shape, output.type = result.shape, result.type
    graph.insert_before(affine.node, node)
    result.replace_all_uses_with(output, replace_graph_outputs=True)
    output.name, result.name = result.name, None
