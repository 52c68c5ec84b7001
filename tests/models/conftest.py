"""Models that others publish, ready to run through their cards alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalog import source
from catalog.check import load
from edge.pipeline import Pipeline
from edge.runtimes import RUNTIMES, Tensors
from scripts import imported

CATALOG = Path(__file__).parents[2] / "catalog" / "models"


class Published:
    """A card with its files beside it and its weights imported; nothing else knows of the model."""

    def __init__(self, model: str, folder: Path) -> None:
        self.card = load(CATALOG / model)
        source.gather(self.card, CATALOG / model, folder, offline=True)
        weights = folder / "imported.onnx"
        imported.save(self.card, source.fetch(self.card.source, folder, offline=True), weights)
        self._session = RUNTIMES["onnxruntime"].load(weights)
        self._pipeline = Pipeline(self.card, folder)

    def __call__(self, value: object) -> Any:
        """Return what the model finds in what a person has."""
        return self._pipeline.predict(self._session, value)

    def outputs(self, value: object) -> Tensors:
        """Return the tensors that it is found from."""
        return self._pipeline.outputs(self._session, self._pipeline.tensors(value, self._pipeline.context()))


@pytest.fixture(scope="session")
def model(mirror: Path | None, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Published]:
    """A function from a model's id to the model, imported when first asked for; skips where weights are absent."""
    if mirror is None:
        pytest.skip("no weights that others publish are here")
    made: dict[str, Published] = {}

    def get(name: str) -> Published:
        if name not in made:
            made[name] = Published(name, tmp_path_factory.mktemp(name))
        return made[name]

    return get
