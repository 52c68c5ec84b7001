"""Quantised TFLite files: onnxruntime stays within one quantum of LiteRT, and they become quantised files again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from converters.edge_graph import Graph, Op, Tensor
from converters.importing.tflite.reader import read
from converters.tflite.writer import serialize
from converters.to_tflite import export
from tests.conformance.litert import run
from tests.converters.test_from_tflite import feeds_of
from tests.converters.tflite_files import constant, imported, one_op, run_onnx, tensor
from tests.converters.tflite_rows import IMAGE, floats, ints

WINDOW = {"padding": "SAME", "stride_w": 1, "stride_h": 1, "fused_activation_function": "NONE",
          "dilation_w_factor": 1, "dilation_h_factor": 1}  # fmt: skip
POOL = {"padding": "SAME", "stride_w": 2, "stride_h": 2, "filter_width": 2, "filter_height": 2,
        "fused_activation_function": "NONE"}  # fmt: skip
ZERO = {"int8": -3, "uint8": 120, "int16": 0}
STEP = {"int8": 0.05, "uint8": 0.05, "int16": 0.0005}


def real(dtype: str, shape: list[int], scale: float | None = None, zero: int | None = None) -> Tensor:
    """A tensor of real numbers in 8 or 16 bits."""
    return tensor(shape, dtype, scale=scale or STEP[dtype], zero=ZERO[dtype] if zero is None else zero)


def filters(dtype: str, shape: tuple[int, ...], axis: int) -> tuple[Tensor, Tensor]:
    """A filter and its bias: by channel in int8, as a whole with a zero point in uint8."""
    rng, count = np.random.default_rng(shape), shape[axis]
    bias = rng.integers(-2000, 2000, count)
    if dtype == "uint8":
        weight = constant(rng.integers(0, 256, shape), dtype, scales=[0.01], zeros=[151])
        return weight, constant(bias, "int32", scales=[STEP[dtype] * 0.01])
    scales = rng.uniform(0.005, 0.02, count)
    weight = constant(rng.integers(-127, 128, shape), "int8", scales=scales, axis=axis)
    return weight, constant(bias, "int64" if dtype == "int16" else "int32", scales=scales * STEP[dtype])


def convolution(dtype: str, activation: str) -> bytes:
    operands = [real(dtype, IMAGE), *filters(dtype, (6, 3, 3, 4), 0)]
    return one_op("CONV_2D", operands, [real(dtype, [1, 6, 5, 6], STEP[dtype] * 2)],
                  **(WINDOW | {"fused_activation_function": activation}))  # fmt: skip


def depthwise(dtype: str) -> bytes:
    operands = [real(dtype, IMAGE), *filters(dtype, (1, 3, 3, 4), 3)]
    return one_op("DEPTHWISE_CONV_2D", operands, [real(dtype, IMAGE, STEP[dtype] * 2)], **WINDOW, depth_multiplier=1)


def connected(dtype: str) -> bytes:
    weight, bias = filters(dtype, (5, 8), 0)
    return one_op("FULLY_CONNECTED", [real(dtype, [3, 8]), weight, bias], [real(dtype, [3, 5], STEP[dtype] * 4)])


def binary(kind: str, dtype: str) -> bytes:
    zero = 0 if dtype == "int16" else ZERO[dtype] + 20
    operands = [real(dtype, IMAGE), real(dtype, IMAGE, STEP[dtype] * 0.7, zero)]
    return one_op(kind, operands, [real(dtype, IMAGE, STEP[dtype] * 3)], fused_activation_function="NONE")


def moved(kind: str, dtype: str, operands: list[Tensor], shape: list[int], start: list[int], **options) -> bytes:
    return one_op(kind, [real(dtype, start), *operands], [real(dtype, shape)], **options)


def fixed(kind: str, dtype: str, scale: float, **options: float) -> bytes:
    zero = {"int8": -128, "uint8": 0}[dtype] + (128 if kind == "TANH" else 0)
    return one_op(kind, [real(dtype, [3, 8])], [real(dtype, [3, 8], scale, zero)], **options)


ROWS: Mapping[str, Callable[[str], bytes]] = {
    "CONV_2D": lambda d: convolution(d, "NONE"),
    "CONV_2D with an activation that the range does not imply": lambda d: convolution(d, "RELU6"),
    "DEPTHWISE_CONV_2D": depthwise,
    "FULLY_CONNECTED": connected,
    "ADD": lambda d: binary("ADD", d),
    "SUB": lambda d: binary("SUB", d),
    "MUL": lambda d: binary("MUL", d),
    "AVERAGE_POOL_2D": lambda d: moved("AVERAGE_POOL_2D", d, [], [1, 3, 3, 4], IMAGE, **POOL),
    "MAX_POOL_2D": lambda d: moved("MAX_POOL_2D", d, [], [1, 3, 3, 4], IMAGE, **POOL),
    "RESHAPE": lambda d: moved("RESHAPE", d, [ints(5, 24)], [5, 24], IMAGE),
    "TRANSPOSE": lambda d: moved("TRANSPOSE", d, [ints(0, 2, 1, 3)], [1, 5, 6, 4], IMAGE),
    "PAD": lambda d: moved(
        "PAD", d, [constant([[0, 0], [1, 2], [0, 1], [0, 0]], "int32")], [1, 9, 6, 4], IMAGE),
    "GATHER": lambda d: moved("GATHER", d, [ints(3, 0)], [1, 2, 5, 4], IMAGE, axis=1),
    "STRIDED_SLICE": lambda d: moved(
        "STRIDED_SLICE", d, [ints(0, 1, 0, 0), ints(1, 6, 5, 4), ints(1, 2, 1, 1)], [1, 3, 5, 4], IMAGE),
    "QUANTIZE": lambda d: one_op("QUANTIZE", [real(d, IMAGE)], [real(d, IMAGE, STEP[d] * 1.7)]),
}  # fmt: skip
IN_8_BITS: Mapping[str, Callable[[str], bytes]] = {
    "SOFTMAX": lambda d: fixed("SOFTMAX", d, 1 / 256, beta=1.0),
    "LOGISTIC": lambda d: fixed("LOGISTIC", d, 1 / 256),
    "TANH": lambda d: fixed("TANH", d, 1 / 128),
    "MEAN": lambda d: one_op("MEAN", [real(d, IMAGE), ints(1, 2)], [real(d, [1, 1, 1, 4], 0.02)], keep_dims=True),
    "LEAKY_RELU": lambda d: one_op("LEAKY_RELU", [real(d, IMAGE)], [real(d, IMAGE, 0.04)], alpha=0.1),
    "RESIZE_BILINEAR": lambda d: moved(
        "RESIZE_BILINEAR", d, [ints(12, 10)], [1, 12, 10, 4], IMAGE, half_pixel_centers=True),
    "RESIZE_NEAREST_NEIGHBOR": lambda d: moved("RESIZE_NEAREST_NEIGHBOR", d, [ints(12, 10)], [1, 12, 10, 4], IMAGE),
    "PACK": lambda d: one_op("PACK", [real(d, [3, 4]), real(d, [3, 4])], [real(d, [3, 2, 4])], axis=1, values_count=2),
    "DEQUANTIZE": lambda d: one_op("DEQUANTIZE", [real(d, IMAGE)], [tensor(IMAGE)]),
}  # fmt: skip


def quanta(want: np.ndarray, got: np.ndarray) -> float:
    """The largest difference; in quanta where numbers are stored as whole ones."""
    assert (got.dtype, got.shape) == (want.dtype, want.shape)
    return float(np.abs(got.astype(np.float64) - want).max())


CASES = [(name, dtype) for name in ROWS for dtype in ("int8", "uint8", "int16")]
CASES += [(name, dtype) for name in IN_8_BITS for dtype in ("int8", "uint8")]


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_a_quantised_operator_is_within_one_quantum(name: str, dtype: str, tmp_path: Path):
    """In onnxruntime, and in LiteRT after our exporter wrote the model back in 8 bits."""
    data = (ROWS | IN_8_BITS)[name](dtype)
    model = imported(data, tmp_path)
    back = export(model, precision="w8a8").files[".tflite"]
    for seed in range(3):
        feeds = feeds_of(data, seed)
        [want] = run(data, feeds)
        assert quanta(want, run_onnx(model, feeds)[0]) <= 1
        assert quanta(want, run(back, feeds)[0]) <= 1


NATIVE = ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "SUB", "MUL", "AVERAGE_POOL_2D", "MAX_POOL_2D",
          "PAD", "MEAN", "SOFTMAX", "LOGISTIC", "RESIZE_BILINEAR"]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "dtype"), [(name, "int8") for name in NATIVE] + [(name, "uint8") for name in NATIVE[:3]]
)
def test_a_quantised_operator_comes_back_as_itself(name: str, dtype: str, tmp_path: Path):
    """It computes in the 8 bits of the source again: nothing is dequantised, no filter grows to floats."""
    data = (ROWS | IN_8_BITS)[name](dtype)
    again = read(export(imported(data, tmp_path), precision="w8a8").files[".tflite"])
    assert [op.kind for op in again.ops] == [name]
    assert again.outputs[0].dtype == dtype


def test_uint8_joints_of_different_scales_convert_as_litert_does(tmp_path: Path):
    """A uint8 detector joins maps of different scales: a convolution with a zero point, then the joint, exactly."""
    x = real("uint8", IMAGE)
    x.name = "x"
    y, joint = real("uint8", [1, 6, 5, 6], 0.09, 100), real("uint8", [1, 6, 5, 10], 0.11, 90)
    joint.name = "y"
    ops = [Op("CONV_2D", [x, *filters("uint8", (6, 3, 3, 4), 0)], [y], dict(WINDOW)),
           Op("CONCATENATION", [y, x], [joint], {"axis": 3})]  # fmt: skip
    data = serialize(Graph([x], [joint], ops))
    model = imported(data, tmp_path)
    back = export(model, precision="w8a8").files[".tflite"]
    feeds = feeds_of(data)
    [want] = run(data, feeds)
    assert quanta(want, run_onnx(model, feeds)[0]) <= 1
    assert quanta(want, run(back, feeds)[0]) == 0
    assert [op.kind for op in read(back).ops] == ["CONV_2D", "CONCATENATION"]


def test_outputs_that_are_the_same_numbers_keep_their_names(tmp_path: Path):
    """One quantised tensor that is dequantised twice, and is an output itself, gives three outputs."""
    x, stored = tensor([4], name="x"), tensor([4], "int8", scale=0.1, zero=3, name="stored")
    first, second = tensor([4], name="first"), tensor([4], name="second")
    ops = [Op("QUANTIZE", [x], [stored]), Op("DEQUANTIZE", [stored], [first]), Op("DEQUANTIZE", [stored], [second])]
    data = serialize(Graph([x], [first, second, stored], ops))
    model, feeds = imported(data, tmp_path), feeds_of(data)
    assert [value.name for value in model.graph.outputs] == ["first", "second", "stored"]
    for want, got in zip(run(data, feeds), run_onnx(model, feeds), strict=True):
        assert quanta(want, got) <= 1e-6


def test_weights_of_16_bits_become_those_of_32_that_litert_computes_with(tmp_path: Path):
    """Float16 constants behind DEQUANTIZE are initializers of float32 of the same values."""
    stored = constant(floats(6, 3, 3, 4), "float16")
    weight, x, y = tensor([6, 3, 3, 4]), tensor(IMAGE, name="x"), tensor([1, 6, 5, 6], name="y")
    ops = [Op("DEQUANTIZE", [stored], [weight]), Op("CONV_2D", [x, weight, constant(np.zeros(6))], [y], dict(WINDOW))]
    data = serialize(Graph([x], [y], ops))
    model = imported(data, tmp_path)
    assert [node.op_type for node in model.graph] == ["Transpose", "Conv", "Transpose"]
    feeds = feeds_of(data)
    np.testing.assert_allclose(run_onnx(model, feeds)[0], run(data, feeds)[0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["CONV_2D", "FULLY_CONNECTED"])
def test_weights_of_8_bits_stay_so_in_an_operator_on_floats(kind: str, tmp_path: Path):
    """LiteRT rounds such an operator's input to 8 bits, which ONNX does not: results differ by that rounding alone."""
    rng = np.random.default_rng(1)
    weight = constant(rng.integers(-127, 128, (6, 3, 3, 4)), "int8", scales=rng.uniform(0.005, 0.02, 6))
    bias, options = constant(floats(6)), WINDOW
    start, shape = IMAGE, [1, 6, 5, 6]
    if kind == "FULLY_CONNECTED":
        weight = constant(rng.integers(-127, 128, (6, 64)), "int8", scales=[0.01])
        start, shape, options = [5, 64], [5, 6], {"asymmetric_quantize_inputs": True}
    data = one_op(kind, [tensor(start), weight, bias], [tensor(shape)], **options)
    model = imported(data, tmp_path)
    assert any(value.dtype.name == "INT8" for value in model.graph.initializers.values())
    feeds = feeds_of(data)
    [want], [got] = run(data, feeds), run_onnx(model, feeds)
    assert np.abs(want - got).max() <= 0.02 * np.abs(want).max()
