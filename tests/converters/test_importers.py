"""The table of importers, and importers that need nothing but their extra."""

from __future__ import annotations

import tomllib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest

from converters.errors import ConversionError
from converters.importers import IMPORTERS, load
from tests.graphs import convnet

HAS_TENSORFLOW = all(find_spec(package) is not None for package in ("tensorflow", "tf2onnx"))
needs_tensorflow = pytest.mark.skipif(not HAS_TENSORFLOW, reason="the extra tensorflow is not installed")


@pytest.mark.parametrize("name", IMPORTERS)
def test_each_importer_names_a_file_that_is_not_there(name: str, tmp_path: Path) -> None:
    """Whatever the format, a wrong path is an error that names it."""
    if find_spec(IMPORTERS[name].module) is None:
        pytest.skip(f"there is no {IMPORTERS[name].module} yet")
    with pytest.raises(ConversionError, match="gone"):
        load(tmp_path / "gone", name)


def test_a_model_is_read_by_the_name_of_its_format(tmp_path: Path) -> None:
    """A card's format is all that it takes."""
    ir.save(convnet(), tmp_path / "model.onnx")
    assert [value.name for value in load(tmp_path / "model.onnx", "onnx").graph.outputs] == ["logits"]


def test_a_format_that_nobody_reads_is_named(tmp_path: Path) -> None:
    """The message lists the formats."""
    with pytest.raises(ConversionError, match=r"no importer of 'coreml'.*onnx, .*keras"):
        load(tmp_path, "coreml")


def test_each_extra_can_be_installed() -> None:
    """What an error tells a person to install is declared."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    assert {row.extra for row in IMPORTERS.values() if row.extra} <= {*project["optional-dependencies"]}


@pytest.mark.skipif(HAS_TENSORFLOW, reason="the extra tensorflow is installed")
def test_a_missing_tensorflow_is_named(tmp_path: Path) -> None:
    """A person without TensorFlow reads what to install."""
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(ConversionError, match=r"needs tensorflow, .*edgewise\[tensorflow\]"):
        load(tmp_path, "saved_model")


@needs_tensorflow
@pytest.mark.filterwarnings("ignore")  # TensorFlow warns of its own parts
def test_a_saved_model_computes_what_tensorflow_computes(tmp_path: Path) -> None:
    """Names are those of the signature, and numbers TensorFlow's."""
    import tensorflow as tf

    weight = tf.Variable(np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32))
    module = tf.Module()
    module.weight = weight

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="row")])
    def serve(row):
        return {"scores": tf.nn.softmax(tf.matmul(row, weight))}

    tf.saved_model.save(module, str(tmp_path / "saved"), signatures=serve)
    model = load(tmp_path / "saved", "saved_model")
    row = np.ones((2, 4), np.float32)
    session = onnxruntime.InferenceSession(ir.to_proto(model).SerializeToString())
    np.testing.assert_allclose(session.run(["scores"], {"row": row})[0], serve(row)["scores"].numpy(), rtol=1e-5)


@needs_tensorflow
def test_a_folder_that_tensorflow_cannot_load_is_named(tmp_path: Path) -> None:
    """What TensorFlow says of a broken folder is passed on."""
    (tmp_path / "saved_model.pb").write_bytes(b"broken")
    with pytest.raises(ConversionError, match=r"saved_model\.pb: .*tf2onnx cannot translate"):
        load(tmp_path, "saved_model")
