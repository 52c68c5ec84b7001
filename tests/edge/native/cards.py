"""Cards as Kotlin programs: what an app would give their functions, and what should come out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

from catalog.card import Card
from catalog.check import load
from edge.examples import of_sample
from edge.native import records
from edge.native.dialects import KOTLIN
from edge.native.generate import generate
from edge.native.kernels.given import picture_of, sound_of
from edge.native.kinds import camel, type_name
from edge.native.records import Frame
from edge.pipeline import Pipeline, labels_of
from edge.runtimes import RUNTIMES, Tensors
from tests.edge.native import kotlin
from tests.edge.native.made import MODELS, made_cards
from tests.edge.native.vectors import array, as_record
from tests.steps.codec import FILES

FUNCTION = re.compile(r"^    fun (\w+)\((.*)\): (.+) \{$", re.MULTILINE)
RECORDS = [name for name, value in vars(records).items() if is_dataclass(value)]
KINDS = {type_name(KOTLIN, kind): kind for kind in (*KOTLIN.types, *RECORDS, *(f"list[{name}]" for name in RECORDS))}


@cache
def runs() -> Mapping[str, Run]:
    """Return cards by id: those of the catalog that bring their weights, and those made for the test."""
    embedded = [_embedded(path.parent) for path in sorted(MODELS.glob("*/model.onnx"))]
    made = [Run(one.card, FILES, one.value, dict(one.outputs)) for one in made_cards()]
    return {run.card.id: run for run in (*embedded, *made)}


def _embedded(folder: Path) -> Run:
    card = load(folder)
    return Run(card, folder, of_sample(card.samples[0], folder).input, None)


class Run:
    """A card run in Python: what an app would hold on the way, and what should come out."""

    def __init__(self, card: Card, folder: Path, value: Any, outputs: Tensors | None) -> None:
        self.card, self._folder, self._value, self._outputs = card, folder, value, outputs
        self._pipeline = Pipeline(card, folder)
        self._context = self._pipeline.context()
        self.package = card.id.replace("-", "")

    def text(self, language: str) -> str:
        """Return the source that the card's bundle carries."""
        labels = {one.id: labels_of(one, self._folder) or [] for one in self.card.outputs if one.labels}
        return generate(self.card, labels, language)

    def functions(self) -> dict[str, kotlin.Function]:
        """Return the functions of the card by name, found in its Kotlin; of two of a name the first."""
        text = self.text("kotlin")
        scope = text[text.index("\nobject ") :]
        found: dict[str, kotlin.Function] = {}
        for name, given, result in FUNCTION.findall(scope):
            kinds = [KINDS[part.split(": ")[1]] for part in given.split(", ") if part]
            found.setdefault(name, kotlin.Function(f"{scope.split()[1]}.{name}", kinds, KINDS[result]))
        return found

    def expected(self) -> tuple[Tensors, Any]:
        """Run the card; return the inputs in its order, and the result."""
        inputs = self._pipeline.tensors(self._value, self._context)
        if self._outputs is None:
            session = RUNTIMES["onnxruntime"].load(self._folder / "model.onnx")
            self._outputs = self._pipeline.outputs(session, inputs)
        return inputs, self._pipeline.result(self._outputs, self._context)

    @property
    def frame(self) -> Frame | None:
        """Return where the model's picture lies, after the card has run."""
        return self._context.frame and Frame(**vars(self._context.frame))

    def given(self, kinds: Sequence[str], outputs: bool) -> list[Any]:
        """Return what the app passes to a function with these parameters, after the card has run."""
        first = [array(one) for one in (self._outputs or {}).values()] if outputs else [self._decoded()]
        return [*first, *map(self._left, kinds[len(first) :])][: len(kinds)]

    def _decoded(self) -> Any:
        first, heard = self.card.inputs[0].steps[0].id, self._context.sound
        if first == "decode_audio" and heard is not None:
            return sound_of(heard.samples.reshape(-1), heard.samples.shape[1], heard.rate)
        return self._left("Picture") if first == "decode_image" else as_record(self._value)

    def _left(self, kind: str) -> Any:
        """Return what steps need beside their value."""
        if kind == "Bytes":
            return bytearray((FILES / "vocabulary.txt").read_bytes())
        if kind == "Picture" and self._context.picture is not None:
            height, width, _ = self._context.picture.shape
            return picture_of(height, width, bytearray(self._context.picture.tobytes()))
        return self._context.sound.seconds if kind == "f64" and self._context.sound else self.frame


def function_of(tensor: str, names: Sequence[str]) -> str:
    """Return the function of an input: named as it is, or, where that name is taken, with `tensor` before it."""
    name = camel(tensor)
    return name if name in names else camel(f"tensor_{tensor}")
