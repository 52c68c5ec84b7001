"""A page with a test-drive on it, whose browser must not complain."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser.drive import Drive

Visit = Callable[..., Drive]
Api = Callable[[str], dict[str, Any]]


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A fresh context: nothing is cached, nothing is stored."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def broken_visit(context: BrowserContext, site_url: str) -> Visit:
    """`broken_visit("digits-cnn")` opens a model's page; its browser may complain."""

    def visit(model: str, *, root: str = site_url) -> Drive:
        return Drive(context.new_page(), f"{root}models/{model}/")

    return visit


@pytest.fixture
def visit(broken_visit: Visit) -> Iterator[Visit]:
    """`visit("digits-cnn")` opens a model's page, where no warning, error or other origin may turn up."""
    opened: list[Drive] = []

    def tracked(model: str, **place: str) -> Drive:
        opened.append(broken_visit(model, **place))
        return opened[-1]

    yield tracked
    for drive in opened:
        assert drive.problems == []
        own = urlsplit(drive.url).netloc
        assert [url for url in drive.requests if urlsplit(url).scheme != "blob" and urlsplit(url).netloc != own] == []


@pytest.fixture
def api(built_site: Path) -> Api:
    """`api("digits-cnn")` reads a model's description."""
    return lambda model: json.loads((built_site / "api/v1/models" / f"{model}.json").read_text("utf-8"))
