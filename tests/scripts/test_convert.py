from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx_ir as ir
import pytest
from typer.testing import CliRunner

from catalog.check import load
from edge.runtimes import RUNTIMES
from edge.steps import run_steps
from scripts.cli import app
from tests.graphs import convnet

CARDS = Path(__file__).parents[2] / "catalog" / "models"
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


def test_a_file_of_another_format_converts_as_well(source, tmp_path):
    """A TFLite file, told by its name, goes back to ONNX with the same numbers; a broken one is refused by its name."""
    assert run(source, "--to", "tflite", "-o", tmp_path / "there.tflite").exit_code == 0
    assert run(tmp_path / "there.tflite", "--to", "onnx", "-o", tmp_path / "back.onnx").exit_code == 0
    expected = RUNTIMES["onnxruntime"].load(source)({"image": IMAGE})["logits"]
    back = RUNTIMES["onnxruntime"].load(tmp_path / "back.onnx")({"image": IMAGE})["logits"]
    np.testing.assert_allclose(back, expected, atol=1e-5)
    (tmp_path / "broken.tflite").write_bytes(b"no model")
    refused = run(tmp_path / "broken.tflite", "--to", "onnx", "-o", tmp_path / "none.onnx")
    assert refused.exit_code == 1
    assert "broken.tflite" in refused.output
    assert not (tmp_path / "none.onnx").exists()


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


@pytest.mark.parametrize(("to", "runtime"), [("onnx", "onnxruntime"), ("ort", "onnxruntime"), ("tflite", "litert")])
@pytest.mark.parametrize("model", ["digits-cnn", "photo-upscale-x2"])
def test_a_cards_steps_in_the_graph_give_what_they_gave_around_it(model, to, runtime, tmp_path):
    """On every sample: the steps that are left and the new file are all steps and the old file, to 1e-5."""
    target = tmp_path / f"folded.{to}"
    done = run(model, "--to", to, "--fold-steps", "-o", target)
    assert done.exit_code == 0, done.output
    assert "to_layout(layout=nhwc)" in done.output
    left = json.loads((tmp_path / f"folded.{to}.steps.json").read_text("utf-8"))
    [(name, entry)], [(result, after)] = left["inputs"].items(), left["outputs"].items()
    assert entry["dtype"] == "uint8"
    folder = CARDS / model
    card = load(folder)
    whole, folded = RUNTIMES["onnxruntime"].load(folder / card.source.file), RUNTIMES[runtime].load(target)
    in_graph = card.outputs[0].steps[: len(card.outputs[0].steps) - len(after["steps"])]
    assert in_graph
    for sample in card.samples:
        data = (folder / sample.file).read_bytes()
        expected = run_steps(in_graph, whole({name: run_steps(card.inputs[0].steps, data)})[result])
        pixels = run_steps([SimpleNamespace(**step) for step in entry["steps"]], data)
        assert pixels.dtype == np.uint8
        np.testing.assert_allclose(folded({name: pixels})[result], expected, atol=1e-5)


def test_int8_files_take_pixels_too(tmp_path):
    """Ranges come from the card's own tensors; the steps stand before what is quantised, so they cost no accuracy."""
    card = load(CARDS / "digits-cnn")
    (tmp_path / "samples").mkdir()
    for number, sample in enumerate(card.samples):
        image = run_steps(card.inputs[0].steps, (CARDS / "digits-cnn" / sample.file).read_bytes())
        np.savez(tmp_path / "samples" / f"{number}.npz", image=image)
    arguments = ("digits-cnn", "--to", "tflite", "--precision", "w8a8", "--calibration", tmp_path / "samples")
    plain, folded = tmp_path / "plain.tflite", tmp_path / "folded.tflite"
    for target, option in ((plain, ()), (folded, ("--fold-steps",))):
        done = run(*arguments, *option, "-o", target)
        assert done.exit_code == 0, done.output
    pixels = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 1), np.uint8)
    scores = RUNTIMES["litert"].load(plain)({"image": np.float32(pixels.transpose(0, 3, 1, 2) / 255)})["logits"]
    got = RUNTIMES["litert"].load(folded)({"image": pixels})["logits"]
    np.testing.assert_allclose(got, run_steps(card.outputs[0].steps[:1], scores), atol=1e-5)


def test_a_card_is_converted_by_its_id_or_folder(tmp_path):
    """Both give the file that its ONNX source gives; a name that is neither is answered with those that are."""
    written = []
    for model in ("digits-cnn", CARDS / "digits-cnn", CARDS / "digits-cnn" / "model.onnx"):
        assert run(model, "--to", "onnx", "-o", tmp_path / "out.onnx").exit_code == 0
        written.append((tmp_path / "out.onnx").read_bytes())
    assert written[0] == written[1] == written[2]
    unknown = run("digits-cn", "--to", "onnx", "-o", tmp_path / "none.onnx")
    assert unknown.exit_code == 1
    assert "digits-cnn" in unknown.output


@pytest.mark.parametrize(("model", "options", "words"), [
    (CARDS / "digits-cnn" / "model.onnx", (), "expected a model with a card"),
    ("digits-cnn", ("--layout", "nhwc"), "expected layout keep"),
])  # fmt: skip
def test_steps_fold_only_where_it_is_clear_what_is_left(model, options, words, tmp_path):
    """Without a card there are no steps, and with another layout the steps that are left would not fit."""
    done = run(model, "--to", "tflite", "--fold-steps", *options, "-o", tmp_path / "out.tflite")
    assert done.exit_code == 1
    assert words in done.output
    assert list(tmp_path.iterdir()) == []
