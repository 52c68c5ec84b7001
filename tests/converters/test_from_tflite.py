"""TFLite files become ONNX models that give LiteRT's numbers, and become TFLite files again that still do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest
from flatbuffers import flexbuffers

from converters.edge_graph import Graph, Op, Tensor
from converters.errors import Refusal
from converters.importing.tflite.reader import read
from converters.tflite.writer import serialize
from converters.to_tflite import export
from tests.conformance.litert import run
from tests.converters.tflite_files import changed, constant, imported, one_op, run_onnx, tensor
from tests.converters.tflite_rows import IMAGE, POST, ROWS, floats, ints

CLOSE = 1e-5  # of results whose magnitude is about 1


def feeds_of(data: bytes, seed: int = 0) -> dict[str, np.ndarray]:
    """Random values for each input of a file; whole numbers from -5 to 5 without 0, so that dividing is defined."""
    rng = np.random.default_rng(seed)
    feeds = {}
    for item in read(data).inputs:
        shape = [2 if size is None else size for size in item.shape]
        if item.dtype.kind == "f":
            feeds[item.name] = rng.normal(0, 2, shape).astype(item.dtype)
        elif item.quantization is not None or item.dtype.kind == "u":
            limits = np.iinfo(item.dtype)
            feeds[item.name] = rng.integers(limits.min, limits.max, shape, item.dtype, endpoint=True)
        else:
            feeds[item.name] = (rng.integers(1, 6, shape) * rng.choice([-1, 1], shape)).astype(item.dtype)
    return feeds


@pytest.mark.parametrize("name", ROWS)
def test_an_operator_computes_what_litert_computes(name: str, tmp_path: Path):
    """In onnxruntime, and in LiteRT after our exporter wrote the model back."""
    data = ROWS[name]()
    model = imported(data, tmp_path)
    back = export(model, precision="fp32").files[".tflite"]
    for seed in range(3):
        feeds = feeds_of(data, seed)
        wanted = run(data, feeds)
        for found in (run_onnx(model, feeds), run(back, feeds)):
            for want, got in zip(wanted, found, strict=True):
                assert (got.dtype, got.shape) == (want.dtype, want.shape)
                np.testing.assert_allclose(got, want, rtol=CLOSE, atol=CLOSE)


def test_a_custom_transposed_convolution_adds_its_bias(tmp_path: Path):
    """MediaPipe's operator: padding SAME, steps of 2, a bias a channel."""
    options = np.array([1, 2, 2], "<i4").tobytes()
    operands = [tensor(IMAGE), constant(floats(3, 2, 2, 4)), constant(floats(3))]
    data = one_op("CUSTOM:Convolution2DTransposeBias", operands, [tensor([1, 12, 10, 3])], options=options)
    feeds = feeds_of(data)
    model = imported(data, tmp_path)
    [want] = run(data, feeds)
    np.testing.assert_allclose(run_onnx(model, feeds)[0], want, rtol=CLOSE, atol=CLOSE)
    np.testing.assert_allclose(run(export(model, precision="fp32").files[".tflite"], feeds)[0], want, atol=CLOSE)


# ---- detections


def detector(anchors: np.ndarray, **options: object) -> bytes:
    """A file of nothing but the operator that selects boxes: inputs `boxes` [1, N, 4], `scores` [1, N, 6]."""
    options, count = POST | options, len(anchors)
    most = options["max_detections"] * options["max_classes_per_detection"]
    operands = [tensor([1, count, 4], name="boxes"), tensor([1, count, 6], name="scores"), constant(anchors)]
    results = [tensor([1, most, 4]), tensor([1, most]), tensor([1, most]), tensor([1])]
    packed = bytes(flexbuffers.Dumps(options))
    return one_op("CUSTOM:TFLite_Detection_PostProcess", operands, results, options=packed)


