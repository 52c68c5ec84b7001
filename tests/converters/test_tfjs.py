"""What a TF.js model made by the converter is, without running it."""

from __future__ import annotations

import json

import numpy as np
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper, numpy_helper

from converters.errors import MalformedModel, Refusal
from converters.to_tfjs import convert_file, export
from tests.graphs import convnet


def graph_model(nodes, inputs, outputs, constants=None):
    """An ONNX model of opset 17 from nodes, value infos and named arrays."""
    initializers = [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()]
    graph = helper.make_graph(nodes, "g", inputs, outputs, initializers)
    return ir.from_proto(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8))


def floats(name, *shape):
    """A float32 input or output."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def topology(model, precision="fp32"):
    """The parsed `model.json`."""
    return json.loads(export(model, precision=precision).files[".tfjs/model.json"])


def operators(model):
    """The names of the TF.js operators, without constants."""
    return [node["op"] for node in topology(model)["modelTopology"]["node"] if node["op"] != "Const"]


def stored(model, precision):
    """The float weights as a runtime reads them, by name."""
    files = export(model, precision=precision).files
    (group,) = json.loads(files[".tfjs/model.json"])["weightsManifest"]
    data, start, weights = files[".tfjs/weights.bin"], 0, {}
    for entry in group["weights"]:
        coded = entry.get("quantization", {})
        dtype, count = np.dtype(coded.get("dtype", entry["dtype"])), int(np.prod(entry["shape"]))
        raw = np.frombuffer(data, dtype, count, start)
        start += raw.nbytes
        if entry["dtype"] == "float32":
            weights[entry["name"]] = raw * np.float64(coded.get("scale", 1)) + coded.get("min", 0)
    assert start == len(data)
    return weights


def test_inputs_and_outputs_keep_names_axes_and_order():
    """A web developer finds the tensors that the card names, whatever characters are in the names."""
    model = graph_model(
        [helper.make_node("Conv", ["gpu_0/data:0", "w"], ["y"]), helper.make_node("Relu", ["gpu_0/data:0"], ["a b"])],
        [floats("gpu_0/data:0", "batch", 3, 8, 8)],
        [floats("y", "batch", 4, 6, 6), floats("a b", "batch", 3, 8, 8)],
        {"w": np.ones((4, 3, 3, 3), np.float32)},
    )
    signature = topology(model)["signature"]
    sizes = {name: [dim["size"] for dim in entry["tensorShape"]["dim"]] for name, entry in signature["inputs"].items()}
    assert sizes == {"gpu_0/data:0": ["-1", "3", "8", "8"]}
    assert [*signature["outputs"]] == ["y", "a b"]


def test_equal_models_give_equal_bytes():
    """Bundles are compared by checksum."""
    first, second = (export(convnet(), precision="fp16").files for _ in range(2))
    assert first == second


def test_a_file_becomes_a_folder_of_two_files(tmp_path):
    """One shard, because the runtime dead-locks on many."""
    ir.save(convnet(), tmp_path / "model.onnx")
    convert_file(tmp_path / "model.onnx", tmp_path / "model")
    (group,) = json.loads((tmp_path / "model" / "model.json").read_text())["weightsManifest"]
    assert {*group["paths"], "model.json"} == {path.name for path in (tmp_path / "model").iterdir()}


def test_bytes_that_are_no_model_are_refused_by_name(tmp_path):
    """The message names the file."""
    (tmp_path / "model.onnx").write_bytes(b"\x08\x09not a model")
    with pytest.raises(MalformedModel, match=r"model\.onnx"):
        convert_file(tmp_path / "model.onnx", tmp_path / "model")


@pytest.mark.parametrize(("precision", "error"), [("fp16", 2**-11), ("uint8", 1 / 255), ("uint16", 1 / 65535)])
def test_smaller_weights_stay_within_their_step(precision, error):
    """Each weight is off by half a step at most, and 0 stays 0."""
    model = convnet()
    exact, coded = stored(model, "fp32"), stored(model, precision)
    assert sum(weight.size for weight in exact.values()) > 1000
    for name, weight in exact.items():
        assert np.abs(coded[name] - weight).max() <= error * np.ptp(weight)
        assert not coded[name][weight == 0].any()


def test_numbers_too_large_for_float16_stay_float32():
    """A mask value such as -1e9 does not become infinite."""
    model = graph_model(
        [helper.make_node("Add", ["x", "mask"], ["y"])],
        [floats("x", 2)],
        [floats("y", 2)],
        {"mask": np.array([0, -1e9], np.float32)},
    )
    assert min(weight.min() for weight in stored(model, "fp16").values()) == -1e9


def test_whole_numbers_beyond_32_bits_are_refused():
    """TF.js has int32 only; wrapping in silence would give wrong results."""
    value = helper.make_tensor_value_info("x", TensorProto.INT64, [1])
    result = helper.make_tensor_value_info("y", TensorProto.INT64, [1])
    node = helper.make_node("Add", ["x", "c"], ["y"])
    with pytest.raises(Refusal, match="32 bits"):
        export(graph_model([node], [value], [result], {"c": np.array([2**40])}), precision="fp32")


def test_a_convolution_block_is_one_operator():
    """Padding, scale, offset and activation need no operators of their own."""
    constants = {
        "w": np.ones((4, 3, 3, 3), np.float32),
        **{name: np.full(4, 0.5, np.float32) for name in ("scale", "offset", "mean", "variance")},
    }
    nodes = [
        helper.make_node("Relu", ["x"], ["image"]),
        helper.make_node("Conv", ["image", "e", ""], ["first"], pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["first", "w"], ["c"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("BatchNormalization", ["c", "scale", "offset", "mean", "variance"], ["n"]),
        helper.make_node("Relu", ["n"], ["y"]),
    ]
    constants["e"] = np.ones((3, 3, 3, 3), np.float32)
    model = graph_model(nodes, [floats("x", 1, 3, 8, 8)], [floats("y", 1, 4, 4, 4)], constants)
    assert operators(model).count("_FusedConv2D") == 1
    assert not {"PadV2", "Mul", "AddV2"} & {*operators(model)}


@pytest.mark.parametrize(("groups", "kernel"), [(3, 1), (32, 3)])
def test_grouped_convolutions_take_few_operators(groups, kernel):
    """TF.js cannot run a grouped convolution, and one operator a group would be two hundred times slower."""
    channels = 8 * groups
    weight = np.ones((channels, 8, kernel, kernel), np.float32)
    node = helper.make_node("Conv", ["x", "w"], ["y"], group=groups)
    model = graph_model(
        [node], [floats("x", 1, channels, 28, 28)], [floats("y", 1, channels, None, None)], {"w": weight}
    )
    convolutions = [op for op in operators(model) if "Conv2D" in op]
    assert 1 <= len(convolutions) <= 8


def test_an_unknown_operator_is_refused_by_name():
    """The message says which node, why, and what to do."""
    nodes = [helper.make_node("Unheard", ["x"], ["y"], name="mystery", domain="example.org")]
    model = graph_model(nodes, [floats("x", 1)], [floats("y", 1)])
    model.opset_imports["example.org"] = 1
    with pytest.raises(Refusal, match=r"mystery.*Unheard.*Cure") as caught:
        export(model, precision="fp32")
    assert caught.value.operator == "Unheard"
