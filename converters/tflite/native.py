"""A graph with QUANTIZE and DEQUANTIZE around float operators → operators that compute in 8 bits themselves.

Every float tensor that came out of DEQUANTIZE has a *twin*, the 8-bit tensor with the same meaning. Operators that
only move data pass twins on. An operator that computes becomes an 8-bit one where its operands have twins and its
result is quantised anyway. The float operators stay until nothing needs them, so whatever cannot be mapped still runs.
Rules of the 8-bit kernels: the TensorFlow Lite quantisation specification. They compute in int8; only where a filter
was stored with a zero point, which int8 kernels do not have, the whole graph stays in uint8, as files before 2019 are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from converters.edge_graph import DType, Graph, Op, Quantization, Tensor
from converters.lowering.fusion import FILTERS, without_dead_ops

INT8, UINT8, INT32 = (np.dtype(name) for name in ("int8", "uint8", "int32"))

# Kinds whose result has the scale of their operand.
MOVES = {"RESHAPE", "TRANSPOSE", "PAD", "MAX_POOL_2D", "AVERAGE_POOL_2D", "STRIDED_SLICE", "SLICE", "GATHER", "TILE",
         "RESIZE_NEAREST_NEIGHBOR", "RESIZE_BILINEAR", "REVERSE_V2"}  # fmt: skip
# Kinds for which uint8 means the same as int8 with all entries 128 less.
SHIFTED = {"RESHAPE", "TRANSPOSE", "STRIDED_SLICE", "SLICE", "GATHER", "TILE", "REVERSE_V2", "CONCATENATION", "MAXIMUM"}
# Kinds whose result has a scale of their own.
FIXED: Mapping[str, Quantization] = {
    kind: Quantization(np.array([scale], np.float32), np.array([zero], np.int64))
    for kind, scale, zero in (("SOFTMAX", 1 / 256, -128), ("LOGISTIC", 1 / 256, -128), ("TANH", 1 / 128, 0))
}
SIGNED_ONLY = {"BATCH_MATMUL"}  # kinds without a kernel for uint8
COMPUTES = {"ADD", "SUB", "MUL", "MEAN", "LEAKY_RELU", "HARD_SWISH", "RELU", "RELU6", "BATCH_MATMUL"}


def to_native(graph: Graph) -> Graph:
    """Return the graph with 8-bit operators wherever they exist."""
    dtype = UINT8 if _has_shifted_filters(graph) else INT8
    if dtype == INT8:
        _signed(graph)
    rewriting = Rewriting(graph, dtype)
    for op in graph.ops:
        rewriting.visit(op)
    outputs = [rewriting.aliases.get(id(tensor), tensor) for tensor in graph.outputs]
    for tensor, replacement in zip(graph.outputs, outputs, strict=True):
        replacement.name = tensor.name
    return without_dead_ops(replace(graph, ops=rewriting.ops, outputs=outputs))


def _has_shifted_filters(graph: Graph) -> bool:
    """Tell whether a filter that is applied to uint8 has entries for which int8 is too small without a zero point."""
    makers = graph.producers()
    for op in graph.ops:
        source = makers.get(id(op.inputs[0])) if op.kind in FILTERS else None
        stored = None if source is None or source.kind != "DEQUANTIZE" else source.inputs[0]
        weight = op.inputs[1] if stored is not None and stored.dtype == UINT8 else None
        if weight is None or weight.data is None or weight.scale is None:
            continue
        if np.abs(np.rint(weight.data / weight.scale)).max(initial=0) > 127:
            return True
    return False


def _signed(graph: Graph) -> None:
    """Make uint8 tensors between QUANTIZE and DEQUANTIZE int8, which is what kernels compute with.

    What only moves such tensors in between keeps their parameters.
    """
    kept = _between(graph)
    for op in graph.ops:
        source, tensor = op.inputs[0], op.outputs[0]
        if id(tensor) not in kept:
            continue
        if tensor.quantization is not None:
            parameters = tensor.quantization
            tensor.quantization = replace(parameters, zero_point=parameters.zero_point - 128)
        elif source is not None:
            tensor.quantization = source.quantization
        tensor.dtype = INT8


def _between(graph: Graph) -> set[int]:
    """Return the ids of the uint8 tensors that come from QUANTIZE and go to DEQUANTIZE, moved at most."""
    moves = [op for op in graph.ops if op.kind in SHIFTED and op.outputs[0].dtype == np.uint8]
    made = {id(op.outputs[0]) for op in graph.ops if op.kind == "QUANTIZE" and op.outputs[0].dtype == np.uint8}
    made |= {id(op.outputs[0]) for op in moves}
    kept, found = set[int](), made - {id(tensor) for tensor in graph.outputs}
    while kept != found:
        kept, found = found, set(found)
        for op in graph.ops:
            operands = {id(t) for t in op.inputs if t is not None and t.dtype == np.uint8}
            whole = op.kind == "DEQUANTIZE" or (op in moves and operands | {id(op.outputs[0])} <= kept)
            if not whole:
                found -= operands if op.kind != "QUANTIZE" else set()
                found -= {id(op.outputs[0])} if op in moves else set()
    return kept


@dataclass
class Rewriting:
    """One walk over the graph, writing `ops`."""

    graph: Graph
    dtype: DType
    ops: list[Op] = field(default_factory=list)
    twins: dict[int, Tensor] = field(default_factory=dict)  # id(float tensor) → 8-bit tensor
    aliases: dict[int, Tensor] = field(default_factory=dict)  # id(8-bit tensor) → the equal one that is computed
    done: set[int] = field(default_factory=set)  # id of 8-bit tensors that an operator writes already

    def __post_init__(self) -> None:
        self.readers = self.graph.consumers()

    def visit(self, op: Op) -> None:
        """Write an operator, and its 8-bit form if it has one."""
        op.inputs = [None if t is None else self.aliases.get(id(t), t) for t in op.inputs]
        result = op.outputs[0]
        if op.kind == "DEQUANTIZE" and op.inputs[0] is not None and op.inputs[0].dtype == self.dtype:
            self.twins[id(result)] = op.inputs[0]
        if op.kind == "QUANTIZE" and self._quantized_before(op):
            return
        self.ops.append(op)
        twin = self._twin_of(op)
        if twin is not None:
            self.twins[id(result)] = twin

    def _quantized_before(self, op: Op) -> bool:
        """Take the twin of what is quantised instead, converting its scale if it has another."""
        source, target = op.inputs[0], op.outputs[0]
        if id(target) in self.done:
            return True
        twin = None if source is None else self.twins.get(id(source))
        if twin is None or target.dtype != self.dtype:
            return False
        if _equal(twin, target):
            self.aliases[id(target)] = twin
        else:
            self.ops.append(Op("QUANTIZE", [twin], [target], where=op.where))
        return True

    def _twin_of(self, op: Op) -> Tensor | None:
        """Write the operator in 8 bits and return its result; None where that is not possible."""
        if op.kind in MOVES:
            return self._moved(op)
        wanted = self._wanted(op.outputs[0])
        rule = RULES.get(op.kind)
        if rule is None or wanted is None or (op.kind in SIGNED_ONLY and self.dtype == UINT8):
            return None
        return rule(self, op, wanted)

    def _wanted(self, tensor: Tensor) -> Tensor | None:
        """Return the 8-bit tensor that the result is quantised to."""
        quantize = [op for op in self.readers.get(id(tensor), []) if op.kind == "QUANTIZE"]
        fitting = [op.outputs[0] for op in quantize if op.outputs[0].dtype == self.dtype]
        return fitting[0] if fitting else None

    def _moved(self, op: Op) -> Tensor | None:
        source = op.inputs[0]
        twin = None if source is None else self.twins.get(id(source))
        if twin is None or op.attributes.get("fused_activation_function", "NONE") != "NONE":
            return None
        result = Tensor(self.dtype, op.outputs[0].shape, quantization=twin.quantization)
        self.ops.append(replace(op, inputs=[twin, *op.inputs[1:]], outputs=[result]))
        return result

    def _write(self, op: Op, inputs: list[Tensor | None], result: Tensor) -> Tensor:
        self.ops.append(replace(op, inputs=inputs, outputs=[result]))
        self.done.add(id(result))
        return result

    def filtered(self, op: Op, wanted: Tensor) -> Tensor | None:
        """Convolve or multiply in 8 bits: filter int8 by channel, bias int32 of scale input · filter."""
        source, weight, bias = op.inputs
        twin = None if source is None else self.twins.get(id(source))
        if twin is None or twin.quantization is None or weight is None or bias is None or bias.data is None:
            return None
        signed = self.dtype == INT8
        stored = _stored_filter(weight, FILTERS[op.kind]) if signed else _quantized_constant(weight, UINT8)
        if stored is None or stored.quantization is None:
            return None
        scale = twin.quantization.scale * stored.quantization.scale
        whole = np.rint(bias.data.astype(np.float64) / scale)
        whole = np.clip(whole, -(2**31), 2**31 - 1).astype(np.int32)
        parameters = Quantization(scale.astype(np.float32), np.zeros(len(scale), np.int64))
        return self._write(op, [twin, stored, Tensor(INT32, bias.shape, whole, quantization=parameters)], wanted)

    def computed(self, op: Op, wanted: Tensor) -> Tensor | None:
        """Compute in 8 bits with operands and result of any scale."""
        inputs = [self._operand(tensor) for tensor in op.inputs]
        return None if None in inputs else self._write(op, inputs, wanted)

    def _operand(self, tensor: Tensor | None) -> Tensor | None:
        if tensor is None or tensor.dtype != np.float32:
            return tensor  # axes and the like
        return _quantized_constant(tensor, self.dtype) if tensor.data is not None else self.twins.get(id(tensor))

    def fixed(self, op: Op, wanted: Tensor) -> Tensor | None:
        """Compute in 8 bits with the one result scale that the kernel has, then convert the scale."""
        twin = self.twins.get(id(op.inputs[0]))
        if twin is None:
            return None
        result = Tensor(self.dtype, wanted.shape, quantization=self._fixed(op.kind))
        self.ops.append(replace(op, inputs=[twin], outputs=[result]))
        return result

    def _fixed(self, kind: str) -> Quantization:
        fixed = FIXED[kind]
        return fixed if self.dtype == INT8 else replace(fixed, zero_point=fixed.zero_point + 128)

    def joined(self, op: Op, wanted: Tensor) -> Tensor | None:
        """Concatenate in the result's scale, to which kernels of uint8 convert their operands themselves."""
        twins = [self._operand(tensor) for tensor in op.inputs]
        if any(twin is None for twin in twins):
            return None
        present = [twin for twin in twins if twin is not None]
        inputs = present if self.dtype == UINT8 else [self._rescaled(twin, wanted) for twin in present]
        return self._write(op, [*inputs], wanted)

    def _rescaled(self, tensor: Tensor, like: Tensor) -> Tensor:
        if _equal(tensor, like):
            return tensor
        result = Tensor(self.dtype, tensor.shape, quantization=like.quantization)
        self.ops.append(Op("QUANTIZE", [tensor], [result]))
        return result


