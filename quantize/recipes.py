"""The table of recipes: each takes an ONNX graph and gives a smaller one in the same operators' meaning."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ir as ir

from quantize import affine, ranges, rounding

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

    proto = ir.to_proto(model)
    for node in proto.graph.node:
        node.name = next(filter(None, node.output))  # casts are named after nodes, whose own names may be empty
    # Resize is given as nothing an empty constant: typed, it would get a cast, and behind that count as given.
    _forget_types(proto.graph, {tensor.name for tensor in proto.graph.initializer if 0 in tensor.dims})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # weights that float16 rounds to its smallest value: parity measures them
        half: onnx.ModelProto = float16.convert_float_to_float16(proto, keep_io_types=True)
    nodes: dict[str, onnx.NodeProto] = {}
    for node in half.graph.node:
        nodes.setdefault(node.output[0], node)  # an input's cast comes once for each node that reads the input
    del half.graph.node[:]
    half.graph.node.extend(nodes.values())
    return ir.from_proto(half)


def _forget_types(graph: onnx.GraphProto, names: set[str]) -> None:
    kept = [value for value in graph.value_info if value.name not in names]
    del graph.value_info[:]
    graph.value_info.extend(kept)


def _int8_dynamic(model: ir.Model, _: Sequence[Feeds]) -> ir.Model:
    """Hold weights in int8, one scale a channel; activations get their scale while the model runs."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with _prepared(model) as (prepared, source, target):
        rounding.round_weights(prepared)
        proto = ir.to_proto(prepared)
        # The quantiser turns weights of Gemm over under the same name, which then contradicts the shape noted for it.
        _forget_types(proto.graph, {tensor.name for tensor in proto.graph.initializer})
        onnx.save(proto, source)
        quantize_dynamic(source, target, per_channel=True, weight_type=QuantType.QInt8)
        return _load(target)


def _w8a8(model: ir.Model, calibration: Sequence[Feeds], *, per_channel: bool) -> ir.Model:
    """Hold weights in int8 and activations in uint8, in QDQ form, over the range that calibration saw."""
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    with _prepared(model) as (prepared, source, target):
        _flatten_biases(prepared.graph)
        affine.to_convolutions(prepared)
        if per_channel:
            rounding.round_weights(prepared)
        ir.save(prepared, source)
        quantize_static(
            source,
            target,
            quant_format=QuantFormat.QDQ,
            per_channel=per_channel,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            calibration_cache_path=_calibrated(prepared.graph, source, calibration),
        )
        return _load(target)


def _flatten_biases(graph: ir.Graph) -> None:
    """Write biases `[1, N]` of Gemm, as `x @ w + b` leaves them, as `[N]`: the quantiser counts channels on axis 0."""
    for node in graph:
        bias = node.inputs[2] if node.op_type == "Gemm" and len(node.inputs) > 2 else None
        if bias is not None and bias.const_value is not None and len(bias.const_value.shape) > 1:
            flat = ir.Value(name=f"{bias.name}_flat", const_value=ir.tensor(bias.const_value.numpy().ravel()))
            graph.register_initializer(flat)
            node.replace_input_with(2, flat)


def _calibrated(graph: ir.Graph, source: Path, calibration: Sequence[Feeds]) -> Path:
    """Return the file of ranges, which `quantize_static` takes instead of finding them itself."""
    from onnxruntime.quantization.calibrate import TensorData, create_calibrator, save_tensors_data

    path = source.with_name("ranges.json")
    calibrator = create_calibrator(source, augmented_model_path=str(source.with_name("augmented.onnx")))
    calibrator.collect_data(_Reader(calibration))
    found = calibrator.compute_data()
    own = {name: data.range_value for name, data in found.items()}
    shared = dict(own)
    ranges.share(graph, shared)
    for name in (name for name in own if shared[name] is not own[name]):
        lowest, highest = shared[name]
        found[name] = TensorData(lowest=lowest, highest=highest)
    save_tensors_data(found, path)
    return path


class _Reader:
    """Hands calibration samples to onnxruntime, which asks for the next one until it gets None."""

    def __init__(self, calibration: Sequence[Feeds]) -> None:
        self._samples: Iterator[Feeds] = iter(calibration)

    def get_next(self) -> dict[str, npt.NDArray[Any]] | None:
        feeds = next(self._samples, None)
        return None if feeds is None else {name: np.ascontiguousarray(value) for name, value in feeds.items()}


@contextmanager
def _prepared(model: ir.Model) -> Iterator[tuple[ir.Model, Path, Path]]:
    """Give the model as the quantiser asks for it, shapes inferred and nodes fused, and two files for it to use."""
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "source.onnx"), Path(folder, "target.onnx")
        ir.save(model, source)
        quant_pre_process(source, target, skip_symbolic_shape=True)
        yield _load(target), source, target


def _load(path: Path) -> ir.Model:
    return ir.from_proto(onnx.load(path))  # all in memory: the file goes


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
