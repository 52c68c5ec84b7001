from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from onnx import numpy_helper, parser

from converters.to_onnx import serialize
from edge.runtimes import RUNTIMES
from quantize.prepared import prepared
from quantize.recipes import RECIPES, apply
from quantize.weights import store_in_int8
from tests.graphs import convnet

IMAGES = np.random.default_rng(1).random((32, 1, 1, 8, 8), np.float32)
CALIBRATION = [{"image": image} for image in IMAGES[:16]]


def convolutions() -> ir.Model:
    """One convolution and nothing else: `x` [1, 8, 6, 6] to `y` [1, 8, 6, 6]."""
    proto = parser.parse_model(
        """<ir_version: 8, opset_import: ["" : 17]>
        one (float[1, 8, 6, 6] x) => (float[1, 8, 6, 6] y) <float[8, 8, 3, 3] w>
        { y = Conv<pads = [1, 1, 1, 1]>(x, w) }"""
    )
    weights = np.random.default_rng(2).normal(0, 1, (8, 8, 3, 3)).astype(np.float32)
    proto.graph.initializer.append(numpy_helper.from_array(weights, "w"))
    del proto.graph.value_info[:]
    return ir.from_proto(proto)


def run(model: ir.Model, path) -> np.ndarray:
    path.write_bytes(serialize(model))
    session = RUNTIMES["onnxruntime"].load(path)
    return np.stack([session({"image": image})["logits"] for image in IMAGES[16:]])


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_keeps_the_winner_of_most_unseen_inputs(name, tmp_path):
    """A smaller model still says the same."""
    expected = run(convnet(), tmp_path / "source.onnx")
    got = run(apply(name, convnet(), CALIBRATION), tmp_path / "smaller.onnx")
    assert np.mean(got.argmax(-1) == expected.argmax(-1)) >= 0.9


SHARES = {"fp16": 0.6, "int8_dynamic": 0.5, "w8a8_per_channel_minmax": 0.6, "w8_per_channel": 0.3, "w4_block32": 0.2}


@pytest.mark.parametrize(("name", "share"), SHARES.items())
def test_a_recipe_makes_large_weights_smaller(name, share):
    """The name promises fewer bits, so the file has fewer bytes."""
    model = convnet(classes=4000)
    assert len(serialize(apply(name, model, CALIBRATION))) < share * len(serialize(model))


def test_an_input_that_two_nodes_read_survives_fp16(tmp_path):
    """A network with a shortcut from its input is exported like any other."""
    model = convnet()
    image, first = model.graph.inputs[0], model.graph[0]
    total = ir.node("Add", [image, image])
    model.graph.insert_before(first, total)
    first.replace_input_with(0, total.outputs[0])
    skip = ir.node("Add", [total.outputs[0], image])
    model.graph.insert_before(first, skip)
    first.replace_input_with(0, skip.outputs[0])
    expected = run(model, tmp_path / "source.onnx")
    np.testing.assert_allclose(run(apply("fp16", model, []), tmp_path / "half.onnx"), expected, atol=0.02)


def test_two_nodes_without_names_that_stay_in_float32_survive_fp16(tmp_path):
    """A network that enlarges twice, written without names of nodes, is exported like any other."""
    model = convnet()
    conv = model.graph[0]
    scales = [
        ir.Value(name=f"scales{i}", const_value=ir.tensor(np.array([1, 1, s, s], np.float32)))
        for i, s in enumerate((2, 0.5))
    ]
    larger = ir.node("Resize", [conv.outputs[0], None, scales[0]], {"mode": "nearest"})
    same = ir.node("Resize", [larger.outputs[0], None, scales[1]], {"mode": "nearest"})
    model.graph[1].replace_input_with(0, same.outputs[0])
    model.graph.insert_after(conv, [larger, same])
    larger.name = same.name = ""
    for value in scales:
        model.graph.register_initializer(value)
    expected = run(model, tmp_path / "source.onnx")
    np.testing.assert_allclose(run(apply("fp16", model, []), tmp_path / "half.onnx"), expected, atol=0.02)


