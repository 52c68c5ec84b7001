"""The library that cuts texts into tokens: in the browser as in Python, and only where a card uses it."""

from __future__ import annotations

import base64
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import onnx
import pytest
from onnx import parser
from playwright.sync_api import Page

from catalog.card import Tensor
from edge.pipeline import Pipeline
from edge.runtimes import RUNTIMES
from tests.browser.conftest import Visit
from tests.steps.codec import FILES

pytestmark = pytest.mark.browser

MODEL = """
<ir_version: 8, opset_import: ["" : 17]>
echo (int32[1,12] ids, int32[1,12] mask) => (int32[1,12] out) { out = Mul (ids, mask) }
"""
PADDED = {"length": 12, "keep_last": 1}
TEXT = "The naïve runners, 東京 😀, ran over the dog and the fox"

# Runs the test-drive's own engine on a card, without its page.
RUN = """async ([root, model, card, text]) => {
  const bytes = Uint8Array.from(atob(model), (letter) => letter.charCodeAt(0));
  const { createSession, loadRuntime } = await import(`${root}static/test-drive/runtime.js`);
  const { Engine } = await import(`${root}static/test-drive/engine.js`);
  const ort = await loadRuntime(new URL("static/vendor/onnxruntime-web/", root), () => {});
  const engine = new Engine({ root, card, labels: {} }, ort, await createSession(ort, bytes));
  const run = async () => Array.from((await engine.run(text)).result.data);
  return [await run(), await run()];
}"""


def card(tokenizer: str) -> dict[str, Any]:
    axes = [{"name": "batch", "size": 1}, {"name": "token", "size": 12}]
    steps = [{"id": "tokenize", "kwargs": {"file": tokenizer}}, {"id": "pad_tokens", "kwargs": PADDED}]
    masked = [*steps, {"id": "token_mask"}]
    inputs = [
        {"id": "ids", "dtype": "int32", "axes": axes, "steps": steps},
        {"id": "mask", "dtype": "int32", "axes": axes, "steps": masked},
    ]
    return {"id": "echo", "inputs": inputs, "outputs": [{"id": "out", "dtype": "int32", "axes": axes}], "result": []}


@pytest.mark.parametrize("tokenizer", ["wordpiece.json", "bpe.json"])
def test_the_page_cuts_texts_as_python_does(tokenizer: str, tmp_path: Path, page: Page, site_url: str) -> None:
    """A card with a tokenizer.json runs in Chromium from the site alone; library and file are fetched once."""
    told, path = card(tokenizer), tmp_path / "echo.onnx"
    onnx.save(parser.parse_model(MODEL), path)
    rows = {side: [Tensor.model_validate(row) for row in told[side]] for side in ("inputs", "outputs")}
    session = RUNTIMES["onnxruntime"].load(path)
    expected = Pipeline(SimpleNamespace(**rows, result=[]), FILES).predict(session, TEXT)[0].tolist()  # type: ignore[arg-type]

    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url.removeprefix(site_url)))
    page.route("**/models/echo/steps/*", lambda route: route.fulfill(path=FILES / tokenizer))
    page.goto(site_url)
    told |= {side: [tensor.model_dump(mode="json") for tensor in tensors] for side, tensors in rows.items()}
    shown = page.evaluate(RUN, [site_url, base64.b64encode(path.read_bytes()).decode(), told, TEXT])
    assert shown == [expected, expected]
    assert fetched.count("static/vendor/tokenizers/tokenizers.mjs") == 1
    assert fetched.count(f"models/echo/steps/{tokenizer}") == 1


def test_other_models_never_load_the_library(visit: Visit) -> None:
    """A model of texts whose steps read bytes costs no visitor the library."""
    drive = visit("code-language-id")
    drive.start()
    assert [url for url in drive.requests if "tokenizers" in url] == []
