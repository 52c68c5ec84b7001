"""The weights of a TF.js graph model: one shard of bytes, and the manifest that says what lies where.

Format: `io/types.ts` (`WeightsManifestEntry`) of @tensorflow/tfjs-core 4.22. Arrays are encoded and written piece by
piece, so that converting a large model takes little more memory than its weights.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from converters.edge_graph import Array
from converters.tfjs.nodes import Weight

Json = dict[str, Any]
SHARD = "weights.bin"
PIECE = 2**24  # bytes encoded at a time
SMALL = 256  # entries: smaller constants stay float32 in the affine precisions, for they save nothing
LARGEST_HALF = float(np.finfo(np.float16).max)

Encoding = tuple[Callable[[Array], Array], Json | None]  # how entries are written, and the manifest's `quantization`


def _plain(_: Array) -> Encoding:
    return (lambda entries: entries), None


def _half(array: Array) -> Encoding:
    """Round to float16 where no entry overflows; the runtime widens it again while loading."""
    low, high = _limits(array)
    if not (low >= -LARGEST_HALF and high <= LARGEST_HALF):
        return _plain(array)
    return (lambda entries: entries.astype(np.float16)), {"dtype": "float16", "original_dtype": "float32"}


def _limits(array: Array) -> tuple[float, float]:
    """Return the smallest and the largest entry, or 0 where that lies beyond; NaN if any entry is NaN."""
    return float(np.min(array, initial=0)), float(np.max(array, initial=0))


def _affine(dtype: str) -> Callable[[Array], Encoding]:
    """Return the encoding `value = stored · scale + min` in 8 or 16 bits, in which 0 stays 0."""
    steps = int(np.iinfo(dtype).max)

    def encode(array: Array) -> Encoding:
        low, high = _limits(array)
        if array.size < SMALL or not np.isfinite([low, high]).all() or low == high:
            return _plain(array)
        scale = (high - low) / steps
        offset = round(low / scale) * scale
        quantization = {"dtype": dtype, "scale": scale, "min": offset, "original_dtype": "float32"}
        return (lambda entries: np.clip(np.rint((entries - offset) / scale), 0, steps).astype(dtype)), quantization

    return encode


PRECISIONS: Mapping[str, Callable[[Array], Encoding]] = {
    "fp32": _plain,
    "fp16": _half,
    "uint8": _affine("uint8"),
    "uint16": _affine("uint16"),
}


def pack(weights: Mapping[str, Weight], precision: str) -> tuple[list[Json], bytes]:
    """Return the manifest and the bytes of the shard. Equal weights give equal bytes."""
    entries: list[Json] = []
    stream = io.BytesIO()
    for name, (shape, array) in weights.items():
        encode, quantization = PRECISIONS[precision](array) if array.dtype == np.float32 else _plain(array)
        entries.append({"name": name, "shape": [*shape], "dtype": array.dtype.name})
        if quantization is not None:
            entries[-1]["quantization"] = quantization
        for piece in _pieces(array):
            stream.write(_little_endian(encode(piece)).tobytes())
    return [{"paths": [SHARD], "weights": entries}], stream.getvalue()


def _pieces(array: Array) -> Iterator[Array]:
    """Yield the array in row-major order, a few rows at a time."""
    if array.nbytes <= PIECE or not array.ndim:
        yield array
        return
    rows = max(1, PIECE * len(array) // array.nbytes)
    for start in range(0, len(array), rows):
        yield from _pieces(array[start : start + rows]) if len(array) > 1 else _pieces(array[0])


def _little_endian(array: Array) -> Array:
    return array.astype(array.dtype.newbyteorder("<"), copy=False)
