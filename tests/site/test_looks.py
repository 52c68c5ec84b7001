from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser
PAGES = ("", "models/", "models/digits-cnn/", "models/code-language-id/", "docs/verify/")

CONTRAST = """() => {
  const rgb = (css) => css.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = rgb(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const seen = element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    if (!walker.currentNode.data.trim() || !seen) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(rgb(style.color)), light(behind(element))].sort((x, y) => y - x);
    const large = parseFloat(style.fontSize) >= 24;
    const text = walker.currentNode.data.trim().slice(0, 40);
    if ((a + 0.05) / (b + 0.05) < (large ? 3 : 4.5)) poor.push([text, style.color]);
  }
  return poor;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_text_stands_out(chromium: Browser, small_url: str, scheme: str, path: str) -> None:
    """Every visible text has the contrast of WCAG AA against what lies behind it, in both colour schemes."""
    page = chromium.new_page(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(small_url + path)
    expect(page.locator("body")).to_have_css("color-scheme", scheme)
    poor = page.evaluate(CONTRAST)
    page.close()
    assert poor == []


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [360, 768, 1440])
def test_no_page_scrolls_sideways(page: Page, small_url: str, path: str, width: int) -> None:
    """From a small phone to a wide screen, only tables and code scroll sideways, never the page."""
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(small_url + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_quiet_under_a_sub_path(page: Page, small_url: str, path: str) -> None:
    """Under a sub-path every request stays on this host and succeeds, and the console stays empty."""
    requests, messages = [], []
    page.on("response", lambda response: requests.append((response.url, response.status)))
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.goto(small_url + path, wait_until="networkidle")
    host = urlsplit(small_url).netloc
    assert [url for url, status in requests if urlsplit(url).netloc != host or status >= 400] == []
    assert messages == []


def test_the_colour_scheme_can_be_chosen(page: Page, small_url: str) -> None:
    """The button in the header goes from the system's scheme to light, then dark, and the choice is kept."""
    page.goto(small_url)
    body = page.locator("body")
    page.get_by_title("Colours follow the system").click()
    expect(body).to_have_css("color-scheme", "light")
    page.get_by_title("Light; switch to dark").click()
    expect(body).to_have_css("color-scheme", "dark")
    page.goto(f"{small_url}models/")
    expect(body).to_have_css("color-scheme", "dark")


def test_the_menu_of_a_phone_leads_to_the_documents(page: Page, small_url: str) -> None:
    """On a narrow screen the menu button opens the navigation, also on a model page."""
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{small_url}models/digits-cnn/")
    page.get_by_title("Menu").click()
    page.locator(".md-nav").get_by_text("Docs", exact=True).first.click()
    page.get_by_role("link", name="How files are verified").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("How files are verified")


def test_a_checksum_can_be_copied(chromium: Browser, small_url: str) -> None:
    """Clicking the short SHA-256 of a file puts the whole one on the clipboard."""
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{small_url}models/digits-cnn/")
    button = page.locator(".sha").first
    button.click()
    copied = page.evaluate("navigator.clipboard.readText()")
    expected = button.get_attribute("title")
    context.close()
    assert copied == expected
    assert len(copied) == 64


@pytest.fixture
def print_page(page: Page, small_url: str) -> Page:
    """A model page as it is printed."""
    page.goto(f"{small_url}models/digits-cnn/")
    page.emulate_media(media="print")
    return page


def test_print_shows_all_programs_and_no_controls(print_page: Page) -> None:
    """On paper the code of every language is there; header, buttons and test-drive are not."""
    expect(print_page.get_by_text("import OnnxRuntimeBindings")).to_be_visible()
    expect(print_page.locator("#test-drive")).to_be_hidden()
    expect(print_page.locator(".md-header")).to_be_hidden()
