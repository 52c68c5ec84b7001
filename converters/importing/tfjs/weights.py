"""The weights of a TF.js model: what its manifest says lies in which file, widened to what the runtime holds.

Format: `io/types.ts` (`WeightsManifestEntry`) and `io/io_utils.ts` (`decodeWeights`) of @tensorflow/tfjs-core 4.22.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from converters.edge_graph import Array
from converters.errors import MalformedModel, Refusal
from converters.importing.files import AGAIN, Json, beside, stated

STORED = {"float32": "<f4", "int32": "<i4", "bool": "?", "float16": "<f2", "uint8": "u1", "uint16": "<u2"}


def read_weights(manifest: Sequence[Json], folder: Path) -> dict[str, Array]:
    """Return the weights by name: float32, int32 or bool.

    Raises `MalformedModel` for a file that is missing, outside the folder, or of another length than the manifest
    says; `Refusal` for types without counterpart.
    """
    weights: dict[str, Array] = {}
    for number, group in enumerate(manifest):
        with stated(f"weightsManifest, group {number}"):
            paths = [beside(folder, path) for path in group["paths"]]
            data = b"".join(path.read_bytes() for path in paths)
            names = ", ".join(map(str, group["paths"]))
            start = 0
            for entry in group["weights"]:
                array, start = _read(entry, data, start, names)
                weights[entry["name"]] = array
            if start != len(data):
                why = f"its weights take {start:,} bytes, and {names} has {len(data):,}"
                raise MalformedModel(f"weightsManifest, group {number}", why, AGAIN)
    return weights


def _read(entry: Json, data: bytes, start: int, files: str) -> tuple[Array, int]:
    """Return one weight, and where the next one begins."""
    where = f"weight {entry['name']!r}"
    with stated(where):
        coding = entry.get("quantization") or {}
        kind, shape = str(coding.get("dtype", entry["dtype"])), [int(size) for size in entry["shape"]]
        if kind not in STORED or entry["dtype"] not in ("float32", "int32", "bool"):
            why = f"its type is {entry['dtype']}, stored as {kind}"
            raise Refusal("weight", where, why, "use float32, int32 or bool")
        dtype, count = np.dtype(STORED[kind]), math.prod(shape)
        end = start + count * dtype.itemsize
        if min(shape, default=0) < 0 or end > len(data):
            why = f"its shape {shape} takes bytes {start:,} to {end:,}, and {files} has {len(data):,}"
            raise MalformedModel(where, why, AGAIN)
        array = np.frombuffer(data, dtype, count, start).reshape(shape)
        return _widened(array, np.dtype(entry["dtype"]), coding), end


def _widened(array: Array, dtype: np.dtype, coding: Json) -> Array:
    """Return `stored · scale + min` in the type that the runtime computes with."""
    if "scale" not in coding:
        return array.astype(dtype.newbyteorder("="))
    exact = array.astype(np.float64) * float(coding["scale"]) + float(coding["min"])
    return (np.floor(exact + 0.5) if dtype.kind == "i" else exact).astype(dtype)  # JavaScript's Math.round
