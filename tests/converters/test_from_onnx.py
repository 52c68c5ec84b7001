"""What an ONNX file is once it is read: the same numbers, in one form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from converters.errors import MalformedModel
from converters.from_onnx import load
from tests.shared import SHARED, mirrored, published

RNG = np.random.default_rng(5)


def run(model: ir.Model | Path, feeds: dict[str, Any]) -> dict[str, Any]:
    """What onnxruntime computes, by name, each node by itself: fusing rounds otherwise."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    data = model.read_bytes() if isinstance(model, Path) else ir.to_proto(model).SerializeToString()
    session = onnxruntime.InferenceSession(data, options)
    return dict(zip([output.name for output in session.get_outputs()], session.run(None, feeds), strict=True))


def saved(text: str, folder: Path, opset: int, ir_version: int = 6) -> Path:
    """A file of the graph that a text states."""
    model = onnx.parser.parse_model(f'<ir_version: {ir_version}, opset_import: ["": {opset}]> {text}')
    onnx.save(model, folder / "model.onnx")
    return folder / "model.onnx"


IMAGE = RNG.normal(size=(1, 2, 4, 6)).astype(np.float32)
OLD_OPERATORS = {
    "softmax of all axes from one on": (11, "float[1, 2, 4, 6] y", "y = Softmax<axis = 1>(x)"),
    "log-softmax of all axes from one on": (11, "float[1, 2, 4, 6] y", "y = LogSoftmax<axis = 2>(x)"),
    "upsampling whose scales are attributes": (
        7, "float[1, 2, 8, 18] y", 'y = Upsample<mode = "nearest", scales = [1.0, 1.0, 2.0, 3.0]>(x)'),
    "upsampling whose scales are an input": (
        9, "float[1, 2, 8, 12] y", "s = Constant<value = float[4] {1, 1, 2, 2}>() y = Upsample(x, s)"),
    "padding by attributes": (2, "float[1, 2, 6, 6] y", "y = Pad<pads = [0, 0, 1, 0, 0, 0, 1, 0], value = 2.0>(x)"),
    "limits as attributes": (6, "float[1, 2, 4, 6] y", "y = Clip<min = -0.5, max = 0.5>(x)"),
    "a slice by attributes": (
        9, "float[1, 2, 2, 6] y", "y = Slice<axes = [2], starts = [1], ends = [3]>(x)"),
    "a squeeze by attributes": (11, "float[2, 4, 6] y", "y = Squeeze<axes = [0]>(x)"),
    "a sum by attributes": (11, "float[1, 2, 1, 6] y", "y = ReduceSum<axes = [2]>(x)"),
    "a mean by attributes": (11, "float[1, 2] y", "y = ReduceMean<axes = [2, 3], keepdims = 0>(x)"),
    "cuts by attributes": (
        11, "float[1, 2, 4, 2] y", "y, z = Split<axis = 3, split = [2, 4]>(x)"),
    "a dropout that does nothing": (7, "float[1, 2, 4, 6] y", "z = Dropout<ratio = 0.5>(x) y = Relu(z)"),
    "a reshape by a constant": (
        9, "float[2, 24] y", "s = Constant<value = int64[2] {2, 24}>() y = Reshape(x, s)"),
    "a pool": (8, "float[1, 2, 2, 3] y", "y = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(x)"),
}  # fmt: skip


@pytest.mark.parametrize("name", OLD_OPERATORS)
def test_old_operators_compute_the_same_in_a_newer_opset(name: str, tmp_path: Path) -> None:
    """What a model of years ago meant, it means still after its opset is raised."""
    opset, output, body = OLD_OPERATORS[name]
    path = saved(f"g (float[1, 2, 4, 6] x) => ({output}) {{ {body} }}", tmp_path, opset)
    model = load(path)
    assert model.opset_imports[""] >= 13
    np.testing.assert_array_equal(run(model, {"x": IMAGE})["y"], run(path, {"x": IMAGE})["y"])


def test_an_opset_stays_where_raising_it_would_change_numbers(tmp_path: Path) -> None:
    """ONNX's converter moves where a linear Resize of opset 10 samples; such a model is left as it is."""
    body = 's = Constant<value = float[4] {1, 1, 2, 2}>() y = Resize<mode = "linear">(x, s)'
    path = saved(f"g (float[1, 2, 4, 6] x) => (float[1, 2, 8, 12] y) {{ {body} }}", tmp_path, 10)
    model = load(path)
    assert model.opset_imports[""] == 10
    np.testing.assert_array_equal(run(model, {"x": IMAGE})["y"], run(path, {"x": IMAGE})["y"])


def test_weights_are_no_inputs(tmp_path: Path) -> None:
    """Old exporters list weights among the inputs; a person who runs the model is asked for the data alone."""
    text = "g (float[2] x, float[2] w) => (float[2] y) <float[2] w = {1, 2}> { y = Mul(x, w) }"
    model = load(saved(text, tmp_path, 13, 3))
    assert [value.name for value in model.graph.inputs] == ["x"]
    assert model.ir_version >= 8


