"""Joins neighbouring edge operators where the target's operator does the work of both.

Every rewrite keeps the graph's inputs and outputs, and applies only where a result in between has a single reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from converters.edge_graph import Array, Graph, Op, Tensor

# Kinds with a filter and a bias as second and third operand → the filter's axis of output channels.
FILTERS: Mapping[str, int] = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "CONV_3D": 4, "FULLY_CONNECTED": 0}
ACTIVATIONS = {"RELU", "RELU6", "RELU_N1_TO_1"}
ACTIVATED = {*FILTERS, "ADD", "SUB", "MUL", "DIV", "AVERAGE_POOL_2D", "MAX_POOL_2D"}


def fuse(graph: Graph) -> Graph:
    """Return the graph without dead operators, with scales, offsets and activations merged into what computes them."""
    graph = without_dead_ops(graph)
    fusion = Fusion(graph)
    kept = [op for op in graph.ops if not fusion.absorb(op)]
    return replace(graph, ops=kept)


def without_dead_ops(graph: Graph) -> Graph:
    """Return the graph without operators that nothing needs."""
    needed = {id(tensor) for tensor in graph.outputs}
    kept: list[Op] = []
    for op in reversed(graph.ops):
        if any(id(tensor) in needed for tensor in op.outputs):
            needed |= {id(tensor) for tensor in op.inputs}
            kept.append(op)
    return replace(graph, ops=kept[::-1])


@dataclass
class Fusion:
    """One walk over a graph: operators absorbed into an earlier one hand their output over to it."""

    graph: Graph

    def __post_init__(self) -> None:
        self.readers = self.graph.consumers()
        self.makers = self.graph.producers()
        self.public = {id(tensor) for tensor in self.graph.outputs}

    def absorb(self, op: Op) -> bool:
        """Merge an operator into the one that makes its first operand; tell whether that was possible."""
        rule = RULES.get(op.kind)
        source = self._sole_source(op)
        if op.kind == "PADV2":
            self._pad_with_zero(op)
        if rule is None or source is None or not rule(self, source, op):
            return False
        (source.outputs[0],) = op.outputs
        self.makers[id(op.outputs[0])] = source
        return True

    def _sole_source(self, op: Op) -> Op | None:
        """Return the maker of the one operand that is no constant, if this operator alone reads it."""
        operands = [tensor for tensor in op.inputs if tensor is not None and tensor.data is None]
        if len(operands) != 1 or id(operands[0]) in self.public or len(self.readers[id(operands[0])]) > 1:
            return None
        maker = self.makers.get(id(operands[0]))
        return maker if maker is not None and len(maker.outputs) == 1 else None

    def activation(self, source: Op, op: Op) -> bool:
        """Let an operator apply the activation to its own result."""
        if source.kind not in ACTIVATED or _activation(source) != "NONE":
            return False
        source.attributes["fused_activation_function"] = op.kind
        return True

    def scale(self, source: Op, op: Op) -> bool:
        """Multiply the filter and the bias instead of the result, or what a normalisation multiplies and adds."""
        factor = _by_channel(source, op)
        if factor is None:
            return self._scale_affine(source, op)
        _, weight, bias = _operands(source)
        shape = [1] * weight.array.ndim
        shape[FILTERS[source.kind]] = -1
        source.inputs[1] = Tensor(weight.dtype, weight.shape, weight.array * factor.reshape(shape))
        source.inputs[2] = Tensor(bias.dtype, bias.shape, bias.array * factor)
        return True

    def offset(self, source: Op, op: Op) -> bool:
        """Add to the bias instead of the result, or to what is added before."""
        term = _by_channel(source, op)
        if term is None:
            return source.kind == "ADD" and _update([source], op, np.add)
        bias = _operands(source)[2]
        source.inputs[2] = Tensor(bias.dtype, bias.shape, bias.array + term)
        return True

    def _scale_affine(self, source: Op, op: Op) -> bool:
        first = self._sole_source(source) if source.kind == "ADD" else None
        affine = [source] if first is None else [first, source]
        return affine[0].kind == "MUL" and _update(affine, op, np.multiply)

    def _pad_with_zero(self, op: Op) -> None:
        """Pad with 0 instead of minus infinity what is never negative: all runtimes can, and their 8-bit kernels too.

        Only MaxPool pads with minus infinity, and each of its windows holds at least one entry of the image.
        """
        source, table, fill = op.inputs
        if source is None or fill is None or fill.data is None or fill.data != -np.inf or not self._is_positive(source):
            return
        op.kind, op.inputs = "PAD", [source, table]

    def _is_positive(self, tensor: Tensor) -> bool:
        maker = self.makers.get(id(tensor))
        if maker is not None and maker.kind in ("DEQUANTIZE", "QUANTIZE") and maker.inputs[0] is not None:
            return _starts_at_zero(maker.inputs[0]) or self._is_positive(maker.inputs[0])
        return maker is not None and (_activation(maker) in ("RELU", "RELU6") or maker.kind in ("RELU", "RELU6"))


def _starts_at_zero(tensor: Tensor) -> bool:
    parameters = tensor.quantization
    return parameters is not None and bool((parameters.zero_point == np.iinfo(tensor.dtype).min).all())


RULES = {**dict.fromkeys(ACTIVATIONS, Fusion.activation), "MUL": Fusion.scale, "ADD": Fusion.offset}


def _activation(op: Op) -> str:
    return str(op.attributes.get("fused_activation_function", "NONE"))


def _update(affine: list[Op], op: Op, combine: np.ufunc) -> bool:
    """Put the constant of `op` into those of multiplications and additions before it; tell whether that is exact.

    Only vectors of one entry a channel count: a single number may be there to round, as in (x + 2^23) - 2^23.
    """
    positions = [_vector(member) for member in [*affine, op]]
    if None in positions or any(_activation(member) != "NONE" for member in [*affine, op]):
        return False
    *places, last = (position for position in positions if position is not None)
    change = _operands(op)[last].array
    for member, place in zip(affine, places, strict=True):
        constant = _operands(member)[place]
        member.inputs[place] = Tensor(constant.dtype, constant.shape, combine(constant.array, change))
    return True


def _vector(op: Op) -> int | None:
    """Return which operand is a float32 constant of one entry a channel, `[C]` with C > 1, that keeps the shape."""
    for place, tensor in enumerate(_operands(op)):
        if tensor.data is None or tensor.data.dtype != np.float32 or tensor.data.ndim != 1:
            continue
        if tensor.data.size > 1 and tensor.shape == op.outputs[0].shape[-1:]:
            return place
    return None


def _operands(op: Op) -> list[Tensor]:
    return [tensor for tensor in op.inputs if tensor is not None]


def _by_channel(source: Op, op: Op) -> Array | None:
    """Return the constant operand as one number a channel; None if it is something else, or cannot be merged."""
    if source.kind not in FILTERS or _activation(source) != "NONE" or _activation(op) != "NONE":
        return None
    _, weight, bias = _operands(source)
    if weight.data is None or bias.data is None:
        return None
    (constant,) = (tensor.data for tensor in op.inputs if tensor is not None and tensor.data is not None)
    channels = bias.data.size
    keeps_shape = op.outputs[0].shape == source.outputs[0].shape
    if not keeps_shape or constant.size not in (1, channels) or constant.shape[-1:] not in ((), (1,), (channels,)):
        return None
    return (
        np.broadcast_to(constant.reshape(-1), (channels,))
        if constant.ndim == 0 or constant.size == constant.shape[-1]
        else None
    )
