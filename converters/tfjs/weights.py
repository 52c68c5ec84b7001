"""The weights of a TF.js graph model: one shard of bytes, and the manifest that says what lies where.

Format: `io/types.ts` (`WeightsManifestEntry`) of @tensorflow/tfjs-core 4.22.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from converters.edge_graph import Array

Json = dict[str, Any]
SHARD = "weights.bin"
SMALL = 256  # entries: smaller constants stay float32 in the affine precisions, for they save nothing
LARGEST_HALF = float(np.finfo(np.float16).max)

Encoding = tuple[Array, Json | None]  # what is written, and the manifest's `quantization`


def _plain(array: Array) -> Encoding:
    return array, None


def _half(array: Array) -> Encoding:
    """Round to float16 where no entry overflows; the runtime widens it again while loading."""
    if array.size and not np.abs(array).max() <= LARGEST_HALF:
        return array, None
    return array.astype(np.float16), {"dtype": "float16", "original_dtype": "float32"}


def _affine(dtype: str) -> Callable[[Array], Encoding]:
    """Return the encoding `value = stored · scale + min` in 8 or 16 bits, 0 being exact."""
    steps = int(np.iinfo(dtype).max)

    def encode(array: Array) -> Encoding:
        if array.size < SMALL or not np.isfinite(array).all():
            return array, None
        low, high = min(float(array.min()), 0.0), max(float(array.max()), 0.0)
        scale = (high - low) / steps or 1.0
        offset = round(low / scale) * scale
        stored = np.clip(np.round((array - offset) / scale), 0, steps).astype(dtype)
        return stored, {"dtype": dtype, "scale": scale, "min": offset, "original_dtype": "float32"}

    return encode


PRECISIONS: Mapping[str, Callable[[Array], Encoding]] = {
    "fp32": _plain,
    "fp16": _half,
    "uint8": _affine("uint8"),
    "uint16": _affine("uint16"),
}


def pack(weights: Mapping[str, Array], precision: str) -> tuple[list[Json], bytes]:
    """Return the manifest and the bytes of the shard. Equal weights give equal bytes."""
    entries, chunks = [], []
    for name, array in weights.items():
        stored, quantization = PRECISIONS[precision](array) if array.dtype == np.float32 else _plain(array)
        entry: Json = {"name": name, "shape": [*array.shape], "dtype": array.dtype.name}
        if quantization is not None:
            entry["quantization"] = quantization
        entries.append(entry)
        chunks.append(stored)
    return [{"paths": [SHARD], "weights": entries}], _joined(chunks)


def _joined(arrays: Iterable[Array]) -> bytes:
    """Return the arrays' bytes one after the other, little-endian, row-major."""
    arrays = list(arrays)
    joined = bytearray(sum(array.nbytes for array in arrays))
    start = 0
    for array in arrays:
        count = math.prod(array.shape)
        little = array.dtype.newbyteorder("<")
        np.frombuffer(joined, little, count, start).reshape(array.shape)[...] = array
        start += array.nbytes
    return bytes(joined)