def test_what_no_output_needs_is_left_out(tmp_path: Path) -> None:
    """PyTorch counted batches in its files; a runtime in a browser would complain of such numbers at every start."""
    text = "g (float[2] x) => (float[2] y) <int64 batches = {7}, float[2] w = {1, 2}> { y = Mul(x, w) z = Relu(x) }"
    model = load(saved(text, tmp_path, 13))
    assert list(model.graph.initializers) == ["w"]
    assert [node.op_type for node in model.graph] == ["Mul"]


def test_shapes_that_follow_are_stated(tmp_path: Path) -> None:
    """A person sees the size of every layer, though the file states that of the input alone."""
    text = "g (float[2, 3] x) => (float[a, b] y) { t = Transpose(x) y = Relu(t) }"
    (transposed, *_) = load(saved(text, tmp_path, 17, 8)).graph
    assert transposed.outputs[0].shape == (3, 2)


def test_a_model_of_float16_becomes_float32_without_a_change_of_weights(tmp_path: Path) -> None:
    """Weights keep their values, in constants and subgraphs as well; inputs and outputs are float32.

    The text states float16 by their bits: 0.1 and 3, 0.7 and 9, 0.3 and 7.
    """
    text = """g (float16[2] x, bool c) => (float16[2] y) <float16[2] w = {11878, 16896}> {
        k = Constant<value = float16[2] {13517, 18176}>()
        a = Cast<to = 10>(c)
        b = Add(x, a)
        z = If(c) <then_branch = t () => (float16[2] p) <float16[2] v = {14746, 18560}> { p = Mul(b, v) },
                   else_branch = e () => (float16[2] q) { q = Mul(b, w) }>
        y = Add(z, k) }"""
    model = load(saved(text, tmp_path, 17, 8))
    weight = np.array([0.1, 3], np.float16)
    feeds = {"x": np.ones(2, np.float32), "c": np.array(False)}
    wanted = weight.astype(np.float32) + np.array([0.3, 7], np.float16).astype(np.float32)
    assert [value.dtype for value in (*model.graph.inputs, *model.graph.outputs)] == [
        ir.DataType.FLOAT, ir.DataType.BOOL, ir.DataType.FLOAT]  # fmt: skip
    np.testing.assert_array_equal(run(model, feeds)["y"], wanted)
    assert run(model, feeds | {"c": np.array(True)})["y"].dtype == np.float32


def test_float32_inputs_keep_a_model_of_mixed_types_as_it_is(tmp_path: Path) -> None:
    """Weights in float16 below float32 inputs are how the author wanted it."""
    text = "g (float[2] x) => (float16[2] y) <float16[2] w = {1, 2}> { h = Cast<to = 10>(x) y = Mul(h, w) }"
    model = load(saved(text, tmp_path, 17, 8))
    assert model.graph.outputs[0].dtype == ir.DataType.FLOAT16


def test_data_outside_the_folder_is_refused(tmp_path: Path) -> None:
    """A model cannot read a file that is not its own."""
    tensor = numpy_helper.from_array(np.ones(2, np.float32), "w")
    onnx.external_data_helper.set_external_data(tensor, "../secret.bin")
    tensor.ClearField("raw_data")
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])
    graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "g", [value], [result], [tensor])
    (tmp_path / "folder").mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(8))
    path = tmp_path / "folder" / "model.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    with pytest.raises(MalformedModel, match=r"model\.onnx.*secret\.bin.*outside the folder"):
        load(path)


# ---- published models


def of_format(name: str) -> list[str]:
    """The mirrored models of a format; none where the mirror is absent."""
    index = SHARED / "mirror" / "index.json"
    return (
        [row["id"] for row in json.loads(index.read_text("utf-8")) if row["format"] == name] if index.is_file() else []
    )


def feeds_of(model: ir.Model) -> dict[str, Any]:
    """Random inputs; sizes that vary are 2, and of sounds 512."""
    feeds = {}
    for value in model.graph.inputs:
        sizes = [dim if isinstance(dim, int) else 512 if str(dim) == "sequence" else 2 for dim in value.shape or ()]
        whole = np.full(sizes, 16000) if value.name == "sr" else RNG.integers(0, 10, sizes)
        feeds[value.name] = (RNG.random(sizes) if value.dtype.is_floating_point() else whole).astype(
            value.dtype.numpy()
        )
    return feeds


@pytest.mark.shared
@pytest.mark.parametrize("name", [name for name in of_format("onnx") if name != "squeezenet-1.0-fp16"])
def test_published_models_give_the_same_numbers(name: str) -> None:
    """Every mirrored file computes after reading what it computes as it is."""
    path = mirrored(published(name)["sha256"])
    model = load(path)
    feeds = feeds_of(model)
    got, wanted = run(model, feeds), run(path, feeds)
    assert [*got] == [*wanted]
    for output, want in wanted.items():
        np.testing.assert_allclose(got[output], want, rtol=0, atol=1e-6, err_msg=output)


@pytest.mark.shared
def test_a_published_float16_model_equals_its_float32_form() -> None:
    """SqueezeNet, published in float16, computes bit for bit what its widened twin of the mirror does."""
    half, single = (mirrored(published(f"squeezenet-1.0-{name}")["sha256"]) for name in ("fp16", "fp32"))
    model = load(half)
    feeds = feeds_of(model)
    np.testing.assert_array_equal(run(model, feeds)["softmaxout_1"], run(single, feeds)["softmaxout_1"])
