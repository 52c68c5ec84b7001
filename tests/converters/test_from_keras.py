"""What a Keras model is as ONNX: the same numbers under the same names, or an error that says what is wrong."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest
from PIL import Image

from converters.errors import ConversionError, MalformedModel, Refusal
from converters.from_keras import load
from tests.shared import mirrored, published, sample

GOLDEN = Path(__file__).parents[1] / "golden" / "keras"
MODELS = sorted(path.name for ending in ("keras", "h5") for path in GOLDEN.glob(f"*.{ending}"))
Json = dict[str, Any]


def run(model: ir.Model, feeds: dict[str, Any]) -> dict[str, Any]:
    """What onnxruntime computes, by name."""
    session = onnxruntime.InferenceSession(ir.to_proto(model).SerializeToString())
    return dict(zip([output.name for output in session.get_outputs()], session.run(None, feeds), strict=True))


@pytest.mark.parametrize("name", MODELS)
def test_models_give_the_numbers_of_keras(name: str) -> None:
    """Every layer, in files of Keras 2 and 3, computes within 1e-5 what Keras computed on TensorFlow."""
    expected = np.load((GOLDEN / name).with_suffix(".npz"))
    arrays = {side: {k[len(side) + 1 :]: expected[k] for k in expected if k.startswith(side)} for side in ("in", "out")}
    got = run(load(GOLDEN / name), arrays["in"])
    assert [*got] == [*arrays["out"]]
    for output, want in arrays["out"].items():
        assert got[output].shape == want.shape, output
        np.testing.assert_allclose(got[output], want, rtol=1e-5, atol=1e-5, err_msg=output)


def test_the_batch_varies_and_channels_stay_last() -> None:
    """A person finds the axes of the Keras model, and runs as many images at once as fit."""
    model = load(GOLDEN / "sequential.keras")
    (image,) = model.graph.inputs
    assert [str(size) for size in image.shape or ()] == ["N", "8", "8", "1"]
    assert run(model, {"image": np.zeros((3, 8, 8, 1), np.float32)})["scores"].shape == (3, 5)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["face.jpg", "face_smile.jpg", "cat.jpg", ""])
def test_a_published_model_of_keras_2_equals_its_onnx_form(name: str) -> None:
    """The facial expressions of a published `.h5` equal those of its derived ONNX, for pictures and for noise."""
    keras, onnx = (mirrored(published(f"fer-mini-xception{ending}")["sha256"]) for ending in ("-h5", ""))
    image = np.random.default_rng(0).uniform(-1, 1, (4, 64, 64, 1)).astype(np.float32)
    if name:
        grey = Image.open(io.BytesIO(sample(name))).convert("L").resize((64, 64))
        image = (np.asarray(grey, np.float32)[None, :, :, None] / 255 - 0.5) * 2
    wanted = onnxruntime.InferenceSession(onnx.read_bytes()).run(None, {"input": image})[0]
    np.testing.assert_allclose(run(load(keras), {"input_1": image})["predictions"], wanted, rtol=0, atol=1e-5)


# ---- faults


def change_config(file: h5py.File, change: Callable[[list[Json]], object]) -> None:
    """Change the layers of a model in place."""
    model = json.loads(file.attrs["model_config"])
    change(model["config"]["layers"])
    file.attrs["model_config"] = json.dumps(model)


def in_layers(change: Callable[[list[Json]], object]) -> Callable[[h5py.File], object]:
    """A change of the configuration."""
    return lambda file: change_config(file, change)


def layer(layers: list[Json], name: str) -> Json:
    """The layer of this name."""
    return next(entry for entry in layers if entry["name"] == name)


def config(layers: list[Json], name: str) -> Json:
    """The configuration of a layer."""
    found: Json = layer(layers, name)["config"]
    return found


def read(layers: list[Json], name: str, source: str) -> None:
    """Let a layer read another one."""
    layer(layers, name)["inbound_nodes"] = [[[source, 0, 0, {}]]]


def replace(file: h5py.File, name: str, value: Any) -> None:
    """Put something else in the place of a weight."""
    group = file["model_weights/last"]
    del group[f"last/{name}"]
    group[f"last/{name}"] = value


FAULTS: dict[str, tuple[Callable[[h5py.File], object], type[ConversionError], str]] = {
    "an unknown layer": (
        in_layers(lambda m: layer(m, "last").update(class_name="Densse")), Refusal,
        r"layer 'last' \(Densse\).*Dense has one"),
    "a layer of the author's own": (
        in_layers(lambda m: layer(m, "last").update(class_name="Attention7")), Refusal, "Attention7"),
    "an unknown activation": (
        in_layers(lambda m: config(m, "last").update(activation="relu7")), Refusal,
        "activation 'relu7'.*'relu' is known"),
    "layers in a circle": (in_layers(lambda m: read(m, "concatenate", "last")), MalformedModel, "circle: .* → "),
    "a layer that is not there": (
        in_layers(lambda m: read(m, "last", "gone")), MalformedModel, "'gone'.*not in the model"),
    "a result that is not there": (
        in_layers(lambda m: layer(m, "last").update(inbound_nodes=[[["total", 0, 3, {}]]])), MalformedModel,
        "result 3 of layer 'total'"),
    "a configuration without units of a kernel": (
        in_layers(lambda m: layer(m, "last").pop("config")), MalformedModel, "lacks 'config'"),
    "a kernel of another shape": (
        lambda f: replace(f, "kernel:0", np.ones((3, 2), np.float32)), MalformedModel,
        r"layer 'last' \(Dense\).*do not fit"),
    "a weight too few": (
        lambda f: f["model_weights/last"].attrs.__setitem__("weight_names", [b"last/kernel:0"]), MalformedModel,
        r"takes the weights kernel, bias, and the file has 1: \[\[8, 2\]\]"),
    "no weights of a layer": (
        lambda f: f["model_weights"].__delitem__("last"), MalformedModel, "'last'.*holds no weights"),
    "a weight in another file": (
        lambda f: replace(f, "bias:0", h5py.ExternalLink("/etc/passwd", "/")), MalformedModel, "link to another place"),
    "a weight behind a link": (
        lambda f: replace(f, "bias:0", h5py.SoftLink("/model_weights/last/last/kernel:0")), MalformedModel, "link"),
    "a weight that claims gigabytes": (
        lambda f: (f["model_weights/last"].__delitem__("last/bias:0"),
                   f["model_weights/last"].create_dataset("last/bias:0", (2**20, 2**10), "f4")), MalformedModel,
        r"4,294,967,296 bytes, in a file of"),
    "a weight of texts": (lambda f: replace(f, "bias:0", np.array([b"x", b"y"])), Refusal, r"its type is \|S1"),
    "weights alone": (lambda f: f.attrs.__delitem__("model_config"), Refusal, "without the configuration"),
    "a configuration that is no JSON": (
        lambda f: f.attrs.modify("model_config", "{"), MalformedModel, "model_config: it is not JSON"),
    "a model of the author's own": (
        lambda f: f.attrs.modify("model_config", '{"class_name": "MyModel"}'), Refusal, "it is a 'MyModel'"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named(fault: str, tmp_path: Path) -> None:
    """A person reads which file, which layer or weight, what is wrong with it, and what to do."""
    change, error, message = FAULTS[fault]
    path = tmp_path / "model.h5"
    shutil.copyfile(GOLDEN / "nested.keras2.h5", path)
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(error, match=rf"model\.h5: .*{message}.*Cure: "):
        load(path)


@pytest.mark.parametrize("name", ["nested.h5", "nested.keras"])
@pytest.mark.parametrize("kept", [0, 1, 40, 0.5, 0.9])
def test_a_file_that_is_cut_short_is_named(name: str, kept: float, tmp_path: Path) -> None:
    """A download that broke off is no model; the message says so."""
    data = (GOLDEN / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(data[: int(kept * len(data)) if kept < 1 else int(kept)])
    with pytest.raises(MalformedModel, match=rf"{name}.*(not HDF5|cut short|unpacked).*Cure: "):
        load(path)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"config.json": b"{}"}, "metadata.json"),
        (
            {"config.json": b"\0" * 10**6, "metadata.json": b"{}", "model.weights.h5": b""},
            "config.json.*1,000,000 bytes",
        ),
        ({"config.json": b"[]", "metadata.json": b"{}", "model.weights.h5": b""}, "config.json.*got list"),
        ({"config.json": b"{}", "metadata.json": b"{}", "model.weights.h5": b""}, "model.weights.h5.*not HDF5"),
    ],
)
def test_archives_that_are_no_models_are_refused(parts: dict[str, bytes], message: str, tmp_path: Path) -> None:
    """An archive that lacks a part, or unpacks to far more than it is, is refused by name."""
    with zipfile.ZipFile(tmp_path / "model.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    with pytest.raises(MalformedModel, match=rf"model\.keras: .*{message}"):
        load(tmp_path / "model.keras")
