"""A recurrent model runs through a recording chunk by chunk, alike in Python and in the browser."""

from __future__ import annotations

import base64
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import parser
from playwright.sync_api import Page

from catalog.card import Tensor
from edge.pipeline import Pipeline
from edge.runtimes import RUNTIMES, Session
from tests.golden.steps.cases import wavs
from tests.published_audio import silero
from tests.shared import mirrored, published, sample

pytestmark = pytest.mark.browser

CHUNK = 5
# Adds up all samples so far; `total` is the sum that it goes on from.
MODEL = """
<ir_version: 8, opset_import: ["" : 17]>
running_sum (float[1,N] chunk, float[1,1] total) => (float[1,N] sums, float[1,1] new_total)
<int64[1] last = {-1}, int64[1] end = {9223372036854775807}, int64[1] axis = {1}, int64 along = {1}> {
  within = CumSum (chunk, along)
  sums = Add (within, total)
  new_total = Slice (sums, last, end, axis)
}
"""
SAMPLES = np.random.default_rng(0).integers(-(2**15), 2**15, 83).astype("<i2")  # 17 chunks, the last not full
WAV = wavs.wav(SAMPLES.tobytes(), rate=8000)

# Runs the test-drive's own engine on a card, without its page.
RUN = """async ([root, model, card, wav]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const { createSession, loadRuntime } = await import(`${root}static/test-drive/runtime.js`);
  const { Engine } = await import(`${root}static/test-drive/engine.js`);
  const ort = await loadRuntime(new URL("static/vendor/onnxruntime-web/", root), () => {});
  const engine = new Engine({ root, card, labels: {} }, ort, await createSession(ort, bytes(model)));
  const { result } = await engine.run(bytes(wav));
  return { shape: result.shape, data: Array.from(result.data) };
}"""


def card(length: int) -> dict[str, list[Tensor]]:
    """What a card says of `MODEL` if it gets chunks of `length` samples."""
    state = [{"name": "batch", "size": 1}, {"name": "state", "size": 1}]
    chunk = [{"name": "batch", "size": 1}, {"name": "time", "size": length}]
    steps: list[dict[str, Any]] = [{"id": "decode_audio"}, {"id": "to_mono"}]
    steps += [{"id": "resample", "kwargs": {"rate": 8000}}]
    steps += [{"id": "frame", "kwargs": {"length": length, "step": length, "tail": "pad"}}]
    rows = {
        "inputs": [
            {"id": "chunk", "dtype": "float32", "axes": chunk, "steps": steps, "stream": True},
            {"id": "total", "dtype": "float32", "axes": state, "state_of": "new_total"},
        ],
        "outputs": [
            {"id": "sums", "dtype": "float32", "axes": chunk},
            {"id": "new_total", "dtype": "float32", "axes": state},
        ],
        "result": [],
    }
    return {side: [Tensor.model_validate(tensor) for tensor in tensors] for side, tensors in rows.items()}


def in_python(session: Session, length: int) -> np.ndarray:
    sums: np.ndarray = Pipeline(SimpleNamespace(**card(length)), Path()).predict(session, WAV)
    return sums


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    path: Path = tmp_path_factory.mktemp("stream") / "running_sum.onnx"
    onnx.save(parser.parse_model(MODEL), path)
    return path


def test_chunk_by_chunk_is_the_same_as_all_at_once(model):
    """The state is handed on: 17 chunks give the sums that one call on the whole recording gives."""
    session = RUNTIMES["onnxruntime"].load(model)
    chunks, whole = in_python(session, CHUNK), in_python(session, 100)
    assert chunks.shape == (17, CHUNK)
    assert whole.shape == (1, 100)
    np.testing.assert_allclose(chunks.ravel()[:83], whole.ravel()[:83], rtol=1e-6)
    np.testing.assert_allclose(whole.ravel()[82], SAMPLES.sum() / 2**15, rtol=1e-5)


def in_page(page: Page, root: str, model: bytes, told: dict[str, list[Tensor]], wav: bytes) -> np.ndarray:
    page.goto(root)
    rows = {side: [tensor.model_dump(mode="json") for tensor in tensors] for side, tensors in told.items()}
    shown = page.evaluate(RUN, [root, base64.b64encode(model).decode(), rows, base64.b64encode(wav).decode()])
    return np.reshape(shown["data"], shown["shape"])


def test_the_page_streams_as_python_does(model, page: Page, site_url: str):
    """In Chromium, with ONNX Runtime Web, the same recording gives the same sums in the same rows."""
    expected = in_python(RUNTIMES["onnxruntime"].load(model), CHUNK)
    shown = in_page(page, site_url, model.read_bytes(), card(CHUNK), WAV)
    assert shown.shape == expected.shape
    np.testing.assert_allclose(shown, expected, rtol=1e-6)


@pytest.mark.shared
def test_silero_hears_in_the_page_what_it_hears_in_python(page: Page, site_url: str):
    """The published detector of speech, state, context and all, gives the same score for each 32 ms of a recording."""
    path, wav = mirrored(published("silero-vad-16k")["sha256"]), sample("speech.wav")
    expected = Pipeline(silero(), Path()).predict(RUNTIMES["onnxruntime"].load(path), wav)
    shown = in_page(page, site_url, path.read_bytes(), vars(silero()), wav)
    np.testing.assert_allclose(shown, expected, atol=1e-4)
