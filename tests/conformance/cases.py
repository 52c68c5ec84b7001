"""The operator tests that ship with onnx 1.20.1 (later wheels leave them out), and which of them a runtime can state.

A test counts when every input and output is a tensor of float32, float16, bool, int8, uint8, int16, int32 or int64;
sequences, optionals, strings, training, random numbers and `ai.onnx.ml` are out. Whole-number inputs that only say
what shape or axis is meant are baked into the model as constants, as they are in models that people export.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

VERSION = "1.20.1"
BUILD = Path(__file__).parents[2] / "build" / "conformance"
DATA = "onnx/backend/test/data/"
DTYPES = {
    getattr(TensorProto, name) for name in ("FLOAT", "FLOAT16", "BOOL", "INT8", "UINT8", "INT16", "INT32", "INT64")
}
RANDOM = {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial"}
OPTIONAL = {"OptionalHasElement", "OptionalGetElement"}

# Inputs that say what shape, axis, length or count is meant, by the names that the tests give them.
STRUCTURAL = {
    "AffineGrid": ("size",),
    "BlackmanWindow": ("x",),
    "CenterCropPad": ("shape",),
    "Col2Im": ("image_shape", "block_shape"),
    "ConstantOfShape": ("x",),
    "CumSum": ("axis",),
    "DFT": ("axis", "dft_length"),
    "Expand": ("new_shape", "shape"),
    "HammingWindow": ("x",),
    "HannWindow": ("x",),
    "Loop": ("trip_count",),
    "MaxUnpool": ("output_shape",),
    "MelWeightMatrix": ("num_mel_bins", "dft_length", "sample_rate"),
    "NonMaxSuppression": ("max_output_boxes_per_class",),
    "OneHot": ("depth",),
    "Pad": ("pads", "axes"),
    "Range": ("start", "limit", "delta"),
    "Reduce": ("axes",),
    "Reshape": ("shape",),
    "Resize": ("sizes",),
    "STFT": ("frame_step", "frame_length"),
    "Slice": ("starts", "ends", "axes", "steps"),
    "Split": ("split",),
    "Squeeze": ("axes",),
    "Tile": ("repeats", "y"),
    "TopK": ("k", "K"),
    "Trilu": ("k",),
    "Unsqueeze": ("axes",),
}
STRUCTURAL_NAMES = {name for names in STRUCTURAL.values() for name in names if name not in ("x", "y", "size")}
STRUCTURAL_OPERATORS = {"AffineGrid", "BlackmanWindow", "ConstantOfShape", "HammingWindow", "HannWindow", "Tile"}


@dataclass(frozen=True)
class Case:
    """One test: a folder with a model and data sets of inputs and expected outputs."""

    folder: Path

    @property
    def name(self) -> str:
        """The folder's name, for example `test_conv_with_strides_padding`."""
        return self.folder.name

    @cached_property
    def original(self) -> onnx.ModelProto:
        """The model as it ships."""
        return onnx.load(self.folder / "model.onnx")

    @property
    def operators(self) -> list[str]:
        """The operators of the model's nodes."""
        return [node.op_type for node in self.original.graph.node]

    def eligible(self) -> bool:
        """Tell whether a runtime of dense tensors can state the test at all."""
        graph = self.original.graph
        kinds = [value.type.WhichOneof("value") for value in (*graph.input, *graph.output)]
        types = [value.type.tensor_type.elem_type for value in (*graph.input, *graph.output)]
        foreign = any(node.domain not in ("", "ai.onnx") for node in graph.node)
        trains = "training" in self.name
        if set(kinds) != {"tensor_type"} or not set(types) <= DTYPES or foreign or trains:
            return False
        return not {*self.operators} & (RANDOM | OPTIONAL)

    def feeds(self) -> tuple[dict[str, Any], list[Any]]:
        """Return the inputs by name and the expected outputs of the first data set."""
        data = self.folder / "test_data_set_0"
        constant = {tensor.name for tensor in self.original.graph.initializer}
        names = [value.name for value in self.original.graph.input if value.name not in constant]
        inputs = {name: _load(data / f"input_{i}.pb") for i, name in enumerate(names)}
        outputs = [_load(data / f"output_{i}.pb") for i in range(len(self.original.graph.output))]
        return inputs, outputs

    def baked(self, further: Collection[str] = ()) -> tuple[onnx.ModelProto, dict[str, Any], list[Any]]:
        """Return the model with structural inputs as constants, the other inputs, and the expected outputs.

        Inputs named in `further` are baked in too, whatever their type.
        """
        model = onnx.ModelProto.FromString(self.original.SerializeToString())
        feeds, expected = self.feeds()
        for value in [v for v in model.graph.input if v.name in further or self._structural(v)]:
            model.graph.input.remove(value)
            model.graph.initializer.append(numpy_helper.from_array(feeds.pop(value.name), value.name))
        return model, feeds, expected

    def _structural(self, value: onnx.ValueInfoProto) -> bool:
        tensor = value.type.tensor_type
        if tensor.elem_type not in (TensorProto.INT32, TensorProto.INT64) or len(tensor.shape.dim) > 1:
            return False
        plain = self.name.removesuffix("_expanded").replace("_", "").lower()
        by_operator = [names for op, names in STRUCTURAL.items() if op in STRUCTURAL_OPERATORS and op.lower() in plain]
        return value.name in STRUCTURAL_NAMES or any(value.name in names for names in by_operator)


def _load(path: Path) -> Any:
    return np.asarray(numpy_helper.to_array(onnx.load_tensor(str(path))))


def cases() -> list[Case]:
    """Return the eligible tests; fetches them on first use (13 MB)."""
    folders = sorted((fetch() / "node").iterdir())
    return [case for case in map(Case, folders) if case.eligible()]


def fetch() -> Path:
    """Return the folder of onnx's test data, downloading the wheel through pip if it is not there."""
    target = BUILD / f"onnx-{VERSION}"
    if not (target / DATA).is_dir():
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*pip, f"onnx=={VERSION}", "--dest", str(BUILD)], check=True)
        (wheel,) = BUILD.glob(f"onnx-{VERSION}-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(target, [name for name in archive.namelist() if name.startswith(DATA)])
        wheel.unlink()
    return target / DATA
