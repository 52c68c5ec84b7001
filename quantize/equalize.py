"""Cross-layer equalisation: neighbouring layers get weights whose channels have similar ranges.

A positive factor on a channel commutes with Relu, so it can be taken from one layer's output and given to the next
one's input: the function stays, and one scale a tensor, or a range of activations, serves all channels. Source:
Nagel et al., Data-Free Quantization through Weight Equalization and Bias Correction, ICCV 2019, section 4.1.

Relu6 (a Clip from 0) does not commute with a factor. A channel below it is scaled only where the clip does nothing:
where its highest value on the calibration samples is at most half the limit, and still is after scaling. So the
function is the same for every input that drives no such channel past twice what calibration saw; other channels
keep their scale, and no clip is moved or dropped. Pairs of layers that share a clip of another kind are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from quantize.layers import Layer, layers
from quantize.prepared import Feeds, values

Array = npt.NDArray[Any]
COMMUTES = {"Relu", "LeakyRelu", "MaxPool", "AveragePool", "GlobalAveragePool"}  # with a positive factor a channel
HEADROOM = 2  # times: how far below a clip a channel must stay
ROUNDS = 30  # over all pairs: in a chain each pair disturbs its neighbours
CHANGE = 1e-3  # of a factor, at which a round changed nothing


@dataclass
class Pair:
    """Two layers of which the second alone reads the first; `limit` is that of the clip between them."""

    first: Layer
    second: Layer
    limit: float  # infinite without a clip

    def factors(self, highest: Array | None) -> Array:
        """Return what the first layer's outputs are to be divided by, `[channels]` > 0.

        `highest` is each channel's highest value on the calibration samples, before the clip.
        """
        one, other = self.first.output_ranges(), self.second.input_ranges()
        used = (one > 0) & (other > 0)
        wanted = np.sqrt(np.divide(one, other, out=np.ones_like(one), where=used))
        if highest is None:
            return wanted
        least = np.maximum(highest, 0) * HEADROOM / self.limit
        return np.where(least <= 1, np.maximum(wanted, least), 1)


def equalize(model: ir.Model, calibration: Sequence[Feeds]) -> None:
    """Equalise all pairs of a prepared float graph in place; `calibration` tells which clips do nothing."""
    found = list(pairs(model.graph))
    highest = _highest(model, [pair.first for pair in found if np.isfinite(pair.limit)], calibration)
    for _ in range(ROUNDS):
        largest = 1.0
        for pair in found:
            name = pair.first.node.name or ""
            factors = pair.factors(highest.get(name))
            pair.first.scale_outputs(1 / factors)
            pair.second.scale_inputs(factors)
            if name in highest:
                highest[name] = highest[name] / factors
            largest = max(largest, factors.max(), 1 / factors.min())
        if largest < 1 + CHANGE:
            return


def pairs(graph: ir.Graph) -> Iterator[Pair]:
    """Find the pairs of layers of a graph between which factors may move."""
    known = {layer.node: layer for layer in layers(graph)}
    for first in known.values():
        value, limit = first.result, np.inf
        while (reader := _sole_reader(value)) and reader not in known and (bound := _bound(reader)) is not None:
            value, limit = reader.outputs[0], min(limit, bound)
        second = known.get(reader) if reader else None
        if (
            second is not None
            and second.node.inputs[0] is value
            and second.groups * second.weight.shape[2] == first.weight.shape[0] * first.weight.shape[1]
        ):
            yield Pair(first, second, float(limit))


def _sole_reader(value: ir.Value) -> ir.Node | None:
    uses = list(value.uses())
    return uses[0].node if len(uses) == 1 and not value.is_graph_output() else None


def _bound(node: ir.Node) -> float | None:
    """Return the value above which a node clips; None for a node with which factors do not commute."""
    if node.op_type in COMMUTES:
        return np.inf
    limits = [value.const_value if value is not None else None for value in node.inputs[1:]]
    if node.op_type != "Clip" or len(limits) < 2 or limits[0] is None or limits[1] is None:
        return None
    low, high = (float(limit.numpy()) for limit in limits if limit is not None)
    return high if low == 0 < high else None


def _highest(model: ir.Model, first: Sequence[Layer], calibration: Sequence[Feeds]) -> dict[str, Array]:
    """Return the highest value of each channel of the layers' results, by name of the layer."""
    names = {layer.node.name or "": layer.result.name or "" for layer in first}
    seen: Mapping[str, list[Array]] = {name: [] for name in names}
    for tensors in values(model, list(names.values()), calibration) if names else ():
        for name, result in names.items():
            found = tensors[result]
            seen[name].append(found.max(axis=(0, *range(2, found.ndim))))
    return {name: np.max(found, axis=0) for name, found in seen.items()}
