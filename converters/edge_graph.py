"""The edge graph: the one small graph that both emitters (TFLite, TF.js) write out.

Its operators are those of TensorFlow Lite: `Op.kind` is the name of a TFLite builtin, operands come in TFLite's order
(`CONV_2D`: input `[N, H, W, C]`, filter `[O, H, W, I]`, bias or None), and `Op.attributes` hold the fields of that
builtin's option table in snake case. TF.js operators of the same meaning differ in name and in the order of a filter's
axes only. Fields whose values are names rather than numbers:

| field | values |
|---|---|
| `padding` | `SAME`, `VALID` |
| `fused_activation_function` | `NONE`, `RELU`, `RELU6`, `RELU_N1_TO_1` |
| `mode` of `MIRROR_PAD` | `REFLECT`, `SYMMETRIC` |
| `in_data_type`, `out_data_type`, `idx_out_type` | a numpy dtype |
| `then_graph`, `else_graph`, `cond_graph`, `body_graph` | a `Graph` |
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

DType = np.dtype[Any]
Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Quantization:
    """Real value = `scale` · (stored − `zero_point`); one entry, or one for each index of `axis`."""

    scale: Array  # float32 [1] or [size of axis]
    zero_point: Array  # int64, same shape
    axis: int = 0


@dataclass(eq=False)
class Tensor:
    """A value in memory, laid out row-major as `shape` says; None is a size known only at run time."""

    dtype: DType
    shape: tuple[int | None, ...]
    data: Array | None = None  # of constants; may be a strided view, copied only when the file is written
    name: str = ""
    quantization: Quantization | None = None
    scale: Array | None = None  # of float constants that were stored in 8 bits: `data / scale` are whole; data's shape

    @property
    def array(self) -> Array:
        """The data of a constant."""
        if self.data is None:
            raise TypeError(f"tensor {self.name!r} is computed when the model runs")
        return self.data


def place_of(data: Array) -> tuple[object, ...]:
    """Return what arrays have in common that show the same bytes alike; it holds while they live."""
    return data.__array_interface__["data"][0], data.strides, data.shape, data.dtype.str


@dataclass(eq=False)
class Op:
    """One operator: see the module's text for what `kind` and `attributes` hold."""

    kind: str
    inputs: list[Tensor | None]
    outputs: list[Tensor]
    attributes: dict[str, Any] = field(default_factory=dict)
    where: str = ""  # the ONNX node it came from


@dataclass(eq=False)
class Graph:
    """Operators in an order in which they can run, and what goes in and comes out."""

    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    ops: list[Op] = field(default_factory=list)

    def tensors(self) -> Iterator[Tensor]:
        """Yield every tensor once: inputs, operands and results in order, outputs."""
        seen: set[int] = set()
        inside = (tensor for op in self.ops for tensor in (*op.inputs, *op.outputs))
        for tensor in itertools.chain(self.inputs, inside, self.outputs):
            if tensor is not None and id(tensor) not in seen:
                seen.add(id(tensor))
                yield tensor

    def consumers(self) -> dict[int, list[Op]]:
        """Map `id(tensor)` to the operators that read it."""
        readers: dict[int, list[Op]] = {}
        for op in self.ops:
            for tensor in op.inputs:
                if tensor is not None:
                    readers.setdefault(id(tensor), []).append(op)
        return readers

    def producers(self) -> dict[int, Op]:
        """Map `id(tensor)` to the operator that writes it."""
        return {id(tensor): op for op in self.ops for tensor in op.outputs}
