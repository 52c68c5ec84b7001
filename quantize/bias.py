"""Bias correction: rounding must not shift a channel's mean.

Every quantised layer gives each output channel a small constant error on average, and what follows adds these up. The
mean error is measured on the calibration samples and taken out of the bias, layer after layer from the input, so that
each sees what the corrected ones before it give. Source: Nagel et al., ICCV 2019, section 4.2, and appendix D
(empirical bias correction).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from quantize.layers import Layer, layers
from quantize.prepared import Feeds, values

Array = npt.NDArray[Any]
SAMPLES = 32  # of calibration: means over positions and samples are known well enough by then
LARGEST = 2**31 - 1


def add_missing(model: ir.Model) -> None:
    """Give every layer of a float graph a bias, of zeros where it has none, so that there is one to correct."""
    for layer in layers(model.graph):
        if len(layer.node.inputs) < 3:
            name = f"{layer.result.name}_bias"
            bias = ir.Value(name=name, const_value=ir.tensor(np.zeros(layer.outputs, np.float32), name=name))
            model.graph.register_initializer(bias)
            layer.node.resize_inputs(3)
            layer.node.replace_input_with(2, bias)


def correct(quantised: ir.Model, source: ir.Model, calibration: Sequence[Feeds]) -> None:
    """Change the 32-bit biases of a QDQ graph in place; its layers bear the names that they have in `source`."""
    samples = calibration[:SAMPLES]
    wanted = _means(source, list(layers(source.graph)), samples)
    for node in quantised.graph:
        bias = _integers(node)
        if node.name in wanted and bias is not None:
            (got,) = _means(quantised, [Layer(node)], samples).values()
            _take(bias, got - wanted[node.name])


def mean_errors(model: ir.Model, source: ir.Model, calibration: Sequence[Feeds]) -> Mapping[str, Array]:
    """Return how far the mean of each output channel, `[channels]`, of each layer is from that in `source`."""
    wanted = _means(source, list(layers(source.graph)), calibration)
    nodes = [Layer(node) for node in model.graph if node.name in wanted]
    return {name: got - wanted[name] for name, got in _means(model, nodes, calibration).items()}


def _means(model: ir.Model, found: Sequence[Layer], samples: Sequence[Feeds]) -> dict[str, Array]:
    """Return the mean of each output channel over samples and positions, by name of the layer."""
    names = {layer.node.name or "": layer.result.name or "" for layer in found}
    sums = {name: np.zeros(1) for name in names}
    for tensors in values(model, list(names.values()), samples):
        for name, result in names.items():
            array = tensors[result].astype(np.float64)
            sums[name] = sums[name] + array.mean(axis=(0, *range(2, array.ndim)))
    return {name: total / len(samples) for name, total in sums.items()}


def _integers(node: ir.Node) -> ir.Node | None:
    """Return the DequantizeLinear that a layer's bias comes out of."""
    maker = node.inputs[2].producer() if len(node.inputs) > 2 and node.inputs[2] is not None else None
    if maker is None or maker.op_type != "DequantizeLinear":
        return None
    return maker if all(value is None or value.const_value is not None for value in maker.inputs) else None


def _take(bias: ir.Node, error: Array) -> None:
    """Subtract an error, `[channels]`, from the integers that a DequantizeLinear reads."""
    integers, scale = bias.inputs[0], bias.inputs[1]
    if integers is None or scale is None or integers.const_value is None or scale.const_value is None:
        return
    old = integers.const_value.numpy()
    new = old.astype(np.float64) - np.rint(error / scale.const_value.numpy())
    integers.const_value = ir.tensor(np.clip(new, -LARGEST, LARGEST).astype(old.dtype), name=integers.name)
