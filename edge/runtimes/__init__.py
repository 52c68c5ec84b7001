"""The runtimes that artefacts are run in: the real ones, installed or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy.typing as npt

Tensors = dict[str, npt.NDArray[Any]]
Session = Callable[[Tensors], Tensors]  # inputs by name → outputs by name


@dataclass(frozen=True)
class Runtime:
    """One row: `module` holds `load(path) -> Session` and is imported when first used."""

    name: str
    module: str
    distribution: str  # whose version is reported

    def version(self) -> str:
        """Return the version of the installed distribution."""
        return version(self.distribution)

    def load(self, path: Path) -> Session:
        """Load an artefact; raises what the runtime raises when it cannot."""
        load: Callable[[Path], Session] = import_module(self.module).load
        return load(path)


RUNTIMES: Mapping[str, Runtime] = {
    row.name: row
    for row in (
        Runtime("onnxruntime", "edge.runtimes.ort", "onnxruntime"),
        Runtime("litert", "edge.runtimes.litert", "ai-edge-litert"),
    )
}
