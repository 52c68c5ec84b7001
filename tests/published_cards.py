"""Models that others publish, through their cards alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from catalog.card import Card, Step
from edge.pipeline import Pipeline
from edge.runtimes import Tensors
from scripts.predict import Model

CATALOG = Path(__file__).parents[1] / "catalog" / "models"


class Published:
    """A card with its weights imported and its files beside it, as `edgewise run` has them."""

    def __init__(self, name: str) -> None:
        self._model = Model(CATALOG, name)
        self.card, self.folder = self._model.card, self._model.folder
        self.session = self._model.session(("onnx", None), Path())

    def __call__(self, value: object, card: Card | None = None) -> Any:
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
