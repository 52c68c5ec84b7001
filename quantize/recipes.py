"""The table of recipes: each takes an ONNX graph and gives a smaller one in the same operators' meaning."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ir as ir

Feeds = Mapping[str, npt.NDArray[Any]]  # input tensors by name, for one inference


@dataclass(frozen=True)
class Recipe:
    """One row: `make(model, calibration)` returns a new model and leaves its argument alone."""

    name: str
    make: Callable[[ir.Model, Sequence[Feeds]], ir.Model]
    needs_calibration: bool = False


def apply(name: str, model: ir.Model, calibration: Sequence[Feeds]) -> ir.Model:
    """Apply the recipe called `name`; `calibration` holds one mapping of input tensors a sample."""
    recipe = RECIPES[name]
    if recipe.needs_calibration and not calibration:
        raise ValueError(
            f"recipe {name} sets its ranges on real inputs and got none: "
            "name a JSON Lines file as edge.calibration in the card, or a folder of .npz files as --calibration"
        )
    return recipe.make(model, calibration)


def _same(model: ir.Model, _: Sequence[Feeds]) -> ir.Model:
    return model


def _fp16(model: ir.Model, _: Sequence[Feeds]) -> ir.Model:
    """Hold weights and activations in float16; inputs and outputs stay float32."""
    from onnxconverter_common import float16

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # weights that float16 rounds to its smallest value: parity measures them
        half: onnx.ModelProto = float16.convert_float_to_float16(ir.to_proto(model), keep_io_types=True)
    nodes: dict[str, onnx.NodeProto] = {}
    for node in half.graph.node:
        nodes.setdefault(node.output[0], node)  # an input's cast comes once for each node that reads the input
    del half.graph.node[:]
    half.graph.node.extend(nodes.values())
    return ir.from_proto(half)


def _int8_dynamic(model: ir.Model, _: Sequence[Feeds]) -> ir.Model:
    """Hold weights in int8, one scale a channel; activations get their scale while the model runs."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    return _through_files(
        model, lambda source, target: quantize_dynamic(source, target, per_channel=True, weight_type=QuantType.QInt8)
    )


def _w8a8(model: ir.Model, calibration: Sequence[Feeds], *, per_channel: bool) -> ir.Model:
    """Hold weights in int8 and activations in uint8, in QDQ form, over the range that calibration saw."""
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    return _through_files(
        model,
        lambda source, target: quantize_static(
            source,
            target,
            _Reader(calibration),
            quant_format=QuantFormat.QDQ,
            per_channel=per_channel,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        ),
    )


class _Reader:
    """Hands calibration samples to onnxruntime, which asks for the next one until it gets None."""

    def __init__(self, calibration: Sequence[Feeds]) -> None:
        self._samples: Iterator[Feeds] = iter(calibration)

    def get_next(self) -> dict[str, npt.NDArray[Any]] | None:
        feeds = next(self._samples, None)
        return None if feeds is None else {name: np.ascontiguousarray(value) for name, value in feeds.items()}


def _through_files(model: ir.Model, quantize: Callable[[str, str], None]) -> ir.Model:
    """Give the quantiser files, which is all it reads and writes, prepared as it asks: shapes inferred, nodes fused."""
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder:
        source, prepared, target = (str(Path(folder, f"{name}.onnx")) for name in ("source", "prepared", "target"))
        onnx.save(ir.to_proto(model), source)
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        quantize(prepared, target)
        return ir.from_proto(onnx.load(target))


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("none", _same),
        Recipe("fp16", _fp16),
        Recipe("int8_dynamic", _int8_dynamic),
        Recipe("w8a8_per_tensor_minmax", lambda m, c: _w8a8(m, c, per_channel=False), needs_calibration=True),
        Recipe("w8a8_per_channel_minmax", lambda m, c: _w8a8(m, c, per_channel=True), needs_calibration=True),
    )
}
