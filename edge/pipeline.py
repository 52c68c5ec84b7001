"""A card and a loaded artefact become a function from a person's input to the task's result."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from catalog.card import Card, Tensor
from edge.runtimes import Session, Tensors
from edge.steps import Context, run_steps
from edge.steps.errors import Array


def labels_of(tensor: Tensor, folder: Path) -> list[str] | None:
    """Return the labels of an output, whether they stand in the card or in a file beside it."""
    if isinstance(tensor.labels, str):
        return (folder / tensor.labels).read_text("utf-8").splitlines()
    return tensor.labels


class Pipeline:
    """Runs a card's steps around an artefact, with no code for any one model."""

    def __init__(self, card: Card, folder: Path) -> None:
        self._card, self._folder = card, folder
        self._labels = {output.id: labels_of(output, folder) for output in card.outputs}
        self._states = {tensor.id: tensor.state_of for tensor in card.inputs if tensor.state_of}
        self._streams = {tensor.id: len(tensor.axes) for tensor in card.inputs if tensor.stream}

    def context(self) -> Context:
        """Return what the steps of one run share."""
        return Context(folder=self._folder)

    def tensors(self, value: object, context: Context) -> Tensors:
        """Turn a file's bytes, a text or a row into the input tensors; states begin as zeros."""
        given = {t.id: np.asarray(run_steps(t.steps, value, context)) for t in self._card.inputs if not t.state_of}
        return given | {t.id: _zeros(t) for t in self._card.inputs if t.state_of}

    def calls(self, session: Session, inputs: Tensors) -> Iterator[tuple[Tensors, Tensors]]:
        """Run the model once, or once a row of its streams with the states it left; yield inputs and outputs."""
        rows = {len(inputs[name]) for name in self._streams}
        if len(rows) > 1:
            raise ValueError(f"streams {[*self._streams]}: expected as many rows in each, got {sorted(rows)}")
        for row in range(rows.pop() if rows else 1):
            given = inputs | {name: _row(inputs[name], row, rank) for name, rank in self._streams.items()}
            outputs = session(given)
            yield given, outputs
            inputs = inputs | {name: outputs[state_of] for name, state_of in self._states.items()}

    def outputs(self, session: Session, inputs: Tensors) -> Tensors:
        """Run all calls and put their outputs together along the first axis; of states the last counts."""
        results = [outputs for _, outputs in self.calls(session, inputs)]
        kept = self._states.values()
        return {
            name: last if len(results) == 1 or name in kept else np.concatenate([one[name] for one in results])
            for name, last in results[-1].items()
        }

    def result(self, outputs: Tensors, context: Context) -> Any:
        """Turn the output tensors into the task's result."""
        values = {}
        for tensor in self._card.outputs:
            context.labels = self._labels[tensor.id]
            values[tensor.id] = run_steps(tensor.steps, outputs[tensor.id], context)
        if not self._card.result:
            return next(iter(values.values()))
        context.labels = next(filter(None, self._labels.values()), None)
        return run_steps(self._card.result, values, context)

    def predict(self, session: Session, value: object) -> Any:
        """Run all of it."""
        context = self.context()
        return self.result(self.outputs(session, self.tensors(value, context)), context)


def _row(value: Array, row: int, rank: int) -> Array:
    """Return a row as a batch of one, or without that axis where the tensor has one axis less."""
    return value[row : row + 1] if value.ndim == rank else value[row]


def _zeros(tensor: Tensor) -> Array:
    sizes = [axis.size if isinstance(axis.size, int) else axis.size.min for axis in tensor.axes]
    return np.zeros(sizes, tensor.dtype)
