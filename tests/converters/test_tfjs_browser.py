"""What ONNX's own tests leave open, on the wasm backend of a real browser, compared with onnxruntime."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest
from onnx import TensorProto, helper

from converters.to_tfjs import export
from tests.conformance.tfjs import run
from tests.converters.test_tfjs import floats, graph_model, operators

pytestmark = pytest.mark.browser

RNG = np.random.default_rng(7)
FULL = {"low": np.iinfo(np.int32).min, "high": np.iinfo(np.int32).max}


def check(model, feeds, folder, tolerance=1e-5):
    """Compare every output with onnxruntime; whole numbers and truth values have to be equal."""
    check_all({"model": (model, feeds)}, folder, tolerance)


def check_all(models, folder, tolerance=1e-5):
    """Check many models, each with what to feed it."""
    for name, (model, feeds) in models.items():
        result = run(folder / name, export(model, precision="fp32").files, feeds)
        session = onnxruntime.InferenceSession(ir.to_proto(model).SerializeToString())
        wanted = dict(zip([output.name for output in session.get_outputs()], session.run(None, feeds), strict=True))
        assert (result.error, [*result.outputs]) == ("", [*wanted]), name
        for output, want in wanted.items():
            got, allowed = result.outputs[output], tolerance if want.dtype.kind == "f" else 0
            assert got.shape == want.shape, name
            np.testing.assert_allclose(got, want, rtol=allowed, atol=allowed, err_msg=name)


def integers(name, *shape, dtype=TensorProto.INT32):
    """An input or output of whole numbers."""
    return helper.make_tensor_value_info(name, dtype, shape)


def random_integers(*shape):
    """Whole numbers over the whole range of int32, of all magnitudes."""
    return (RNG.integers(**FULL, size=shape) >> RNG.integers(0, 31, shape)).astype(np.int32)


@pytest.mark.parametrize("batch", [1, 3])
def test_batch_and_image_size_are_chosen_at_run_time(batch, tmp_path):
    """One file serves every size that the card allows."""
    constants = {"w": RNG.normal(size=(5, 3, 3, 3)).astype(np.float32), "f": RNG.normal(size=(5, 4)).astype(np.float32)}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["v"]),
        helper.make_node("Gemm", ["v", "f"], ["y"]),
    ]
    model = graph_model(
        nodes, [floats("x", "n", 3, "h", "w")], [floats("y", "n", 4), floats("c", "n", 5, None, None)], constants
    )
    check(model, {"x": RNG.random((batch, 3, 10 + batch, 9), np.float32)}, tmp_path)


@pytest.mark.parametrize(
    ("groups", "kernel", "size"),
    [(2, [1, 1], [28, 28]), (4, [1, 1], [7, 7]), (8, [3, 3], [9, 8]), (3, [3], [12]), (2, [2, 2, 2], [4, 4, 4])],
)
def test_grouped_convolutions_of_every_dimension(groups, kernel, size, tmp_path):
    """Whichever way a grouped convolution is written, it computes the same."""
    weight = RNG.normal(size=(groups * 6, 4, *kernel)).astype(np.float32)
    bias = RNG.normal(size=groups * 6).astype(np.float32)
    node = helper.make_node("Conv", ["x", "w", "b"], ["y"], group=groups)
    shape = (1, groups * 4, *size)
    model = graph_model([node], [floats("x", *shape)], [floats("y", *[None] * len(shape))], {"w": weight, "b": bias})
    check(model, {"x": RNG.normal(size=shape).astype(np.float32)}, tmp_path, 1e-4)


def test_shuffled_groups_are_neither_transposed_nor_cut_twice(tmp_path):
    """Blocks of ShuffleNet compute the same without a transpose inside, and in pieces from one cut on."""
    channels, groups, size = 272, 4, 14
    model = graph_model(*shuffle_blocks(channels, groups, size, blocks=2))
    feeds = {"x": RNG.normal(size=(1, channels, size, size)).astype(np.float32)}
    check(model, feeds, tmp_path, 1e-4)
    used = Counter(operators(model))
    assert used["Transpose"] == 2
    assert used["SplitV"] == 1


def shuffle_blocks(channels, groups, size, blocks):
    """Residual blocks of a grouped, a depthwise and a grouped convolution, shuffled behind the first."""
    shape, nodes, x = (1, channels, size, size), [], "x"
    constants = {
        "cut": np.array([1, groups, channels // groups, size, size]),
        "whole": np.array(shape),
        "d": RNG.normal(size=(channels, 1, 3, 3)).astype(np.float32),
        "w": (RNG.normal(size=(channels, channels // groups, 1, 1)) / 8).astype(np.float32),
    }
    for block in range(blocks):
        a, b, c, d, e, f, y = (f"{name}{block}" for name in "abcdefy")
        nodes += [
            helper.make_node("Conv", [x, "w"], [a], group=groups),
            helper.make_node("Reshape", [a, "cut"], [b]),
            helper.make_node("Transpose", [b], [c], perm=[0, 2, 1, 3, 4]),
            helper.make_node("Reshape", [c, "whole"], [d]),
            helper.make_node("Conv", [d, "d"], [e], group=channels, pads=[1, 1, 1, 1]),
            helper.make_node("Conv", [e, "w"], [f], group=groups),
            helper.make_node("Add", [f, x], [y]),
        ]
        x = y
    return nodes, [floats("x", *shape)], [floats(x, *shape)], constants


def test_strides_dilations_and_paddings_combine(tmp_path):
    """TF.js takes a stride or a dilation but not both, and pads unevenly only if told how."""
    models = {}
    x = RNG.normal(size=(2, 6, 14, 13)).astype(np.float32)
    for strides, dilations in itertools.product(([1, 1], [2, 1], [2, 3]), ([1, 1], [3, 1], [2, 2])):
        for groups, outputs in ((1, 4), (6, 6), (6, 12), (2, 4)):
            weight = RNG.normal(size=(outputs, 6 // groups, 3, 2)).astype(np.float32)
            options = {"strides": strides, "dilations": dilations, "group": groups, "pads": [2, 0, 1, 3]}
            node = helper.make_node("Conv", ["x", "w"], ["y"], **options)
            name = f"{strides}-{dilations}-{groups}-{outputs}".replace(", ", "")
            ends = [floats("x", *x.shape)], [floats("y", 2, outputs, None, None)]
            models[name] = graph_model([node], *ends, {"w": weight}), {"x": x}
    check_all(models, tmp_path, 1e-4)


def test_a_convolution_of_volumes_takes_strides_and_dilations(tmp_path):
    """What holds for images holds for volumes."""
    weight = RNG.normal(size=(2, 3, 2, 3, 2)).astype(np.float32)
    node = helper.make_node("Conv", ["x", "w"], ["y"], strides=[1, 2, 2], dilations=[2, 1, 3], pads=[1, 0, 1, 0, 1, 2])
    shape = (1, 3, 6, 7, 8)
    model = graph_model([node], [floats("x", *shape)], [floats("y", 1, 2, None, None, None)], {"w": weight})
    check(model, {"x": RNG.normal(size=shape).astype(np.float32)}, tmp_path, 1e-4)


def test_whole_numbers_are_exact_over_32_bits(tmp_path):
    """Kernels that compute in float32 would lose the low bits of large numbers."""
    x, y = random_integers(500), random_integers(500)
    feeds = {"x": x, "y": np.where(y == 0, 1, y).astype(np.int32)}
    models = {}
    for op in ("Add", "Sub", "Mul", "Max", "Min", "Mod", "BitwiseAnd", "BitwiseOr", "BitwiseXor"):
        node = helper.make_node(op, ["x", "y"], ["z"])
        model = graph_model([node], [integers("x", 500), integers("y", 500)], [integers("z", 500)])
        model.graph.opset_imports[""] = 18
        models[op] = model, feeds
    check_all(models, tmp_path)


def test_whole_numbers_divide_towards_zero(tmp_path):
    """Exact while dividend and divisor together stay below 2^31."""
    x, y = random_integers(500) // 2, random_integers(500) // 4
    nodes = [
        helper.make_node("Div", ["x", "y"], ["q"]),
        helper.make_node("Abs", ["x"], ["a"]),
        helper.make_node("Neg", ["x"], ["n"]),
    ]
    model = graph_model(nodes, [integers("x", 500), integers("y", 500)], [integers(name, 500) for name in "qan"])
    check(model, {"x": x, "y": np.where(y == 0, 1, y).astype(np.int32)}, tmp_path)


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.bool_])
def test_slices_keep_every_type(dtype, tmp_path):
    """Steps other than 1, forwards and backwards, on values whose low bits matter."""
    kind = {"f": TensorProto.FLOAT, "i": TensorProto.INT32, "b": TensorProto.BOOL}[np.dtype(dtype).kind]
    bounds = {"s": np.array([5, -1]), "e": np.array([-99, 0]), "a": np.array([0, 1]), "t": np.array([-2, -1])}
    node = helper.make_node("Slice", ["x", "s", "e", "a", "t"], ["y"])
    shape = (6, 5, 2)
    model = graph_model([node], [integers("x", *shape, dtype=kind)], [integers("y", None, None, 2, dtype=kind)], bounds)
    values = random_integers(*shape) if dtype != np.bool_ else RNG.random(shape) < 0.5
    check(model, {"x": values.astype(dtype)}, tmp_path)


def test_results_of_unknown_length_come_back_whole(tmp_path):
    """Operators whose result's size depends on values run as well."""
    model = graph_model(
        [helper.make_node("NonZero", ["x"], ["y"])],
        [floats("x", 4, 5)],
        [integers("y", 2, None, dtype=TensorProto.INT64)],
    )
    check(model, {"x": RNG.integers(0, 2, (4, 5)).astype(np.float32)}, tmp_path)
