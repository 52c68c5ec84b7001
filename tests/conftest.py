"""What many tests share: the built site, a server for it, and one real headless Chromium."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from edge.runtimes import chromium as find_chromium
from edge.runtimes.browser import BROWSER
from scripts.build import Report, build, read_cards
from scripts.serve import make_server
from tests.shared import SHARED, link_mirror

ROOT = Path(__file__).parent.parent


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs files of others where these are not here."""
    if item.get_closest_marker("shared") and not SHARED.is_dir():
        pytest.skip(f"no folder {SHARED} with the weights and samples that others publish")


@pytest.fixture(scope="session", autouse=True)
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path | None]:
    """Let `EDGEWISE_MIRROR` name the weights and samples that others publish, by their digests, where they are here."""
    if not SHARED.is_dir():
        yield None
        return
    with pytest.MonkeyPatch.context() as patch:
        folder = link_mirror(tmp_path_factory.mktemp("mirror"))
        patch.setenv("EDGEWISE_MIRROR", str(folder))
        yield folder


@pytest.fixture(scope="session")
def report() -> Report:
    """The catalog, built in the same folder as by hand, so that finished steps are found; never from the network."""
    return build(ROOT / "build", read_cards(), offline=True)


@pytest.fixture(scope="session")
def built_site(report: Report) -> Path:
    """The folder of the built site."""
    return report.site


@pytest.fixture(scope="session")
def site_url(built_site: Path) -> Iterator[str]:
    """The address of the built site, served with the headers that isolate it."""
    yield from serve(built_site, isolated=True)


@pytest.fixture(scope="session")
def plain_url(built_site: Path) -> Iterator[str]:
    """The address of the built site on a host that sets no such headers."""
    yield from serve(built_site, isolated=False)


def serve(folder: Path, *, isolated: bool) -> Iterator[str]:
    """Serve `folder` on a free port of this machine until the generator is closed."""
    yield from running(make_server(folder, "127.0.0.1", 0, isolated=isolated))


def running(server: ThreadingHTTPServer) -> Iterator[str]:
    """Run a server that is bound and give its address, until the generator is closed."""
    with server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One real Chromium for the whole run."""
    find_chromium.prepare()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium.find(), args=list(find_chromium.FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session", autouse=True)
def _browser_of_builds() -> Iterator[None]:
    """The browser in which files are verified, closed at the end of the run."""
    with closing(BROWSER):
        yield


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh page in a context of its own."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()
