from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from scripts.serve import Handler
from tests.browser.conftest import Api, Visit
from tests.browser.drive import TIMEOUT
from tests.conftest import running

pytestmark = pytest.mark.browser


class Dropping(Handler):
    """A host whose connection drops in the middle of every model, until `whole` is set."""

    whole = threading.Event()

    def do_GET(self) -> None:  # noqa: N802 - http.server names it
        """Send half of a model and hang up; send everything else."""
        if not self.path.endswith(".onnx") or self.whole.is_set():
            super().do_GET()
            return
        data = Path(self.translate_path(self.path)).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])
        self.close_connection = True


@pytest.fixture
def dropping_url(built_site: Path) -> Iterator[str]:
    """The address of such a host."""
    Dropping.whole.clear()
    yield from running(ThreadingHTTPServer(("127.0.0.1", 0), partial(Dropping, directory=str(built_site))))


def test_a_connection_that_drops_can_be_tried_again(broken_visit: Visit, dropping_url: str) -> None:
    """The page says how far the download came, and Run completes it once the network is back."""
    drive = broken_visit("digits-cnn", root=dropping_url)
    error = drive.failure(drive.button.click)
    assert "stopped after" in error
    assert ".fp32.onnx" in error
    Dropping.whole.set()
    drive.run.click()
    expect(drive.area.locator(".td")).to_have_attribute("data-state", "ready", timeout=TIMEOUT)
    assert drive.shown()["classes"]


def test_a_tampered_model_is_refused(broken_visit: Visit, context: BrowserContext) -> None:
    """A model file with one changed byte never runs, and the page says both digests."""

    def tamper(route: Route) -> None:
        data = bytearray(route.fetch().body())
        data[len(data) // 2] ^= 1
        route.fulfill(body=bytes(data))

    context.route("**/*.onnx", tamper)
    drive = broken_visit("digits-cnn")
    error = drive.failure(drive.button.click)
    assert "is not the published file, so it was not run: its SHA-256 is " in error
    assert drive.shown() == {}


def test_a_failed_verification_is_shown_with_its_figures(visit: Visit, api: Api, context: BrowserContext) -> None:
    """Where the golden vector is not reproduced the page says by how much, and still shows results."""
    [(_, path)] = api("digits-cnn")["golden"][0]["outputs"].items()

    def shift(route: Route) -> None:
        data = bytearray(route.fetch().body())
        data[-1] ^= 0x80  # the sign of the last value
        route.fulfill(body=bytes(data))

    context.route(f"**/{path}", shift)
    drive = visit("digits-cnn")
    assert drive.start()["classes"]
    assert drive.verification.startswith("Not verified on this browser: largest difference ")
    assert "1 of 10 values lie outside" in drive.verification


def test_a_browser_without_gzip_streams_is_told_so(broken_visit: Visit, context: BrowserContext) -> None:
    """A browser that cannot unpack the runtime gets a list of browsers that can."""

    def take_away(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, body="delete self.DecompressionStream;" + response.text())

    context.route("**/test-drive/worker.js", take_away)
    drive = broken_visit("digits-cnn")
    error = drive.failure(drive.button.click)
    assert "DecompressionStream" in error
    assert "Firefox 113" in error


def test_a_browser_without_webassembly_is_told_so(broken_visit: Visit, context: BrowserContext) -> None:
    """Where WebAssembly is switched off the page says so, and the button can be pressed again."""
    context.add_init_script("delete globalThis.WebAssembly")
    drive = broken_visit("digits-cnn")
    drive.button.click()
    drive.area.get_by_role("alert").wait_for()
    assert "does not run WebAssembly" in drive.error
    expect(drive.button).to_be_enabled()


def test_a_worker_that_cannot_load_is_named(broken_visit: Visit, context: BrowserContext) -> None:
    """A missing script gives a sentence, not an endless wait."""
    context.route("**/test-drive/worker.js", lambda route: route.abort())
    drive = broken_visit("digits-cnn")
    assert "The worker could not be loaded." in drive.failure(drive.button.click)


def test_a_host_that_decodes_gzip_itself_is_served_too(visit: Visit, context: BrowserContext, built_site: Path) -> None:
    """The runtime also loads from hosts that send `.gz` files with a Content-Encoding."""
    packed = next((built_site / "static/vendor/onnxruntime-web").glob("*.wasm.gz")).read_bytes()
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/wasm"}
    context.route("**/*.wasm.gz", lambda route: route.fulfill(body=packed, headers=headers))
    assert visit("digits-cnn").start()["classes"]


def test_a_long_download_can_be_stopped(visit: Visit, context: BrowserContext) -> None:
    """Stop ends the download at once, and Run starts it again."""
    held: list[Route] = []
    context.route("**/*.wasm.gz", lambda route: held.append(route))
    drive = visit("digits-cnn")
    drive.button.click()
    drive.area.get_by_text("Stop", exact=True).click()
    expect(drive.area.locator(".td")).to_have_attribute("data-state", "stopped")
    context.unroute("**/*.wasm.gz")
    assert drive.after(drive.run.click)["classes"]
