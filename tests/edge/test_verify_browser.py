"""Verification in a real headless browser: good files, bad ones, endless ones, and a browser that dies."""

from __future__ import annotations

import http.server
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

from catalog.card import Tolerance
from edge.golden import Golden
from edge.runtimes import RUNTIMES
from edge.runtimes.browser import BROWSER
from edge.verify import verify
from tests.conftest import running
from tests.graphs import convnet, write
from tests.processes import descendants

pytestmark = pytest.mark.browser

TOLERANCE = Tolerance(precision="fp32", absolute_tolerance=1e-5, top1_agreement=1.0)
WEB = {"onnxruntime-web": "onnx", "litert-js": "tflite", "tfjs-wasm": "tfjs"}
ENDLESS = """<ir_version: 8, opset_import: ["": 17]> g (float[1] x) => (float[1] y) {
    rounds = Constant<value = int64 {9000000000000000000}>()
    go = Constant<value = bool {1}>()
    y = Loop<body = step (int64 i, bool was, float[1] a) => (bool still, float[1] b) {
        still = Identity(was)
        b = Sqrt(a)
    }>(rounds, go, x)
}"""


@pytest.fixture
def timeout():
    """A way to give the browser another number of seconds, for one test."""
    usual = BROWSER.timeout
    yield lambda seconds: setattr(BROWSER, "timeout", seconds)
    BROWSER.timeout = usual


@pytest.fixture
def golden(tmp_path):
    """Golden vectors of the network."""
    session = RUNTIMES["onnxruntime"].load(write(convnet(), "onnx", tmp_path / "source"))
    images = np.random.default_rng(1).random((3, 1, 1, 8, 8), np.float32)
    return [Golden(f"sample {i}", {"image": image}, session({"image": image})) for i, image in enumerate(images)]


def wrong() -> ir.Model:
    """The network with its largest weight changed by 1 %."""
    model = convnet()
    weights = model.graph.initializers["f"].const_value.numpy().copy()
    weights.flat[np.abs(weights).argmax()] *= 1.01
    model.graph.initializers["f"].const_value = ir.tensor(weights, name="f")
    return model


def endless(folder: Path) -> tuple[Path, str, list[Golden]]:
    """A model that runs for centuries, its runtime, and a vector to feed it."""
    path = folder / "endless.onnx"
    path.write_bytes(ir.to_proto(ir.from_onnx_text(ENDLESS)).SerializeToString())
    one = np.ones(1, np.float32)
    return path, "onnxruntime-web", [Golden("one", {"x": one}, {"y": one})]


@pytest.mark.parametrize("runtime", WEB)
def test_a_good_file_passes_and_says_where_it_ran(runtime, golden, tmp_path):
    """The row names the versions of the runtime and of the browser."""
    row = verify(write(convnet(), WEB[runtime], tmp_path / "good"), runtime, golden, TOLERANCE)
    assert (row.status, row.reason, row.top1) == ("passed", None, 1.0)
    assert row.max_abs <= 1e-5
    assert row.version == RUNTIMES[runtime].version()


@pytest.mark.parametrize("runtime", WEB)
def test_a_planted_fault_is_caught(runtime, golden, tmp_path):
    """One weight that is off by 1 % fails the file in each runtime."""
    row = verify(write(wrong(), WEB[runtime], tmp_path / "wrong"), runtime, golden, TOLERANCE)
    assert row.status == "failed"
    assert "golden output" in row.reason


@pytest.mark.parametrize("runtime", WEB)
def test_a_broken_file_fails_and_the_next_passes(runtime, golden, tmp_path):
    """What a runtime says of a file is the reason, and it does not spoil the runtime."""
    broken = write(convnet(), WEB[runtime], tmp_path / "broken")
    broken.write_bytes(b"{" + bytes(400))
    row = verify(broken, runtime, golden, TOLERANCE)
    assert row.status == "failed"
    assert row.reason
    good = write(convnet(), WEB[runtime], tmp_path / "good")
    assert verify(good, runtime, golden, TOLERANCE).status == "passed"


