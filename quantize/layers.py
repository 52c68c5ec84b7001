"""Convolutions and products with constant weights, and where in them the channels lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

Array = npt.NDArray[Any]
KINDS = {"Conv", "Gemm"}


@dataclass(frozen=True)
class Layer:
    """A Conv or Gemm whose weights, and bias if it has one, are constants that nothing else reads."""

    node: ir.Node

    @property
    def result(self) -> ir.Value:
        """Return its result, channels on axis 1."""
        return self.node.outputs[0]

    @property
    def weight(self) -> Array:
        """Return its weights as `[groups, outputs of a group, inputs of a group, positions]`."""
        array = _constant(self.node, 1)
        if self.node.op_type == "Gemm":
            array = array if self._transposed else array.T
        return array.reshape(self.groups, array.shape[0] // self.groups, array.shape[1], -1)

    @property
    def groups(self) -> int:
        """Return the number of groups of a convolution, 1 of a product."""
        return self.node.attributes.get_int("group", 1)

    @property
    def outputs(self) -> int:
        """Return the number of output channels."""
        return int(self.weight.shape[0] * self.weight.shape[1])

    @property
    def inputs(self) -> int:
        """Return the number of input channels."""
        return int(self.weight.shape[0] * self.weight.shape[2])

    @property
    def _transposed(self) -> bool:
        return bool(self.node.attributes.get_int("transB", 0))

    def output_ranges(self) -> Array:
        """Return the largest absolute weight of each output channel, `[outputs]`."""
        return np.asarray(np.abs(self.weight).max(axis=(2, 3)).ravel())

    def input_ranges(self) -> Array:
        """Return the largest absolute weight of each input channel, `[inputs]`."""
        return np.asarray(np.abs(self.weight).max(axis=(1, 3)).ravel())

    def scale_outputs(self, factors: Array) -> None:
        """Multiply each output channel by its factor, `[outputs]`."""
        self._write(self.weight * factors.reshape(self.groups, -1, 1, 1))
        if len(self.node.inputs) > 2 and self.node.inputs[2] is not None:
            bias = _constant(self.node, 2)
            _set(self.node, 2, (bias.reshape(-1) * factors).reshape(bias.shape))

    def scale_inputs(self, factors: Array) -> None:
        """Multiply the weights of each input channel by its factor, `[inputs]`."""
        self._write(self.weight * factors.reshape(self.groups, 1, -1, 1))

    def _write(self, weight: Array) -> None:
        shape = _constant(self.node, 1).shape
        if self.node.op_type == "Gemm" and not self._transposed:
            weight = weight.reshape(shape[::-1]).T
        _set(self.node, 1, weight.reshape(shape))


def layers(graph: ir.Graph) -> Iterator[Layer]:
    """Find the layers of a graph, in its order."""
    for node in graph:
        parameters = [value for value in node.inputs[1:] if value is not None]
        if node.op_type not in KINDS or not all(_is_own(value) for value in parameters):
            continue
        if node.op_type == "Gemm" and _is_more_than_a_product(node):
            continue
        yield Layer(node)


def _is_own(value: ir.Value) -> bool:
    return value.const_value is not None and len(value.uses()) == 1 and not value.is_graph_output()


def _is_more_than_a_product(node: ir.Node) -> bool:
    """Tell whether a Gemm does more than `x @ w + b` with a bias for each output."""
    if any(node.attributes.get_float(name, 1.0) != 1 for name in ("alpha", "beta")):
        return True
    has_bias = len(node.inputs) > 2 and node.inputs[2] is not None
    return bool(node.attributes.get_int("transA", 0)) or (has_bias and _constant(node, 2).size != Layer(node).outputs)


def _constant(node: ir.Node, place: int) -> Array:
    value = node.inputs[place]
    if value is None or value.const_value is None:
        raise ValueError(f"{node.name}: input {place} is not a constant: take layers from quantize.layers.layers")
    return value.const_value.numpy()


def _set(node: ir.Node, place: int, array: Array) -> None:
    value = node.inputs[place]
    if value is not None:
        value.const_value = ir.tensor(np.ascontiguousarray(array, np.float32), name=value.name)
