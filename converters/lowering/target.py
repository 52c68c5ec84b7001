"""What a target runtime can execute: the only thing that lowering knows about TFLite or TF.js."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from converters.edge_graph import DType

# Types that hold every value of the key's type, nearest first.
WIDER: Mapping[str, tuple[str, ...]] = {
    "bool": ("uint8", "int8", "int32", "float32"),
    "int8": ("int16", "int32", "int64", "float32"),
    "uint8": ("int16", "int32", "int64", "float32"),
    "int16": ("int32", "int64", "float32"),
    "uint16": ("int32", "int64", "float32"),
    "int32": ("int64",),
    "uint32": ("int64",),
    "float16": ("float32",),
}


@dataclass(frozen=True)
class Support:
    """One row: the element types and the highest rank a kind runs with."""

    dtypes: tuple[str, ...]
    max_rank: int = 4


@dataclass(frozen=True)
class Target:
    """A runtime by name, and the kinds it has; `grouped` where CONV_2D takes the groups of a convolution itself."""

    name: str
    kinds: Mapping[str, Support]
    grouped: bool

    def has(self, kind: str) -> bool:
        """Tell whether the runtime has this kind of operator at all."""
        return kind in self.kinds

    def max_rank(self, kind: str) -> int:
        """Return the highest rank that this kind runs with; 6 for kinds that the runtime lacks."""
        return self.kinds[kind].max_rank if kind in self.kinds else 6

    def compute_dtype(self, kind: str, dtype: DType) -> DType | None:
        """Return the type to run `kind` in for operands of `dtype`, losing nothing; None where there is none."""
        allowed = self.kinds[kind].dtypes
        return next((np.dtype(name) for name in (dtype.name, *WIDER.get(dtype.name, ())) if name in allowed), None)