def test_a_dense_layer_whose_bias_is_a_row_is_quantised_like_any_other(tmp_path):
    """A Gemm with a bias `[1, N]`, to which `x @ w + b` of CNTK is fused, gives in 8 bits what it gives with `[N]`."""
    plain, written = convnet(), convnet()
    gemm = written.graph[-1]
    bias = ir.Value(name="row", const_value=ir.tensor(gemm.inputs[2].const_value.numpy()[None]))
    written.graph.register_initializer(bias)
    gemm.replace_input_with(2, bias)
    expected, got = (
        run(apply("w8a8_per_channel_minmax", model, CALIBRATION), tmp_path / f"{name}.onnx")
        for name, model in (("plain", plain), ("row", written))
    )
    np.testing.assert_array_equal(got, expected)


def test_two_enlargements_that_share_an_empty_list_of_scales_survive_fp16(tmp_path):
    """PyTorch wrote a Resize to a size with empty tensors in the other places; it is exported like any other."""
    model = convnet()
    conv = model.graph[0]
    nothing, size = (
        ir.Value(name=name, const_value=tensor, type=ir.TensorType(tensor.dtype), shape=tensor.shape)
        for name, tensor in (("none", ir.tensor(np.zeros(0, np.float32))), ("size", ir.tensor(np.array([1, 8, 8, 8]))))
    )
    first = ir.node("Resize", [conv.outputs[0], nothing, nothing, size], {"mode": "nearest"})
    second = ir.node("Resize", [first.outputs[0], nothing, nothing, size], {"mode": "nearest"})
    model.graph[1].replace_input_with(0, second.outputs[0])
    model.graph.insert_after(conv, [first, second])
    for value in (nothing, size):
        model.graph.register_initializer(value)
    expected = run(model, tmp_path / "source.onnx")
    np.testing.assert_allclose(run(apply("fp16", model, []), tmp_path / "half.onnx"), expected, atol=0.02)


def test_a_dense_layer_with_weights_by_output_survives_int8_dynamic(tmp_path):
    """A Gemm whose weights lie as TFLite and PyTorch have them, of known shape, is exported like any other."""
    model = convnet()
    gemm = model.graph[-1]
    rows = ir.tensor(np.ascontiguousarray(gemm.inputs[1].const_value.numpy().T))
    weights = ir.Value(name="rows", const_value=rows, type=ir.TensorType(rows.dtype), shape=rows.shape)
    model.graph.register_initializer(weights)
    gemm.replace_input_with(1, weights)
    gemm.attributes["transB"] = ir.AttrInt64("transB", 1)
    expected = run(model, tmp_path / "source.onnx")
    got = run(apply("int8_dynamic", model, []), tmp_path / "smaller.onnx")
    assert np.mean(got.argmax(-1) == expected.argmax(-1)) >= 0.9


def test_a_recipe_that_needs_samples_says_so_when_it_gets_none():
    """A card without calibration data is told what to add."""
    with pytest.raises(ValueError, match=r"edge\.calibration"):
        apply("w8a8_per_channel_minmax", convnet(), [])


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_leaves_its_argument_alone(name):
    """The next recipe starts from the same graph."""
    model = convnet()
    before = serialize(model)
    apply(name, model, CALIBRATION)
    assert serialize(model) == before


def test_four_bits_are_refused_where_nothing_is_a_product():
    """A network of convolutions is told that they have no form in 4 bits, and what to take instead."""
    with pytest.raises(ValueError, match=r"w4_block32.*w8_per_channel"):
        apply("w4_block32", convolutions(), [])


def test_weights_alone_in_8_bits_are_each_at_most_a_step_away():
    """What the runtime computes with differs from the source by less than one of 127 steps of a channel."""
    source = convolutions()
    with prepared(source) as (model, _, _):
        exact = model.graph.initializers["w"].const_value.numpy()
        store_in_int8(model)
        integers, scales = (model.graph.initializers[f"w_{part}"].const_value.numpy() for part in ("int8", "scale"))
    steps = scales.reshape(-1, 1, 1, 1)
    assert integers.dtype == np.int8
    assert (np.abs(integers * steps - exact) < steps).all()
