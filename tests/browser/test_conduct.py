from __future__ import annotations

import gzip
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import Visit
from tests.conftest import serve

pytestmark = pytest.mark.browser

ASSETS = Path(__file__).parents[2] / "site" / "assets"


def weight(*files: Path) -> int:
    """Sum of the sizes in bytes, each file gzipped."""
    return sum(len(gzip.compress(file.read_bytes())) for file in files)


def test_the_scripts_are_small() -> None:
    """An opened page costs at most 10 kB of script, all of the test-drive 100 kB gzipped beside the runtime."""
    scripts = [*(ASSETS / "test-drive").rglob("*.js"), *(ASSETS / "steps").rglob("*.js")]
    assert (ASSETS / "test-drive/main.js").stat().st_size <= 10_000
    assert len(scripts) > 10
    assert weight(*scripts, ASSETS / "test-drive/test-drive.css") <= 100_000


def test_nothing_is_loaded_before_the_visitor_asks(visit: Visit) -> None:
    """An opened page has fetched neither model nor runtime, and of the test-drive its entry alone."""
    drive = visit("digits-cnn")
    drive.page.wait_for_load_state("networkidle")
    paths = [urlsplit(url).path for url in drive.requests]
    assert [path for path in paths if "/static/test-drive/" in path] == ["/static/test-drive/main.js"]
    assert [path for path in paths if "/vendor/onnxruntime-web/" in path or path.endswith((".onnx", ".npy"))] == []
    drive.start()
    assert any(url.endswith(".onnx") for url in drive.requests)


def test_threads_are_used_where_the_host_isolates_the_page(visit: Visit, plain_url: str) -> None:
    """With COOP and COEP the runtime uses several threads, without them one, and the answers are the same."""
    isolated, plain = visit("digits-cnn"), visit("digits-cnn", root=plain_url)
    answers = [isolated.start()["classes"], plain.start()["classes"]]
    cores = isolated.page.evaluate("navigator.hardwareConcurrency")
    assert isolated.facts["Threads"] == str(min(4, cores))
    assert plain.facts["Threads"] == "1"
    assert [row["label"] for row in answers[0]] == [row["label"] for row in answers[1]]
    assert answers[0][0]["score"] == pytest.approx(answers[1][0]["score"], abs=1e-5)


def test_a_site_below_a_path_works(visit: Visit, built_site: Path, tmp_path: Path) -> None:
    """The site runs the same from any folder of a host."""
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "where").symlink_to(built_site.resolve())
    for root in serve(tmp_path, isolated=False):
        assert visit("digits-cnn", root=f"{root}some/where/").start()["classes"]


def test_a_page_without_https_says_that_the_file_is_not_checked(
    visit: Visit, context: BrowserContext, plain_url: str
) -> None:
    """Where the browser gives no digest the model still runs, and the page says what it could not check."""
    insecure = "http://plain.test/"
    context.route(
        f"{insecure}**", lambda route: route.fulfill(response=route.fetch(url=_at(plain_url, route.request.url)))
    )
    drive = visit("digits-cnn", root=insecure)
    drive.start()
    assert drive.facts["Digest"] == "not checked: page is not served over https"


def _at(root: str, url: str) -> str:
    return root + urlsplit(url).path.lstrip("/")


def test_the_keyboard_is_enough(visit: Visit) -> None:
    """From the top of the page to a second sample's answer without a mouse."""
    drive = visit("digits-cnn")
    press = drive.page.keyboard.press
    _tab_to(drive.page, "#test-drive [data-run]")
    drive.after(lambda: press("Enter"))
    titles = drive.area.locator("[data-sample]").evaluate_all("all => all.map(each => each.dataset.sample)")
    drive.area.locator(".td-run").evaluate("run => run.blur()")
    _tab_to(drive.page, f'[data-sample="{titles[1]}"]')
    assert drive.after(lambda: press("Space"))["name"] == titles[1]
    assert drive.area.locator('[aria-pressed="true"]').get_attribute("data-sample") == titles[1]


def _tab_to(page: Page, selector: str) -> None:
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"200 presses of Tab never came to {selector}")


def test_the_answer_is_announced(visit: Visit) -> None:
    """A screen reader hears which input gave what: the status is polite and holds the answer on top."""
    drive = visit("digits-cnn")
    shown = drive.start()
    status = drive.area.get_by_role("status").inner_text()
    assert shown["name"] in status
    assert shown["classes"][0]["label"] in status


def test_figures_of_the_run_are_shown(visit: Visit) -> None:
    """The visitor can read what took how long, and what ran."""
    drive = visit("digits-cnn")
    drive.start()
    facts = drive.facts
    for name in ("Download", "Start-up", "Preprocessing", "Inference", "Postprocessing"):
        assert facts[name].endswith(" ms")
    assert facts["Runtime"].startswith("ONNX Runtime Web 1.")


@pytest.mark.parametrize("model", ["digits-cnn", "digits-segmenter"])
def test_leaving_the_page_frees_the_worker(visit: Visit, model: str) -> None:
    """A page that is put away keeps no worker, that which paints neither; when it comes back, Run starts anew."""
    drive = visit(model)
    drive.start()
    if model == "digits-segmenter":
        drive.area.locator(".td-legend li").first.focus()  # what paints one class alone is a worker too
    assert len(drive.page.workers) >= 1
    drive.page.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    for _ in range(100):  # Chromium gives threads that wait for work two seconds
        drive.page.wait_for_timeout(100)
        if not drive.page.workers:
            break
    assert drive.page.workers == []
    assert drive.after(drive.run.click)
