"""TFLite tensors as ONNX values: each in the axes in which it was made, the other ones and the real numbers on demand.

TFLite puts the channels of images last, ONNX second. An operator on images asks for its operand channels second and
says that its result lies so; what works on entries alone keeps what it is given; all others ask for TFLite's axes. So
a chain of convolutions holds no transpose. A quantised tensor is held as the integers that are stored; int8 ones that
are computed, and constants beside them, as uint8 with 128 more, which means the same: onnxruntime makes uint8 of some
of them itself, and computes in floats where both types meet. Filters stay int8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import onnx_ir as ir

from converters.edge_graph import Tensor
from converters.importing.tflite.builder import Builder


class Laid(NamedTuple):
    """A result, and whether its channels come second."""

    value: ir.Value
    second: bool


def channels_second(rank: int) -> list[int]:
    """Return the order of axes that puts the last one second.

    >>> channels_second(4)
    [0, 3, 1, 2]
    """
    return [0, rank - 1, *range(1, rank - 1)]


def channels_last(rank: int) -> list[int]:
    """Return the order of axes that undoes `channels_second`.

    >>> channels_last(4)
    [0, 2, 3, 1]
    """
    return [0, *range(2, rank), 1]


def is_quantized(tensor: Tensor) -> bool:
    """Tell whether a tensor holds integers that stand for real numbers."""
    return tensor.quantization is not None and tensor.dtype.kind in "iu"


@dataclass(eq=False)
class Held:
    """One tensor: its values by whether their channels come second, as they are stored and as real numbers."""

    builder: Builder
    tensor: Tensor
    stored: dict[bool, ir.Value] = field(default_factory=dict)
    reals: dict[bool, ir.Value] = field(default_factory=dict)

    @property
    def prefers_second(self) -> bool:
        """Tell whether the tensor was computed with its channels second."""
        return self.tensor.data is None and next(iter(self.stored), False)

    def as_stored(self, *, second: bool = False) -> ir.Value:
        """Return the value in the wanted axes, transposed or made a constant when it is asked for first."""
        if second not in self.stored:
            self.stored[second] = self._transposed(second=second) if self.stored else self._constant(second=second)
        return self.stored[second]

    def real(self, *, second: bool = False) -> ir.Value:
        """Return the value as real numbers; the same as stored where it is not quantised."""
        if not is_quantized(self.tensor):
            return self.as_stored(second=second)
        if second not in self.reals:
            held = self if self.tensor.data is None else Held(self.builder, unsigned(self.tensor))
            axis = 0 if self.tensor.quantization is None else self.tensor.quantization.axis
            order = channels_second(len(self.tensor.shape)) if second else [*range(len(self.tensor.shape))]
            place = order.index(axis) if axis in order else 0
            self.reals[second] = dequantized(self.builder, held.as_stored(second=second), held.tensor, place)
        return self.reals[second]

    def _transposed(self, *, second: bool) -> ir.Value:
        rank = len(self.tensor.shape)
        perm = channels_second(rank) if second else channels_last(rank)
        return self.builder.op("Transpose", self.stored[not second], perm=perm)

    def _constant(self, *, second: bool) -> ir.Value:
        data = self.tensor.array
        data = data.transpose(channels_second(data.ndim)) if second else data
        return self.builder.constant(data, name=self.tensor.name)

    def arranged(self, perm: Sequence[int]) -> ir.Value:
        """Return the real numbers with their axes in another order: `perm` as in ONNX's Transpose."""
        if self.tensor.data is None:
            return self.builder.op("Transpose", self.real(), perm=list(perm))
        quantization = self.tensor.quantization
        if quantization is not None:
            quantization = replace(quantization, axis=[*perm].index(quantization.axis))
        data = self.tensor.array.transpose(perm)
        tensor = replace(self.tensor, data=data, shape=data.shape, quantization=quantization)
        stored = self.builder.constant(data, name=tensor.name)
        axis = 0 if quantization is None else quantization.axis
        return dequantized(self.builder, stored, tensor, axis) if is_quantized(tensor) else stored

    def with_rank(self, rank: int) -> Held:
        """Return a constant with axes of size 1 in front, so that it broadcasts whatever its axes' order."""
        shape, quantization = self.tensor.shape, self.tensor.quantization
        extra = rank - len(shape)
        if quantization is not None:
            quantization = replace(quantization, axis=quantization.axis + extra)
        data = self.tensor.array.reshape([1] * extra + list(self.tensor.array.shape))
        return Held(self.builder, replace(self.tensor, data=data, shape=data.shape, quantization=quantization))


def unsigned(tensor: Tensor) -> Tensor:
    """Return a tensor of int8 with one scale as one of uint8 that means the same; any other as it is."""
    quantization = tensor.quantization
    if quantization is None or tensor.dtype != np.int8 or len(quantization.scale) > 1:
        return tensor
    data = None if tensor.data is None else np.asarray(tensor.data.astype(np.int16) + 128, np.uint8)
    shifted = replace(quantization, zero_point=quantization.zero_point + 128)
    return replace(tensor, dtype=np.dtype(np.uint8), data=data, quantization=shifted)


def dequantized(builder: Builder, stored: ir.Value, tensor: Tensor, axis: int) -> ir.Value:
    """Return the real numbers that the integers of a tensor stand for; `axis` is that of its scales."""
    if (
        tensor.dtype == np.int64 and tensor.data is not None and tensor.quantization is not None
    ):  # a bias; ONNX has none
        return builder.constant((tensor.data * tensor.quantization.scale.astype(np.float64)).astype(np.float32))
    scale, zero = parameters(builder, tensor)
    return builder.op("DequantizeLinear", stored, scale, zero, **({"axis": axis} if scale.shape else {}))


def quantized(builder: Builder, real: ir.Value, tensor: Tensor) -> ir.Value:
    """Return the integers that stand for real numbers in a tensor, which has one scale."""
    return builder.op("QuantizeLinear", real, *parameters(builder, tensor))


def parameters(builder: Builder, tensor: Tensor) -> tuple[ir.Value, ir.Value | None]:
    """Return scale and zero point as constants: scalars for the whole tensor, vectors for the indices of an axis."""
    if tensor.quantization is None:
        raise TypeError(f"tensor {tensor.name!r} is not quantised")
    scale, zero = tensor.quantization.scale, tensor.quantization.zero_point.astype(tensor.dtype)
    if scale.size == 1:
        scale, zero = scale.reshape(()), zero.reshape(())
    none = tensor.dtype == np.int32  # ONNX has no zero point for them, it is 0
    # onnxruntime rewrites each int8 weight with its zero point for exact products, and fails where two share one
    make = builder.unshared if zero.dtype == np.int8 else builder.constant
    return builder.constant(scale), None if none else make(zero)
