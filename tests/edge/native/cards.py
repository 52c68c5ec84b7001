"""The embedded cards as Kotlin programs, and what an app would give their functions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from catalog.card import Card
from catalog.check import load
from edge.examples import of_sample
from edge.native import records
from edge.native.dialects import KOTLIN
from edge.native.generate import DECODED, generate
from edge.native.kernels.places import whole
from edge.native.kinds import type_name
from edge.native.records import Frame
from edge.pipeline import Pipeline, labels_of
from edge.runtimes import RUNTIMES
from edge.steps.context import Context
from tests.edge.native import kotlin
from tests.edge.native.vectors import array, as_record, picture

MODELS = Path(__file__).parents[3] / "catalog" / "models"
FUNCTION = re.compile(r"^    fun (\w+)\((.*)\): (.+) \{$", re.MULTILINE)
RECORDS = [name for name, value in vars(records).items() if isinstance(value, type)]
KINDS = {type_name(KOTLIN, kind): kind for kind in (*KOTLIN.types, *RECORDS, *(f"list[{name}]" for name in RECORDS))}


def names() -> list[str]:
    """Return the embedded models."""
    return sorted(path.parent.name for path in MODELS.glob("*/card.yaml"))


def text(model: str, language: str) -> str:
    """Return the source that the model's bundle carries."""
    card, folder = load(MODELS / model), MODELS / model
    return generate(card, {one.id: labels_of(one, folder) or [] for one in card.outputs if one.labels}, language)


def functions(source: str) -> dict[str, kotlin.Function]:
    """Return the functions of a card by name, found in its Kotlin."""
    scope = source[source.index("\nobject ") :]
    home = scope.split()[1]
    found = {}
    for name, given, result in FUNCTION.findall(scope):
        kinds = [KINDS[part.split(": ")[1]] for part in given.split(", ") if part]
        found[name] = kotlin.Function(f"{home}.{name}", kinds, KINDS[result])
    return found


def package(model: str) -> str:
    """Return a Kotlin package for the model's file."""
    return model.replace("-", "")


class Run:
    """One sample of a card run in Python: what an app would hold on the way, and what should come out."""

    def __init__(self, model: str) -> None:
        folder = MODELS / model
        self.card: Card = load(folder)
        pipeline = Pipeline(self.card, folder)
        self._value = of_sample(self.card.samples[0], folder).input
        self._context = pipeline.context()
        self.inputs = pipeline.tensors(self._value, self._context)
        self._outputs = pipeline.outputs(RUNTIMES["onnxruntime"].load(folder / "model.onnx"), self.inputs)
        self.result = pipeline.result(self._outputs, self._context)

    @property
    def frame(self) -> Frame | None:
        """Return where the model's picture lies."""
        return self._context.frame and Frame(**vars(self._context.frame))

    def given(self, function: str, parameters: Sequence[str]) -> list[Any]:
        """Return what the app passes to a function of the card."""
        if function != "result":
            return [self._decoded()]
        outputs = [array(self._outputs[one.id]) for one in self.card.outputs]
        return [*outputs, *(self._shared()[kind] for kind in parameters[len(outputs) :])]

    def _decoded(self) -> Any:
        first = self.card.inputs[0].steps[0].id
        if DECODED.get(first) == "Picture":
            return self._picture()
        return as_record(self._context.sound if first in DECODED else self._value)

    def _picture(self) -> Any:
        pixels = self._context.picture
        return pixels is not None and picture(pixels, whole(*pixels.shape[:2]))

    def _shared(self) -> Mapping[str, Any]:
        return {"Frame": self.frame, "Picture": self._picture(), "f64": _seconds(self._context)}


def _seconds(context: Context) -> float | None:
    return context.sound and context.sound.seconds