def test_a_model_that_does_not_end_fails_and_the_next_passes(golden, timeout, tmp_path):
    """The row says how long it was given, and another browser runs the rows behind it."""
    good = write(convnet(), "onnx", tmp_path / "good")
    assert verify(good, "onnxruntime-web", golden, TOLERANCE).status == "passed"
    timeout(5)
    row = verify(*endless(tmp_path), TOLERANCE)
    assert row.status == "failed"
    assert "timed out after 5 s" in row.reason
    timeout(60)
    assert verify(good, "onnxruntime-web", golden, TOLERANCE).status == "passed"


def test_a_browser_that_dies_fails_its_row_and_the_next_passes(golden, tmp_path):
    """A crash, here by a signal, is told from a wrong result."""
    others = descendants(os.getpid())
    good = write(convnet(), "onnx", tmp_path / "good")
    BROWSER.close()
    assert verify(good, "onnxruntime-web", golden, TOLERANCE).status == "passed"
    own = [pid for pid, words in descendants(os.getpid()).items() if pid not in others and "--no-first-run" in words]
    killer = threading.Timer(2, lambda: [os.kill(pid, signal.SIGKILL) for pid in own])
    killer.start()
    row = verify(*endless(tmp_path), TOLERANCE)
    assert row.status == "failed"
    assert "crashed" in row.reason
    assert verify(good, "onnxruntime-web", golden, TOLERANCE).status == "passed"


def test_open_sizes_are_nothing_for_litert_js(tmp_path):
    """A good file that a runtime can never take is neither passed nor failed."""
    model = ir.from_onnx_text(
        '<ir_version: 8, opset_import: ["": 17]> g (float[1, n] x) => (float[1, n] y) { y = Sqrt(x) }'
    )
    x = np.ones((1, 5), np.float32)
    row = verify(write(model, "tflite", tmp_path), "litert-js", [Golden("ones", {"x": x}, {"y": x})], TOLERANCE)
    assert row.status == "unsupported"
    assert "x is [1,-1]" in row.reason


def test_whole_numbers_of_64_bits_are_nothing_for_litert_js(tmp_path):
    """The same holds for types."""
    model = ir.from_onnx_text(
        '<ir_version: 8, opset_import: ["": 17]> g (int64[3] x) => (int64[3] y) { y = Add(x, x) }'
    )
    x = np.array([1, 2, 3])
    row = verify(write(model, "tflite", tmp_path), "litert-js", [Golden("three", {"x": x}, {"y": 2 * x})], TOLERANCE)
    assert row.status == "unsupported"
    assert "Element type" in row.reason


def test_tfjs_takes_whole_numbers_of_64_bits_as_its_own(tmp_path):
    """TF.js holds int32 alone, so that is what it is fed."""
    model = ir.from_onnx_text(
        '<ir_version: 8, opset_import: ["": 17]> g (int64[3] x) => (int64[3] y) { y = Add(x, x) }'
    )
    x = np.array([1, -2, 2**30 - 1])
    row = verify(write(model, "tfjs", tmp_path), "tfjs-wasm", [Golden("three", {"x": x}, {"y": 2 * x})], TOLERANCE)
    assert (row.status, row.max_abs) == ("passed", 0.0)


def test_a_page_fetches_nothing_from_elsewhere():
    """No address is asked but the browser's own, not even another one of this machine."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

    async def fetch(address):
        page = await BROWSER._page("onnxruntime-web")
        return await page.evaluate("url => fetch(url, { mode: 'no-cors' }).then(() => 'answered', String)", address)

    for address in running(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)):
        assert "Failed to fetch" in BROWSER._wait(fetch(address))
    assert asked == []


def test_closing_ends_every_process_and_the_next_run_starts_another(golden, tmp_path):
    """A build leaves no browser behind; what is loaded runs again where somebody asks."""
    others = descendants(os.getpid())
    path = write(convnet(), "tfjs", tmp_path / "good")
    assert verify(path, "tfjs-wasm", golden, TOLERANCE).status == "passed"
    BROWSER.close()
    deadline = time.monotonic() + 20
    while (left := descendants(os.getpid()).keys() - others.keys()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == set()
    assert verify(path, "tfjs-wasm", golden, TOLERANCE).status == "passed"
