"""A card and a loaded artefact become a function from a person's input to the task's result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from catalog.card import Card, Tensor
from edge.runtimes import Session, Tensors
from edge.steps import run_steps


def labels_of(tensor: Tensor, folder: Path) -> list[str] | None:
    """Return the labels of an output, whether they stand in the card or in a file beside it."""
    if isinstance(tensor.labels, str):
        return (folder / tensor.labels).read_text("utf-8").splitlines()
    return tensor.labels


class Pipeline:
    """Runs a card's steps around an artefact, with no code for any one model."""

    def __init__(self, card: Card, folder: Path) -> None:
        self._card = card
        self._labels = {output.id: labels_of(output, folder) for output in card.outputs}

    def tensors(self, value: object) -> Tensors:
        """Turn an encoded image, a text or a row into the input tensors."""
        return {tensor.id: np.asarray(run_steps(tensor.steps, value)) for tensor in self._card.inputs}

    def result(self, outputs: Tensors) -> Any:
        """Turn the output tensors into the task's result; one output gives its value, several a mapping by id."""
        results = {
            tensor.id: run_steps(tensor.steps, outputs[tensor.id], labels=self._labels[tensor.id])
            for tensor in self._card.outputs
        }
        return next(iter(results.values())) if len(results) == 1 else results

    def predict(self, session: Session, value: object) -> Any:
        """Run all of it."""
        return self.result(session(self.tensors(value)))
