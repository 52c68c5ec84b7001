"""The test-drive of one model page, driven as a visitor would and read where a visitor reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from playwright.sync_api import FilePayload, Locator, Page

from tests.browser.strokes import Point

TIMEOUT = 60_000  # ms; the first start unpacks 14 MB of WebAssembly

# Holds once the page shows a newer result than `run`, or an error.
SHOWN = """run => {
  const state = document.querySelector("#test-drive .td")?.dataset.state;
  if (state === "failed") return true;
  const result = document.querySelector("#test-drive [data-result]")?.dataset.result;
  return state === "ready" && result && JSON.parse(result).run > run;
}"""


class Drive:
    """One page; `problems` and `requests` gather what the browser reports."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.problems: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(url)
        self.area = page.locator("#test-drive")

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.problems.append(f"{kind}: {text}")

    def start(self) -> dict[str, Any]:
        """Press the button and wait for the first sample's result."""
        return self.after(self.button.click)

    @property
    def button(self) -> Locator:
        """The button that is on the page before anything runs."""
        return self.area.locator("[data-run]")

    @property
    def run(self) -> Locator:
        """The Run button of a started test-drive."""
        return self.area.get_by_role("button", name="Run", exact=True)

    def after(self, act: Callable[[], object]) -> dict[str, Any]:
        """Act, wait for a newer result, and return what is shown."""
        self._settle(act)
        assert self.state == "ready", self.error
        return self.shown()

    def failure(self, act: Callable[[], object]) -> str:
        """Act, wait for an error, and return it as the visitor reads it."""
        self._settle(act)
        assert self.state == "failed"
        return self.error

    def _settle(self, act: Callable[[], object]) -> None:
        run = self.shown().get("run", 0)
        act()
        self.page.wait_for_function(SHOWN, arg=run, timeout=TIMEOUT)

    def shown(self) -> dict[str, Any]:
        """Return the result on the page, `{}` before the first one."""
        place = self.area.locator("[data-result]")
        text = place.get_attribute("data-result") if place.count() else ""
        shown: dict[str, Any] = json.loads(text or "{}")
        return shown

    def top(self, act: Callable[[], object]) -> str:
        """Act and return the label on top, as it is written."""
        self.after(act)
        return self.area.locator(".td-classes li").first.locator(".td-label").inner_text()

    def choose_sample(self, title: str) -> dict[str, Any]:
        """Press a sample's button."""
        return self.after(self.area.locator(f"[data-sample={json.dumps(title)}]").click)

    def choose_files(self, files: Sequence[FilePayload]) -> None:
        """Give files to the file picker."""
        self.area.locator("#td-file").set_input_files(files)

    def draw(self, strokes: Sequence[Sequence[Point]]) -> None:
        """Draw on the sheet with the mouse."""
        sheet = self.area.locator(".td-paper")
        sheet.scroll_into_view_if_needed()
        box = sheet.bounding_box()
        assert box is not None
        for stroke in strokes:
            places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
            self.page.mouse.move(*places[0])
            self.page.mouse.down()
            for place in places[1:]:
                self.page.mouse.move(*place, steps=6)
            self.page.mouse.up()

    @property
    def state(self) -> str | None:
        """One of loading, ready, running, failed, stopped."""
        return self.area.locator(".td").get_attribute("data-state")

    @property
    def error(self) -> str:
        """The error as the visitor reads it."""
        return self.area.get_by_role("alert").inner_text()

    @property
    def verification(self) -> str:
        """What the page says about the golden vector; empty where it says nothing."""
        place = self.area.locator(".td-check")
        return place.inner_text() if place.is_visible() else ""

    @property
    def facts(self) -> dict[str, str]:
        """Times and technical facts, by name."""
        self.area.locator("details:not([open]) summary").evaluate_all("list => list.forEach(each => each.click())")
        pairs = self.area.locator(".td-facts div").all()
        return {pair.locator("dt").inner_text(): pair.locator("dd").inner_text() for pair in pairs}
