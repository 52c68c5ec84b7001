"""Precisions: what is done to the float graph before it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from converters.edge_graph import Array, Graph, Op, Quantization, Tensor, place_of
from converters.lowering.fusion import FILTERS
from converters.tflite.native import to_native
from quantize.rounding import keeping_sum

FLOAT16, FLOAT32, INT8 = (np.dtype(name) for name in ("float16", "float32", "int8"))
LEAST = 1024  # entries from which a constant is worth storing in fewer bits
ROWS_AT_ONCE = 2**22  # entries that are converted at a time, to bound memory


def float32(graph: Graph) -> Graph:
    """Leave the graph as it is."""
    return graph


def half_weights(graph: Graph) -> Graph:
    """Store float constants in 16 bits, each followed by DEQUANTIZE: runtimes compute in 32 bits, or 16 if they can."""
    restored: dict[int, Tensor] = {}
    written: dict[object, Op] = {}
    for tensor in graph.tensors():
        if _is_large(tensor):
            key = place_of(tensor.array)
            if key not in written:
                written[key] = Op("DEQUANTIZE", [_halved(tensor)], [Tensor(FLOAT32, tensor.shape)])
            restored[id(tensor)] = written[key].outputs[0]
    ops = [replace(op, inputs=[None if t is None else restored.get(id(t), t) for t in op.inputs]) for op in graph.ops]
    return replace(graph, ops=[*written.values(), *ops])


def _is_large(tensor: Tensor) -> bool:
    """Tell whether a constant is worth 16 bits, and fits into their range."""
    data = tensor.data
    if data is None or tensor.dtype != FLOAT32 or data.size < LEAST:
        return False
    return all(np.abs(rows).max() <= np.finfo(np.float16).max for rows in _rows(data))


def _halved(tensor: Tensor) -> Tensor:
    result = np.empty(tensor.array.shape, np.float16)
    for source, target in zip(_rows(tensor.array), _rows(result), strict=True):
        target[...] = source
    return Tensor(FLOAT16, tensor.shape, result)


def int8_weights(graph: Graph) -> Graph:
    """Store filters in 8 bits with one scale an output channel; the kernels quantise activations as they come."""
    known: dict[object, Tensor] = {}
    ops = [_with_int8_filter(op, known) if op.kind in FILTERS and op.kind != "CONV_3D" else op for op in graph.ops]
    return replace(graph, ops=ops)


def _with_int8_filter(op: Op, known: dict[object, Tensor]) -> Op:
    """Quantise a filter, unless it is among those that are `known` already."""
    weight = op.inputs[1]
    if weight is None or weight.data is None or weight.data.size < LEAST:
        return op
    key = place_of(weight.data), FILTERS[op.kind]
    if key not in known:
        known[key] = quantized_filter(weight, FILTERS[op.kind])
    return replace(op, inputs=[op.inputs[0], known[key], *op.inputs[2:]])


def quantized_filter(weight: Tensor, axis: int) -> Tensor:
    """Return a filter in int8, symmetric, with the scale of each channel that uses -127..127 in full."""
    data = np.moveaxis(weight.array, axis, 0)
    largest = np.array([np.abs(channel).max(initial=0) for channel in data], np.float32)
    scale = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    result = np.empty(weight.array.shape, np.int8)
    for source, target, step in zip(data, np.moveaxis(result, axis, 0), scale, strict=True):
        target[...] = keeping_sum(source / step)
    return Tensor(INT8, weight.shape, result, quantization=Quantization(scale, np.zeros(len(scale), np.int64), axis))


def _rows(data: Array) -> Iterator[Array]:
    step = max(1, ROWS_AT_ONCE * len(data) // data.size)
    yield from (data[start : start + step] for start in range(0, len(data), step))


PRECISIONS: Mapping[str, Callable[[Graph], Graph]] = {
    "fp32": float32,
    "fp16": half_weights,
    "int8_dynamic": int8_weights,
    "w8a8": to_native,
}
