from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture
def catalogue(page: Page, small_url: str) -> Page:
    """The catalogue page, loaded."""
    page.goto(f"{small_url}models/")
    return page


def names(page: Page) -> list[str]:
    """The models that the visitor sees, in order."""
    return page.locator(".card:visible h3").all_inner_texts()


def search(page: Page, text: str) -> None:
    """Type into the catalogue's search box."""
    page.get_by_label("Search").fill(text)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("digits", "Digits CNN"),
        ("handwriten", "Digits CNN"),  # one letter missing
        ("ident", "Code language identifier"),  # the beginning of a word
        ("kotlin", "Code language identifier"),  # a label
        ("BSD", "Code language identifier"),  # a licence
        ("image classification", "Digits CNN"),  # a task
    ],
)
def test_search_finds_a_model_by(catalogue: Page, query: str, expected: str) -> None:
    """Typing part of a name, label, licence or task, even misspelt, leaves the model meant."""
    search(catalogue, query)
    expect(catalogue.locator("#count")).to_have_text("1 of 2 models")
    assert names(catalogue) == [expected]


def test_a_facet_narrows_and_shows_in_the_address(catalogue: Page, small_url: str) -> None:
    """Choosing a licence shows its models only, writes the address, and that address shows the same again."""
    catalogue.get_by_label("BSD-3-Clause").check()
    expect(catalogue.locator("#count")).to_have_text("1 of 2 models")
    assert parse_qs(urlsplit(catalogue.url).query) == {"license": ["BSD-3-Clause"]}
    catalogue.reload()
    expect(catalogue.get_by_label("BSD-3-Clause")).to_be_checked()
    assert names(catalogue) == ["Code language identifier"]
    catalogue.get_by_label("BSD-3-Clause").uncheck()
    expect(catalogue).to_have_url(f"{small_url}models/")


def test_two_values_of_a_facet_widen_the_choice(catalogue: Page) -> None:
    """Two licences show the models of either; a licence and a task only those that have both."""
    catalogue.get_by_label("BSD-3-Clause").check()
    catalogue.get_by_label("Apache-2.0").check()
    assert len(names(catalogue)) == 2
    catalogue.get_by_label("Text classification").check()
    assert names(catalogue) == ["Code language identifier"]


def test_counts_say_what_a_click_would_show(catalogue: Page) -> None:
    """Beside each value stands how many models choosing it would show, given the other facets."""
    catalogue.get_by_label("Text classification").check()
    for value, count in {"Apache-2.0": "0", "BSD-3-Clause": "1", "Image classification": "1", "fp16": "1"}.items():
        label = catalogue.locator("label.facet", has_text=value)
        assert label.locator(".facet__count").inner_text() == count, value


def test_no_match_offers_the_way_out(catalogue: Page) -> None:
    """A choice that nothing meets names each condition with what dropping it gives; the button drops it."""
    catalogue.get_by_label("Text classification").check()
    search(catalogue, "handwriting")
    expect(catalogue.get_by_role("heading", name="No model matches all of this")).to_be_visible()
    expect(catalogue.locator("#count")).to_have_text("0 of 2 models")
    catalogue.get_by_role("button", name="Task: Text classification (then 1 model)").click()
    expect(catalogue.locator("#count")).to_have_text("1 of 2 models")
    assert names(catalogue) == ["Digits CNN"]
    expect(catalogue.get_by_label("Search")).to_have_value("handwriting")


def test_no_match_at_all_offers_a_fresh_start(catalogue: Page) -> None:
    """When dropping one condition would not help, the way out is to drop them all."""
    catalogue.get_by_label("Image classification").check()
    search(catalogue, "zzzzzz")
    catalogue.get_by_label("BSD-3-Clause").check()
    catalogue.get_by_role("button", name="All conditions (then 2 models)").click()
    expect(catalogue.locator("#count")).to_have_text("2 models")
    expect(catalogue.get_by_label("Search")).to_have_value("")


def test_sorting_by_size_puts_the_smallest_first(catalogue: Page) -> None:
    """Sorting orders the cards by download size or name, and the address keeps it."""
    catalogue.get_by_label("Sort by").select_option("name")
    assert names(catalogue) == ["Code language identifier", "Digits CNN"]
    catalogue.get_by_label("Sort by").select_option("size")
    assert names(catalogue) == ["Digits CNN", "Code language identifier"]
    assert urlsplit(catalogue.url).query == "sort=size"


def test_a_search_from_another_page_arrives(page: Page, small_url: str) -> None:
    """The search box of the header leads to the catalogue with the results."""
    page.goto(small_url)
    page.get_by_label("Search models").fill("rust")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/models/\?q=rust$"))
    expect(page.locator("#count")).to_have_text("1 of 2 models")


def test_the_keyboard_reaches_filters_and_models(catalogue: Page) -> None:
    """Tab leads from the search through order and facets to the first model; space chooses a value."""
    catalogue.get_by_label("Search").focus()
    reached = []
    for _ in range(20):
        catalogue.keyboard.press("Tab")
        reached.append(catalogue.evaluate("document.activeElement.name || document.activeElement.textContent"))
    order = [reached.index(name) for name in ("sort", "task", "license", "precision", "Digits CNN")]
    assert order == sorted(order)
    catalogue.get_by_label("Image classification").focus()
    catalogue.keyboard.press("Space")
    expect(catalogue.locator("#count")).to_have_text("1 of 2 models")


def test_nothing_moves_while_the_page_loads(page: Page, small_url: str) -> None:
    """The script takes the list over without shifting what was painted before."""
    page.goto(f"{small_url}models/", wait_until="networkidle")
    shift = page.evaluate(
        """() => new Promise((done) => {
            let sum = 0;
            new PerformanceObserver((list) => list.getEntries().forEach((e) => (sum += e.value)))
                .observe({ type: "layout-shift", buffered: true });
            setTimeout(() => done(sum), 200);
        })"""
    )
    assert shift == 0


def test_a_failed_search_says_so_and_filters_still_work(page: Page, small_url: str) -> None:
    """When the models' texts cannot be fetched, the page says why, and a facet still narrows."""
    page.route("**/api/v1/models.json", lambda route: route.fulfill(status=503))
    page.goto(f"{small_url}models/?q=digits")
    expect(page.locator("#count")).to_contain_text("expected status 200, got 503")
    search(page, "")
    page.get_by_label("BSD-3-Clause").check()
    assert names(page) == ["Code language identifier"]


@pytest.fixture
def plain_page(chromium: Browser) -> Iterator[Page]:
    """A page of a browser that runs no script."""
    context = chromium.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_without_script_there_is_a_plain_list_by_task(plain_page: Page, small_url: str) -> None:
    """Without script the catalogue is a list under headings, and shows no control that would do nothing."""
    plain_page.goto(f"{small_url}models/")
    expect(plain_page.get_by_role("heading", name="Image classification")).to_be_visible()
    expect(plain_page.get_by_role("link", name="Digits CNN")).to_be_visible()
    assert plain_page.locator("input:visible, select:visible").count() == 0


def test_without_script_a_model_page_still_says_everything(plain_page: Page, small_url: str) -> None:
    """Without script the files and the code in each language can be read, and no button does nothing."""
    plain_page.goto(f"{small_url}models/digits-cnn/")
    expect(plain_page.get_by_role("button", name="Run it here")).to_be_hidden()
    expect(plain_page.get_by_role("link", name="Download ONNX fp32")).to_be_visible()
    plain_page.get_by_text("Android", exact=True).click()
    expect(plain_page.get_by_text("import ai.onnxruntime.*")).to_be_visible()
