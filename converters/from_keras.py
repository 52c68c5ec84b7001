"""Keras model → ONNX graph, without TensorFlow: `.h5` of Keras 1 to 3, and `.keras`.

Both hold the configuration of the layers as JSON and the weights as HDF5, which `h5py` reads.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import onnx_ir as ir

from converters.errors import MalformedModel, Refusal, in_file
from converters.importing.files import AGAIN, parse_json, read_bytes
from converters.importing.keras.model import read_model
from converters.importing.keras.weights import MOST_FOR_A_BYTE, Grouped, Numbered, text


def load(path: Path) -> ir.Model:
    """Return the model of a `.h5` or `.keras` file, whichever its bytes are.

    Inputs and outputs bear the names of their layers, channels stay last. Raises `MalformedModel` for a file that is
    cut short or contradicts itself, `Refusal` for layers without counterpart.
    """
    with in_file(path):
        data = read_bytes(path)
        return _from_archive(data) if zipfile.is_zipfile(io.BytesIO(data)) else _from_h5(data)


def _from_h5(data: bytes) -> ir.Model:
    with _opened(data, "bytes") as file:
        if "model_config" not in file.attrs:
            raise Refusal(
                "file", "bytes", "it holds weights without the configuration of layers", "save the whole model"
            )
        topology = parse_json(text(file.attrs["model_config"]), "model_config")
        weights = file.get("model_weights", file)
        version = file.attrs.get("keras_version", getattr(weights, "attrs", {}).get("keras_version", "2"))
        return read_model(topology, Grouped(weights, len(data)), text(version))


def _from_archive(data: bytes) -> ir.Model:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        parts = {
            name: _member(archive, name, len(data)) for name in ("config.json", "metadata.json", "model.weights.h5")
        }
    except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise MalformedModel("archive", f"it cannot be unpacked ({error})", AGAIN) from error
    topology = parse_json(parts["config.json"], "config.json")
    version = parse_json(parts["metadata.json"], "metadata.json").get("keras_version", "3")
    with _opened(parts["model.weights.h5"], "model.weights.h5") as file:
        return read_model(topology, Numbered(file, len(data)), str(version))


def _member(archive: zipfile.ZipFile, name: str, size: int) -> bytes:
    """Return a file of the archive, if it is not far larger than what it was packed into."""
    stated = archive.getinfo(name).file_size
    if stated > MOST_FOR_A_BYTE * size:
        raise MalformedModel(name, f"it takes {stated:,} bytes, in a file of {size:,}", AGAIN)
    return archive.read(name)


@contextmanager
def _opened(data: bytes, where: str) -> Iterator[Any]:
    """Open HDF5, and say what is wrong with it as `MalformedModel`."""
    try:
        file = h5py.File(io.BytesIO(data), "r")
    except (OSError, ValueError, OverflowError) as error:
        raise MalformedModel(where, f"it is not HDF5, or cut short ({error})", AGAIN) from error
    with file:
        try:
            yield file
        except (
            OSError,
            RuntimeError,
            ValueError,
            OverflowError,
        ) as error:  # what h5py raises for bytes that contradict each other
            raise MalformedModel(where, f"its HDF5 cannot be read ({error})", AGAIN) from error