@pytest.mark.parametrize(
    "options",
    [{}, {"nms_score_threshold": 0.97}, {"max_detections": 30, "nms_iou_threshold": 0.2},
     {"max_classes_per_detection": 3}, {"use_regular_nms": True},
     {"use_regular_nms": True, "nms_score_threshold": 0.9, "max_detections": 40},
     {"use_regular_nms": True, "detections_per_class": 2, "max_detections": 30}],
    ids=["as usual", "few", "many", "three classes a box", "by class", "few by class", "two of each class"],
)  # fmt: skip
@pytest.mark.parametrize("seed", range(4))
def test_detections_are_selected_as_litert_selects_them(options: dict, seed: int, tmp_path: Path):
    """Many scores are equal: the same boxes in the same order, and zeros where LiteRT leaves memory as it was."""
    rng = np.random.default_rng(seed)
    anchors = np.concatenate([rng.uniform(0.2, 0.8, (60, 2)), rng.uniform(0.1, 0.4, (60, 2))], 1).astype(np.float32)
    scores = np.round(rng.uniform(0, 1, (1, 60, 6)) ** 3 * 20) / 20
    if {"max_classes_per_detection", "use_regular_nms"} & {*options}:  # among equal ones LiteRT takes any
        scores = rng.permutation(360).reshape(1, 60, 6) / 360
    feeds = {"boxes": rng.normal(0, 1, (1, 60, 4)).astype(np.float32), "scores": scores.astype(np.float32)}
    data = detector(anchors, **options)
    model = imported(data, tmp_path)
    wanted = run(data, feeds)
    count = int(wanted[3][0]) * options.get("max_classes_per_detection", 1)
    for found in (run_onnx(model, feeds), run(export(model, precision="fp32").files[".tflite"], feeds)):
        assert found[3] == wanted[3]
        for want, got in zip(wanted[:3], found[:3], strict=True):
            assert got.shape == want.shape
            np.testing.assert_allclose(got[:, :count], want[:, :count], atol=CLOSE)
            assert not got[:, count:].any()


def test_several_classes_of_a_box_that_compete_by_class_are_refused_by_name(tmp_path: Path):
    """A combination of options that contradicts itself."""
    data = detector(np.ones((4, 4), np.float32), use_regular_nms=True, max_classes_per_detection=2)
    with pytest.raises(Refusal, match=r"TFLite_Detection_PostProcess cannot be converted: .*max_classes_per_detection"):
        imported(data, tmp_path)


# ---- spectra


def test_a_spectrum_has_litert_s_magnitudes(tmp_path: Path):
    """RFFT2D, a reshape of complex numbers, and their magnitudes, as sound models begin."""
    x = tensor([3, 2, 16], name="x")
    spectrum, flat = tensor([3, 2, 9], "complex64"), tensor([6, 9], "complex64")
    y = tensor([6, 9], name="y")
    ops = [
        Op("RFFT2D", [x, ints(2, 16)], [spectrum]),
        Op("RESHAPE", [spectrum, ints(6, 9)], [flat]),
        Op("COMPLEX_ABS", [flat], [y]),
    ]
    data = serialize(Graph([x], [y], ops))
    feeds = feeds_of(data)
    model = imported(data, tmp_path)
    [want] = run(data, feeds)
    np.testing.assert_allclose(run_onnx(model, feeds)[0], want, rtol=CLOSE, atol=CLOSE)
    np.testing.assert_allclose(run(export(model, precision="fp32").files[".tflite"], feeds)[0], want, rtol=1e-4)


# ---- layout, names, sizes


def chain(batch: int | None = 1) -> Graph:
    """Convolution, addition, pooling, joint, cut and mean: what images go through in most models."""
    window = {"padding": "SAME", "stride_w": 1, "stride_h": 1, "fused_activation_function": "RELU"}
    pooled = {**window, "filter_width": 2, "filter_height": 2, "fused_activation_function": "NONE"}
    x = tensor([batch, 6, 5, 4], name="x")
    a, b, c = (Tensor(x.dtype, x.shape) for _ in range(3))
    d, y = tensor([batch, 6, 5, 8]), tensor([batch, 4], name="y")
    e, f = tensor([batch, 6, 5, 4]), tensor([batch, 6, 5, 4])
    ops = [
        Op("CONV_2D", [x, constant(floats(4, 3, 3, 4)), constant(floats(4))], [a], window),
        Op("ADD", [a, constant(floats(4))], [b], {"fused_activation_function": "RELU6"}),
        Op("MAX_POOL_2D", [b], [c], pooled),
        Op("CONCATENATION", [a, c], [d], {"axis": 3}),
        Op("SPLIT", [constant(3, "int32"), d], [e, f], {"num_splits": 2}),
        Op("MEAN", [f, ints(1, 2)], [y], {"keep_dims": False}),
    ]
    return Graph([x], [y], ops)


