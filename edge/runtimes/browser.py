"""Runtimes of browsers, in one headless Chromium for the whole process: started when first needed, a page a runtime."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import threading
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

from edge.runtimes import PACKAGES, Session, Tensors, UnsupportedError, chromium
from edge.runtimes.loopback import Loopback

if TYPE_CHECKING:  # Playwright is an optional part of the installation
    from playwright.async_api import Browser as Chromium
    from playwright.async_api import Page, Playwright

WEB = Path(__file__).parent / "web"
VARIABLE = "EDGEWISE_BROWSER_TIMEOUT"
CLOSING = 10  # seconds after which a browser that does not close is left to Playwright to kill

# What a runtime holds tensors in, by numpy's kind of type, where it does not hold them all.
HELD: Mapping[str, Mapping[str, npt.DTypeLike]] = {"tfjs-wasm": {"f": np.float32, "i": np.int32, "u": np.int32}}

Packed = dict[str, Any]  # a tensor as JSON


class Browser:
    """A headless Chromium; `timeout` is how many seconds loading a model and running it once may take.

    What goes wrong in it raises RuntimeError: the words of the runtime, or that the browser crashed or took too long,
    after which the next run starts another. `UnsupportedError` says what the runtime can never take. Not for several
    threads at a time. When this process ends, however it does, the browser ends too, since it holds pipes to it.
    """

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self._folders = {"web": WEB, "packages": PACKAGES}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._files: Loopback | None = None
        self._playwright: Playwright | None = None
        self._chromium: Chromium | None = None
        self._pages: dict[str, Page] = {}

    def load(self, runtime: str, path: Path) -> Session:
        """Return what runs a file, beside which its further files lie; it is read when first run."""
        url = self._address(path)

        def run(inputs: Tensors) -> Tensors:
            answer = self._wait(self._call(runtime, "run", [url, _packed(runtime, inputs)]))
            return {name: _unpack(row) for name, row in answer["outputs"].items()}

        return run

    def time(self, runtime: str, path: Path, inputs: Tensors, seconds: float) -> dict[str, Any]:
        """Time a file in a fresh page, warm for `seconds`; return `load_ms`, `first_ms`, `warm_ms` and `repeats`.

        Each of `warm_ms` is the mean of `repeats` inferences, since the page's clock ticks every 0.1 ms.
        """
        arguments = [self._address(path), _packed(runtime, inputs), seconds]
        times: dict[str, Any] = self._wait(self._in_fresh_page(runtime, arguments))["times"]
        return times

    def _address(self, path: Path) -> str:
        folder = f"model{len(self._folders)}"
        self._folders[folder] = path.parent
        return f"/{folder}/{quote(path.name)}"

    def close(self) -> None:
        """End the browser, if there is one; a later run starts another."""
        if self._loop is not None:
            self._wait(self._stop())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._loop = None

    def _wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do `work` in a thread of its own, since the caller's may have a loop already."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=_serve, args=[self._loop], daemon=True).start()
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _in_fresh_page(self, runtime: str, arguments: list[Any]) -> dict[str, Any]:
        if used := self._pages.pop(runtime, None):
            await used.close()
        return await self._call(runtime, "time", arguments)

    async def _call(self, runtime: str, function: str, arguments: list[Any]) -> dict[str, Any]:
        """Return what one of the functions of `web/run.mjs` answers."""
        from playwright.async_api import Error

        try:
            async with asyncio.timeout(self.timeout):
                page = await self._page(runtime)
                answer: dict[str, Any] = await page.evaluate(f"given => {function}(...given)", arguments)
        except TimeoutError:
            await self._stop()
            raise RuntimeError(f"timed out after {self.timeout:g} s: {VARIABLE} gives it more seconds") from None
        except Error as error:
            await self._stop()
            raise RuntimeError(f"the browser crashed: {error.message.splitlines()[0]}") from error
        if {"error", "unsupported"} & answer.keys():
            await self._pages.pop(runtime).close()  # nobody can trust its memory from now on
            raise UnsupportedError(answer["unsupported"]) if "unsupported" in answer else RuntimeError(answer["error"])
        return answer

    async def _page(self, runtime: str) -> Page:
        if self._chromium is None or self._files is None or not self._chromium.is_connected():
            await self._stop()
            self._files, self._chromium = Loopback(self._folders), await self._launch()
        if runtime not in self._pages:
            page = self._pages[runtime] = await self._chromium.new_page()
            await page.route(re.compile(f"^(?!{re.escape(self._files.origin)}/)"), lambda route: route.abort())
            await page.goto(f"{self._files.origin}/web/index.html#{runtime}")
        return self._pages[runtime]

    async def _launch(self) -> Chromium:
        from playwright.async_api import async_playwright

        chromium.prepare()
        self._playwright = await async_playwright().start()
        return await self._playwright.chromium.launch(executable_path=chromium.find(), args=list(chromium.FLAGS))

    async def _stop(self) -> None:
        if self._files:
            self._files.close()
        for part, end in ((self._chromium, "close"), (self._playwright, "stop")):
            if part is not None:
                with suppress(TimeoutError):
                    await asyncio.wait_for(getattr(part, end)(), CLOSING)
        self._files = self._chromium = self._playwright = None
        self._pages = {}


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_forever()
    loop.close()


def _packed(runtime: str, inputs: Tensors) -> dict[str, Packed]:
    held = HELD.get(runtime, {})
    return {name: _pack(value.astype(held.get(value.dtype.kind, value.dtype))) for name, value in inputs.items()}


def _pack(value: npt.NDArray[Any]) -> Packed:
    data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
    return {"dtype": value.dtype.name, "shape": value.shape, "data": data}


def _unpack(packed: Packed) -> npt.NDArray[Any]:
    return np.frombuffer(base64.b64decode(packed["data"]), packed["dtype"]).reshape(packed["shape"])


BROWSER = Browser(float(os.environ.get(VARIABLE, "60")))