RULES: Mapping[str, Callable[[Rewriting, Op, Tensor], Tensor | None]] = {
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"), Rewriting.filtered),
    **dict.fromkeys(COMPUTES, Rewriting.computed),
    **dict.fromkeys(FIXED, Rewriting.fixed),
    "CONCATENATION": Rewriting.joined,
}


def _equal(first: Tensor, second: Tensor) -> bool:
    a, b = first.quantization, second.quantization
    if a is None or b is None:
        return False
    return np.array_equal(a.scale, b.scale) and np.array_equal(a.zero_point, b.zero_point)


def _stored_filter(weight: Tensor, axis: int) -> Tensor | None:
    """Return a filter in int8 with the scales it came with; None if it was not quantised symmetrically."""
    if weight.data is None or weight.scale is None:
        return None
    by_channel = np.moveaxis(weight.scale, axis, 0).reshape(weight.scale.shape[axis], -1)
    if not (by_channel == by_channel[:, :1]).all():
        return None
    scale = np.ascontiguousarray(by_channel[:, 0], np.float32)
    whole = np.rint(weight.data / weight.scale)
    if np.abs(whole).max(initial=0) > 127:
        return None
    parameters = Quantization(scale, np.zeros(len(scale), np.int64), axis)
    return Tensor(INT8, weight.shape, whole.astype(np.int8), quantization=parameters)


def _quantized_constant(tensor: Tensor, dtype: DType) -> Tensor | None:
    """Return a constant operand in 8 bits with the one scale that it came with."""
    if tensor.data is None or tensor.scale is None or tensor.scale.size == 0 or np.ptp(tensor.scale) > 0:
        return None
    scale = tensor.scale.reshape(-1)[:1].astype(np.float32)
    whole = np.rint(tensor.data / scale).astype(np.int64)
    low, high = min(whole.min(), 0), max(whole.max(), 0)
    if high - low > 255:
        return None
    zero = np.iinfo(dtype).min - low
    stored = (whole + zero).astype(dtype)
    return Tensor(dtype, tensor.shape, stored, quantization=Quantization(scale, np.array([zero], np.int64)))
