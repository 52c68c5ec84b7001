"""The real graphs that ship with onnx, converted to TF.js and run on the wasm backend of a real browser."""

from __future__ import annotations

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest

from tests.conformance.light import NAMES, light_model
from tests.conformance.tfjs import run_model

pytestmark = pytest.mark.browser

SMALL = ("densenet121", "inception_v1", "inception_v2", "shufflenet", "squeezenet")
IMAGE = np.random.default_rng(1).standard_normal((1, 3, 224, 224), np.float32)


def logits(name: str) -> onnx.ModelProto:
    """A light model without its Softmax, which would hide differences: random weights make it nearly one-hot."""
    model = light_model(name)
    last = model.graph.node[-1]
    if last.op_type == "Softmax":
        last.op_type = "Identity"
        del last.attribute[:]
    return model


def compare(name, precision, folder):
    """Largest difference relative to the largest value, the cosine, and whether the winner is the same."""
    model = logits(name)
    feeds = {model.graph.input[0].name: IMAGE}
    (wanted,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, feeds)
    (got,) = run_model(folder / "model", ir.from_proto(model), feeds, precision).values()
    cosine = np.vdot(got, wanted) / np.linalg.norm(got) / np.linalg.norm(wanted)
    return np.abs(got - wanted).max() / np.abs(wanted).max(), cosine, got.argmax() == wanted.argmax()


@pytest.mark.parametrize("name", NAMES)
def test_fp32_equals_onnxruntime(name, tmp_path):
    """The converted network computes what the source does."""
    difference, cosine, winner = compare(name, "fp32", tmp_path)
    assert difference <= 1e-4
    assert cosine >= 0.99999
    assert winner


@pytest.mark.parametrize("precision", ["fp16", "uint8", "uint16"])
@pytest.mark.parametrize("name", SMALL)
def test_smaller_weights_keep_the_winner(name, precision, tmp_path):
    """Weights of 8 or 16 bits are read back as what they stand for."""
    _, cosine, winner = compare(name, precision, tmp_path)
    assert cosine >= 0.99
    assert winner
