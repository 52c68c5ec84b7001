"""Models that others publish, through their cards alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from catalog import source
from catalog.card import Card, Step
from catalog.check import load
from edge.pipeline import Pipeline
from edge.runtimes import RUNTIMES, Session, Tensors
from scripts import imported

CATALOG = Path(__file__).parents[1] / "catalog" / "models"


class Published:
    """A card with its weights and files, ready to run."""

    def __init__(self, model: str, folder: Path) -> None:
        self.card: Card = load(CATALOG / model)
        self.folder = folder
        source.gather(self.card, CATALOG / model, folder, offline=True)
        path = folder / "imported.onnx"
        imported.save(self.card, source.fetch(self.card.source, folder, offline=True), path)
        self.session: Session = RUNTIMES["onnxruntime"].load(path)

    def predict(self, value: object, card: Card | None = None) -> Any:
        """The task's result; `card` stands in for the model's own."""
        return Pipeline(card or self.card, self.folder).predict(self.session, value)

    def outputs(self, value: object, card: Card | None = None) -> Tensors:
        """What the model itself gives."""
        pipeline = Pipeline(card or self.card, self.folder)
        return pipeline.outputs(self.session, pipeline.tensors(value, pipeline.context()))

    def with_step(self, name: str, step: Step) -> Card:
        """The card with one step of its input exchanged."""
        [tensor] = self.card.inputs
        steps = [step if one.id == name else one for one in tensor.steps]
        return self.card.model_copy(update={"inputs": [tensor.model_copy(update={"steps": steps})]})

    @classmethod
    def each_once(cls, mirror: Path, folders: pytest.TempPathFactory) -> Iterator[Callable[[str], Self]]:
        """Give a function from a model's id to it, for a fixture; bytes come from the mirror."""
        made: dict[str, Self] = {}
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("EDGEWISE_MIRROR", str(mirror))
            yield lambda name: made.get(name) or made.setdefault(name, cls(name, folders.mktemp(name)))
