from __future__ import annotations

import json

import numpy as np
import onnx_ir as ir
import pytest
from typer.testing import CliRunner

from edge.runtimes import RUNTIMES
from scripts.cli import app
from tests.graphs import convnet

IMAGE = np.random.default_rng(1).random((1, 1, 8, 8), np.float32)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "any.onnx"
    ir.save(convnet(), path)
    return path


def run(*arguments):
    return CliRunner().invoke(app, ["convert", *map(str, arguments)])


@pytest.mark.parametrize(
    ("to", "precision", "runtime", "error"),
    [
        ("onnx", "fp32", "onnxruntime", 1e-6),
        ("onnx", "fp16", "onnxruntime", 0.02),
        ("ort", "fp32", "onnxruntime", 1e-6),
        ("tflite", "fp32", "litert", 1e-5),
        ("tflite", "fp16", "litert", 0.02),
        ("tflite", "int8_dynamic", "litert", 0.2),
    ],
)
def test_any_onnx_file_converts_and_keeps_its_numbers(to, precision, runtime, error, source, tmp_path):
    """One command turns a file that no card describes into one that runs elsewhere."""
    target = tmp_path / f"out.{to}"
    done = run(source, "--to", to, "--precision", precision, "-o", target)
    assert done.exit_code == 0, done.output
    expected = RUNTIMES["onnxruntime"].load(source)({"image": IMAGE})["logits"]
    np.testing.assert_allclose(RUNTIMES[runtime].load(target)({"image": IMAGE})["logits"], expected, atol=error)


def test_w8a8_takes_its_ranges_from_samples(source, tmp_path):
    """Full int8 needs real inputs, given as a folder of tensors."""
    rng = np.random.default_rng(2)
    (tmp_path / "samples").mkdir()
    for number in range(16):
        np.savez(tmp_path / "samples" / f"{number}.npz", image=rng.random((1, 1, 8, 8), np.float32))
    target = tmp_path / "out.tflite"
    arguments = (source, "--to", "tflite", "--precision", "w8a8", "-o", target)
    refused = run(*arguments)
    assert refused.exit_code == 1
    assert "calibration" in refused.output
    assert run(*arguments, "--calibration", tmp_path / "samples").exit_code == 0
    expected = RUNTIMES["onnxruntime"].load(source)({"image": IMAGE})["logits"]
    np.testing.assert_allclose(RUNTIMES["litert"].load(target)({"image": IMAGE})["logits"], expected, atol=0.2)


def test_tfjs_is_a_folder_of_a_graph_and_one_shard(source, tmp_path):
    """A page loads the graph and one file of weights."""
    assert run(source, "--to", "tfjs", "-o", tmp_path / "web").exit_code == 0
    model = json.loads((tmp_path / "web" / "model.json").read_text())
    assert model["format"] == "graph-model"
    assert [path for group in model["weightsManifest"] for path in group["paths"]] == ["weights.bin"]
    assert sorted(path.name for path in (tmp_path / "web").iterdir()) == ["model.json", "weights.bin"]


def test_the_layout_puts_the_channels_of_images_last(source, tmp_path):
    """An app that holds pixels as [N, H, W, C] feeds them as they are."""
    target = tmp_path / "out.tflite"
    assert run(source, "--to", "tflite", "--layout", "nhwc", "-o", target).exit_code == 0
    expected = RUNTIMES["onnxruntime"].load(source)({"image": IMAGE})["logits"]
    image = np.ascontiguousarray(IMAGE.transpose(0, 2, 3, 1))
    np.testing.assert_allclose(RUNTIMES["litert"].load(target)({"image": image})["logits"], expected, atol=1e-5)


def test_an_unknown_precision_is_told_what_there_is(source, tmp_path):
    """A typing error is answered with the choices."""
    done = run(source, "--to", "ort", "--precision", "fp8", "-o", tmp_path / "x")
    assert done.exit_code == 1
    assert "tflite (fp32, fp16, int8_dynamic, w8a8)" in done.output


@pytest.mark.parametrize("to", ["onnx", "ort", "tflite", "tfjs"])
def test_what_is_no_model_is_refused_by_name_and_leaves_no_file(to, tmp_path):
    """A download gone wrong gives a sentence, not a traceback or half a file."""
    page = tmp_path / "page.onnx"
    page.write_text("<html>not found</html>")
    done = run(page, "--to", to, "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert "page.onnx" in done.output
    assert "Traceback" not in done.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.onnx"]
