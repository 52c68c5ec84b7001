"""Weights in int8 and activations in uint8, in QDQ form, over ranges that calibration finds."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir
from onnx_ir.passes.common import RemoveUnusedNodesPass

from quantize import affine, bias, ranges, rounding
from quantize.equalize import equalize
from quantize.prepared import Feeds, load, name_after_results, prepared

# Settings of onnxruntime's calibrators. Its own for the last two take ranges as symmetric, which spends half of the
# 256 steps of a Relu's result on numbers that it never has, and search 128 bins for 128 steps, which is no search.
METHODS: Mapping[str, Mapping[str, Any]] = {
    "MinMax": {},
    "Percentile": {"symmetric": False, "percentile": 99.99, "num_bins": 2048},
    "Entropy": {"symmetric": False, "num_bins": 512, "num_quantized_bins": 128},
}


@dataclass(frozen=True)
class Static:
    """How: a scale a channel or a tensor of weights, the method of `METHODS`, and what is done before and after."""

    per_channel: bool = True
    method: str = "MinMax"
    equalized: bool = False
    corrected: bool = False

    def __call__(
        self,
        model: ir.Model,
        calibration: Sequence[Feeds],
        *,
        kept: Collection[str] = (),
        only: Sequence[str] | None = None,
    ) -> ir.Model:
        """Return the quantised graph; layers, by the name of their result, stay in float where `kept` names them.

        With `only`, no other layers than these are quantised.
        """
        from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

        with prepared(model) as (source, path, target):
            simplify(source)
            if self.equalized:
                equalize(source, calibration)
            if self.corrected:
                bias.add_missing(source)
            chosen = [node for node in source.graph if node.name not in kept and (only is None or node.name in only)]
            if not chosen:
                return source  # of no node, the quantiser would take all
            if self.per_channel:
                rounding.round_weights(chosen)
            ir.save(source, path)
            quantize_static(
                path,
                target,
                quant_format=QuantFormat.QDQ,
                per_channel=self.per_channel,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=CalibrationMethod.MinMax,
                calibration_cache_path=self._calibrated(source.graph, path, calibration),
                nodes_to_quantize=[node.name for node in chosen],
                extra_options={"QDQKeepRemovableActivations": bool(kept)},
            )
            quantised = load(target)
            _take_float(quantised, kept)
            if self.corrected:
                bias.correct(quantised, source, calibration)
            return quantised

    def _calibrated(self, graph: ir.Graph, source: Path, calibration: Sequence[Feeds]) -> Path:
        """Return the file of ranges, which `quantize_static` takes instead of finding them itself."""
        from onnxruntime.quantization import CalibrationMethod
        from onnxruntime.quantization.calibrate import TensorData, TensorsData, create_calibrator, save_tensors_data

        path = source.with_name("ranges.json")
        calibrator = create_calibrator(
            source,
            augmented_model_path=str(source.with_name("augmented.onnx")),
            calibrate_method=CalibrationMethod[self.method],
            extra_options=dict(METHODS[self.method]),
        )
        with redirect_stdout(io.StringIO()):  # it tells of its progress where commands print their result
            calibrator.collect_data(_Reader(calibration))
            found = {name: data.range_value for name, data in calibrator.compute_data().items()}
        ranges.share(graph, found)
        kept = {
            name: TensorData(lowest=np.float32(lowest), highest=np.float32(highest))
            for name, (lowest, highest) in found.items()
        }
        save_tensors_data(TensorsData(CalibrationMethod.MinMax, kept), path)
        return path


def simplify(model: ir.Model) -> None:
    """Rewrite a prepared graph in place into operators that 8 bits compute well; nodes are named after results."""
    _flatten_biases(model.graph)
    affine.to_convolutions(model)
    name_after_results(model.graph)


def _take_float(quantised: ir.Model, kept: Collection[str]) -> None:
    """Let layers that stay in float read what was not rounded.

    Between DequantizeLinear and QuantizeLinear, onnxruntime's optimiser would quantise their weights after all.
    """
    for node in [node for node in quantised.graph if node.name in kept]:
        restored = _maker(node.inputs[0], "DequantizeLinear")
        rounded = _maker(restored.inputs[0], "QuantizeLinear") if restored else None
        if rounded:
            node.replace_input_with(0, rounded.inputs[0])
    RemoveUnusedNodesPass()(quantised)


def _maker(value: ir.Value | None, kind: str) -> ir.Node | None:
    """Return the node that a value comes from, if it is of that kind."""
    node = value.producer() if value is not None else None
    return node if node is not None and node.op_type == kind else None


def _flatten_biases(graph: ir.Graph) -> None:
    """Write biases `[1, N]` of Gemm, as `x @ w + b` leaves them, as `[N]`: the quantiser counts channels on axis 0."""
    for node in graph:
        value = node.inputs[2] if node.op_type == "Gemm" and len(node.inputs) > 2 else None
        if value is not None and value.const_value is not None and len(value.const_value.shape) > 1:
            flat = ir.Value(name=f"{value.name}_flat", const_value=ir.tensor(value.const_value.numpy().ravel()))
            graph.register_initializer(flat)
            node.replace_input_with(2, flat)


class _Reader:
    """Hands calibration samples to onnxruntime, which asks for the next one until it gets None."""

    def __init__(self, calibration: Sequence[Feeds]) -> None:
        self._samples: Iterator[Feeds] = iter(calibration)

    def get_next(self) -> dict[str, npt.NDArray[Any]] | None:
        feeds = next(self._samples, None)
        return None if feeds is None else {name: np.ascontiguousarray(value) for name, value in feeds.items()}
