from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prose import TAGS, link, prose

from tests.site.document import Element, elements

PAYLOADS = (
    '"><script>alert(1)</script>',
    "</pre></title><svg onload=alert(1)>",
    "[x](javascript:alert(1)) ![y](https://evil.example/y.png) <img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    '`</code><iframe src="https://evil.example">` {: onclick=alert(1) }',
)
KEPT = {"id", "dtype", "date", "version", "format"}  # their values are a closed set or a pattern in the schema


def poison(value: Any, payload: str) -> Any:
    """Append the payload to every text of a card."""
    if isinstance(value, str):
        return value + payload
    if isinstance(value, list):
        return [poison(item, payload) for item in value]
    if isinstance(value, dict):
        return {key: item if key in KEPT else poison(item, payload) for key, item in value.items()}
    return value


def is_active(element: Element) -> bool:
    """Say whether an element runs code or embeds something, other than by a script file of the site's own."""
    values = [value.strip().lower() for value in element.attributes.values()]
    return (
        element.tag in ("iframe", "object", "embed", "base", "frame", "svg:script")
        or any(name.startswith("on") for name in element.attributes)
        or any(value.startswith(("javascript:", "data:", "vbscript:")) for value in values)
    )


def scripts(page: Path) -> list[str]:
    """List the addresses of a page's scripts; inline ones are empty texts."""
    found = elements(page.read_text("utf-8"))
    return [element.attributes.get("src", "") for element in found if element.tag == "script"]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_hostile_card_is_inert(
    payload: str, stage: Path, tmp_path: Path, small_site: Path, make_site: Callable[[Path], Path]
) -> None:
    """Whatever stands in a card's texts, the pages hold the same scripts as without it, and nothing else that runs."""
    shutil.copytree(stage, tmp_path, dirs_exist_ok=True)
    for path in (tmp_path / "api/v1/models").glob("*.json"):
        model = json.loads(path.read_text("utf-8"))
        model |= {key: poison(model[key], payload) for key in ("card", "samples", "labels")}
        path.write_text(json.dumps(model), "utf-8")
    listing = json.loads((tmp_path / "api/v1/models.json").read_text("utf-8"))
    listing["models"] = [
        row | {key: poison(row[key], payload) for key in ("name", "summary", "license", "authors", "tags")}
        for row in listing["models"]
    ]
    (tmp_path / "api/v1/models.json").write_text(json.dumps(listing), "utf-8")
    site = make_site(tmp_path)
    for page in (
        "index.html",
        "models/index.html",
        "models/digits-cnn/index.html",
        "models/code-language-id/index.html",
    ):
        found = elements((site / page).read_text("utf-8"))
        assert scripts(site / page) == scripts(small_site / page)
        assert [element for element in found if is_active(element)] == []
        pictures = [element.attributes["src"] for element in found if element.tag == "img"]
        assert not [source for source in pictures if urlsplit(source).netloc or urlsplit(source).scheme]


@given(st.lists(st.one_of(st.text(), st.sampled_from([*PAYLOADS, "<", ">", "](", "[", "`", "\n\n", "    ", "|"]))))
def test_prose_yields_only_reading_matter(parts: list[str]) -> None:
    """Any Markdown becomes tags of the short list, with no attribute but a link's."""
    for element in elements(prose("".join(parts))):
        assert element.tag in TAGS
        assert set(element.attributes) <= {"href", "title", "rel"}
        assert not element.attributes.get("href", "").lower().startswith(("javascript:", "data:", "vbscript:"))


def test_markdown_in_a_card_is_set_as_markdown() -> None:
    """Emphasis, code, lists, tables and links of a description survive the cleaning."""
    html = prose("**bold** `code` [a](https://example.org)\n\n- item\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    tags = {element.tag for element in elements(html)}
    assert {"strong", "code", "a", "li", "td"} <= tags


def test_only_web_addresses_become_links() -> None:
    """A provenance of `this repository` or of another scheme is shown as text."""
    assert link("this repository", "this repository") == "this repository"
    assert link("javascript:alert(1)", "<b>") == "&lt;b&gt;"
    assert 'href="https://example.org/?a=1&amp;b=2"' in link("https://example.org/?a=1&b=2", "x")
