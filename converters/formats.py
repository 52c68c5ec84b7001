"""The table of formats: what each is called, how it is written, and which runtimes run it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module

import onnx_ir as ir

from converters.exported import Exported


@dataclass(frozen=True)
class Format:
    """One row: a new format is a row here and a file beside it."""

    name: str
    module: str  # holds `export(model, *, precision, layout="keep") -> Exported`; imported when first used
    recipes: Mapping[str, str]  # precision → the recipe that prepares the graph for it
    runtimes: tuple[str, ...]  # the first of them verifies every build

    def export(self, model: ir.Model, *, precision: str, layout: str = "keep") -> Exported:
        """Write the graph in this format; see the module's own `export` for what it refuses."""
        export: Callable[..., Exported] = import_module(self.module).export
        return export(model, precision=precision, layout=layout)


FORMATS = {
    row.name: row
    for row in (
        Format(
            name="onnx",
            module="converters.to_onnx",
            recipes={
                "fp32": "none",
                "fp16": "fp16",
                "int8_dynamic": "int8_dynamic",
                "w8a8": "w8a8_per_channel_minmax",
            },
            runtimes=("onnxruntime", "onnxruntime-web"),
        ),
        Format(
            name="ort",
            module="converters.to_ort",
            recipes={"fp32": "none", "w8a8": "w8a8_per_channel_minmax"},
            runtimes=("onnxruntime",),
        ),
        Format(
            name="tflite",
            module="converters.to_tflite",
            recipes={"fp32": "none", "fp16": "none", "int8_dynamic": "none", "w8a8": "w8a8_per_channel_minmax"},
            runtimes=("litert", "litert-js"),
        ),
        Format(
            name="tfjs",
            module="converters.to_tfjs",
            recipes={"fp32": "none", "fp16": "none", "uint8": "none", "uint16": "none"},
            runtimes=("tfjs-wasm",),
        ),
    )
}