def test_images_hold_one_transpose_in_onnx_and_none_in_tflite(tmp_path: Path):
    """Channels come second once, where the picture comes in; written back, no data move at all."""
    model = imported(serialize(chain()), tmp_path)
    assert [node.op_type for node in model.graph].count("Transpose") == 1
    again = read(export(model, precision="fp32").files[".tflite"])
    assert not {op.kind for op in again.ops} & {"TRANSPOSE", "GATHER"}
    assert [op.kind for op in again.ops][:4] == ["CONV_2D", "ADD", "MAX_POOL_2D", "CONCATENATION"]


def test_inputs_and_outputs_keep_names_order_axes_and_types(tmp_path: Path):
    """Those of the signature; a file without one names its tensors."""
    data = serialize(chain())
    model = imported(data, tmp_path)
    assert [(v.name, v.dtype, list(v.shape)) for v in model.graph.inputs] == [("x", ir.DataType.FLOAT, [1, 6, 5, 4])]
    assert [(v.name, v.dtype, list(v.shape)) for v in model.graph.outputs] == [("y", ir.DataType.FLOAT, [1, 4])]

    def named_otherwise(file):
        file.signatureDefs[0].inputs[0].name = b"picture"
        file.signatureDefs[0].outputs[0].name = b"means"

    model = imported(changed(data, named_otherwise), tmp_path)
    assert [v.name for v in (*model.graph.inputs, *model.graph.outputs)] == ["picture", "means"]

    def unsigned(file):
        file.signatureDefs = []
        file.subgraphs[0].tensors[file.subgraphs[0].inputs[0]].name = b"pixels:0"

    model = imported(changed(data, unsigned), tmp_path)
    assert [v.name for v in (*model.graph.inputs, *model.graph.outputs)] == ["pixels:0", "y"]


def test_a_size_that_the_file_leaves_open_stays_open(tmp_path: Path):
    """A batch of any size goes in, and comes out of onnxruntime as it comes out of LiteRT."""
    data = serialize(chain(batch=None))
    model = imported(data, tmp_path)
    [given], [result] = model.graph.inputs, model.graph.outputs
    assert given.shape[0].value == result.shape[0].value == "x_0"
    feeds = {"x": np.random.default_rng(0).normal(0, 1, (3, 6, 5, 4)).astype(np.float32)}
    [want], [got] = run(data, feeds), run_onnx(model, feeds)
    assert got.shape == (3, 4)
    np.testing.assert_allclose(got, want, atol=CLOSE)


def test_a_shape_that_is_computed_from_a_size_stays_computed(tmp_path: Path):
    """SHAPE, a slice, PACK and RESHAPE, as TensorFlow flattens a batch of open size."""
    whole = np.dtype("int32")
    x, y = tensor([None, 6, 5, 4], name="x"), tensor([None, 120], name="y")
    sizes, batch, target = (Tensor(whole, shape) for shape in ((4,), (), (2,)))
    ops = [
        Op("SHAPE", [x], [sizes], {"out_type": whole}),
        Op("STRIDED_SLICE", [sizes, ints(0), ints(1), ints(1)], [batch], {"shrink_axis_mask": 1}),
        Op("PACK", [batch, constant(120, "int32")], [target], {"axis": 0, "values_count": 2}),
        Op("RESHAPE", [x, target], [y]),
    ]
    model = imported(serialize(Graph([x], [y], ops)), tmp_path)
    feeds = {"x": np.random.default_rng(0).normal(0, 1, (3, 6, 5, 4)).astype(np.float32)}
    wanted = feeds["x"].reshape(3, 120)
    assert (run_onnx(model, feeds)[0] == wanted).all()
    assert (run(export(model, precision="fp32").files[".tflite"], feeds)[0] == wanted).all()
    assert model.graph.outputs[0].shape[1] == 120


def test_nothing_unused_comes_along(tmp_path: Path):
    """Every initializer is read, and every value between operators has a known shape."""
    model = imported(serialize(chain()), tmp_path)
    assert all(value.uses() for value in model.graph.initializers.values())
    assert all(value.shape is not None for node in model.graph for value in node.outputs)


def test_an_operator_without_a_counterpart_is_refused_by_name(tmp_path: Path):
    """The message names the file, the operator's number and what it is."""
    data = one_op("CUSTOM:Mystery", [tensor([2])], [tensor([2])])
    with pytest.raises(Refusal, match=r"model\.tflite: operator 0 \(CUSTOM:Mystery\): CUSTOM:Mystery cannot"):
        imported(data, tmp_path)
