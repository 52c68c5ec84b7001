"""The runtimes that artefacts are run in: the real ones, installed or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy.typing as npt

Tensors = dict[str, npt.NDArray[Any]]
Session = Callable[[Tensors], Tensors]  # inputs by name → outputs by name

PACKAGES = Path(__file__).parents[2] / "site" / "node_modules"


class UnsupportedError(Exception):
    """A runtime can take no file of this kind, however good; says which kind."""


class Runtime(Protocol):
    """One row of the table."""

    @property
    def name(self) -> str:
        """Return what cards, pages and the API call it."""

    def missing(self) -> str | None:
        """Return why it cannot be run here and what to do, or None where it can."""

    def version(self) -> str:
        """Return the version, of a runtime that is not missing."""

    def load(self, path: Path) -> Session:
        """Load an artefact; this or the first run raises what the runtime raises when it cannot."""


@dataclass(frozen=True)
class Native:
    """A runtime in this process: `module` holds `load(path, *, threads) -> Session` and is imported when first used."""

    name: str
    module: str
    distribution: str  # whose version is reported

    def missing(self) -> str | None:
        """Tell whether the distribution is installed."""
        try:
            version(self.distribution)
        except PackageNotFoundError:
            return f"{self.distribution} is not installed: run `pip install {self.distribution}`"
        return None

    def version(self) -> str:
        """Return the version of the installed distribution."""
        return version(self.distribution)

    def load(self, path: Path, *, threads: int = 1) -> Session:
        """Load an artefact; raises what the runtime raises when it cannot."""
        load: Callable[..., Session] = import_module(self.module).load
        return load(path, threads=threads)


@dataclass(frozen=True)
class Web:
    """A runtime in a headless browser: `web/<name>.mjs` loads it there."""

    name: str
    packages: tuple[str, ...]  # of npm; the first one's version is reported

    def missing(self) -> str | None:
        """Tell whether the packages, Playwright and a browser are there."""
        from edge.runtimes import chromium

        absent = [package for package in self.packages if not (PACKAGES / package).is_dir()]
        if absent:
            return f"{absent[0]} is not installed: run `npm ci --prefix site`"
        if find_spec("playwright") is None:
            return "Playwright is not installed: run `pip install playwright`"
        try:
            chromium.version()
        except chromium.MissingError as error:
            return str(error)
        return None

    def version(self) -> str:
        """Return the versions of the package and of the browser, such as `4.22.0, Chromium 156.0.8078.108`."""
        from edge.runtimes import chromium

        package = json.loads((PACKAGES / self.packages[0] / "package.json").read_text("utf-8"))
        return f"{package['version']}, {chromium.version()}"

    def load(self, path: Path) -> Session:
        """Return what runs the artefact in the browser, which starts at the first run."""
        from edge.runtimes.browser import BROWSER

        return BROWSER.load(self.name, path)


TFJS = tuple(f"@tensorflow/tfjs-{part}" for part in ("core", "converter", "backend-wasm"))
ROWS: tuple[Runtime, ...] = (
    Native("onnxruntime", "edge.runtimes.ort", "onnxruntime"),
    Web("onnxruntime-web", ("onnxruntime-web",)),
    Native("litert", "edge.runtimes.litert", "ai-edge-litert"),
    Web("litert-js", ("@litertjs/core", "@litertjs/wasm-utils")),
    Web("tfjs-wasm", TFJS),
)
RUNTIMES: Mapping[str, Runtime] = {row.name: row for row in ROWS}


def state(runtime: str) -> str:
    """Return the version of a runtime, or why it cannot be run here: what it gives changes when this does."""
    row = RUNTIMES[runtime]
    return row.missing() or row.version()
