"""A card's smaller variants, made and measured: what `quantize.search` is given to search with."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from catalog.card import Card, Precision
from catalog.source import fetch
from converters.errors import ConversionError
from converters.formats import FORMATS
from edge.examples import Example, of_file
from edge.metrics import LOWER_IS_BETTER
from edge.pipeline import Pipeline
from edge.resampling import mean_of, resampled
from edge.runtimes import RUNTIMES, Session, Tensors
from quantize import recipes
from quantize.search import Budget, Measured, RefusedError, Row, Variant, refuse_overlap, search
from quantize.sensitivity import Sensitivity, sensitivities
from scripts import imported
from scripts.predict import Model

AGREEMENT = "agreement"  # with fp32 on the best class: the metric of samples without labels
WEIGHTS_ALONE = {"onnx": {"w8": "w8_per_channel", "w4": "w4_block32"}}  # no card asks for these precisions yet
MIXED = {  # recipe → how the other layers are quantised, and how many of the most sensitive stay in float
    f"w8a8_mixed{base.removeprefix('w8a8')}_{count}": (recipes.STATIC[base], count)
    for base in ("w8a8_per_channel_minmax", "w8a8_per_channel_percentile_equalized_corrected")
    for count in (2, 4, 8)
}


class Search:
    """The search of one card; raises ValueError where samples overlap, or there is nothing to measure on.

    `unlabelled` are inputs as a person has them, by name, to measure agreement on; without any it is measured, like
    every other metric, on the card's evaluation file.
    """

    def __init__(self, model: Model, budget: Budget, unlabelled: Mapping[str, Any]) -> None:
        if unlabelled and budget.metric != AGREEMENT:
            raise ValueError(
                f"{budget.metric}: expected inputs with labels, got files without: give --largest-drop too"
            )
        self._card, self._budget = model.card, budget
        self._pipeline, self._task, self._inputs = Pipeline(model.card, model.folder), model.task, model.folder
        self._examples = {} if unlabelled else self._of_file(self._evaluation_file())
        self._samples = dict(unlabelled) or {name: one.input for name, one in self._examples.items()}
        self._source = imported.load(model.card, fetch(model.card.source, model.folder))
        self._files: dict[Variant, Path] = {}
        self._models: dict[str, ir.Model] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="edgewise-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        name = model.card.edge.calibration
        self._calibration_samples = {place: one.input for place, one in (self._of_file(name) if name else {}).items()}
        refuse_overlap(self._calibration_samples, self._samples)

    def rows(self, formats: Iterable[str]) -> list[Row]:
        """Try everything that these formats have."""
        variants = [variant for name in formats for variant in self._variants(name)]
        return search(variants, self._budget, self._make, self._measure)

    def _variants(self, name: str) -> Iterator[Variant]:
        for precision, recipe in {**FORMATS[name].recipes, **WEIGHTS_ALONE.get(name, {})}.items():
            names = [*recipes.STATIC, *MIXED] if precision == Precision.W8A8.value else [recipe]
            yield from (Variant(name, precision, each) for each in names)

    def _make(self, variant: Variant) -> int:
        row = FORMATS[variant.format]
        if missing := RUNTIMES[row.runtimes[0]].missing():
            raise RefusedError(missing)
        try:
            exported = row.export(self._model(variant.recipe), precision=variant.precision)
        except (ConversionError, ValueError) as error:
            raise RefusedError(str(error)) from error
        stem = f"{variant.format}/{variant.precision}.{variant.recipe}"
        paths = {self._folder / f"{stem}{ending}": data for ending, data in exported.files.items()}
        for path, data in paths.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        self._files[variant] = min(paths)
        return sum(map(len, paths.values()))

    def _model(self, recipe: str) -> ir.Model:
        """Return the graph that a recipe gives; all formats are written from the same."""
        if recipe not in self._models:
            if recipe in MIXED and not self._calibration:
                raise ValueError(f"recipe {recipe}: expected edge.calibration in the card, got none: name a file there")
            if recipe in MIXED:
                static, count = MIXED[recipe]
                kept = [one.layer for one in self._sensitivities[:count]]
                self._models[recipe] = static(self._source, self._calibration, kept=kept)
            else:
                self._models[recipe] = recipes.apply(recipe, self._source, self._calibration)
        return self._models[recipe]

    def _measure(self, variant: Variant) -> Measured:
        session = RUNTIMES[FORMATS[variant.format].runtimes[0]].load(self._files[variant])
        if self._budget.metric == AGREEMENT:
            equal = np.array([self._best(session, value) for value in self._samples.values()]) == self._fp32
            of = mean_of(equal.astype(np.float64))
        else:
            examples = self._examples.values()
            results = [(self._pipeline.predict(session, example.input), example) for example in examples]
            of = resampled(self._budget.metric, results)
        count = len(self._samples)
        return Measured(of(np.arange(count)), count, of)

    @cached_property
    def _fp32(self) -> NDArray[np.int64]:
        """Return the best class of each sample by the source in onnxruntime."""
        self._make(exact := Variant("onnx", Precision.FP32.value, "none"))
        session = RUNTIMES["onnxruntime"].load(self._files[exact])
        return np.array([self._best(session, value) for value in self._samples.values()])

    def _best(self, session: Session, value: Any) -> int:
        outputs = self._pipeline.outputs(session, self._tensors(value))
        return int(outputs[self._card.outputs[0].id].argmax())

    def _tensors(self, value: Any) -> Tensors:
        return self._pipeline.tensors(value, self._pipeline.context())

    @cached_property
    def _sensitivities(self) -> list[Sensitivity]:
        return sensitivities(self._source, self._calibration)

    @cached_property
    def _calibration(self) -> list[Tensors]:
        return [self._tensors(value) for value in self._calibration_samples.values()]

    def _of_file(self, name: str) -> dict[str, Example]:
        """Return the lines of a file, by name and number."""
        examples = of_file(self._inputs / name, self._task)
        return {f"{name}:{number}": example for number, example in enumerate(examples, start=1)}

    def _evaluation_file(self) -> str:
        for claim in self._card.evaluation:
            if claim.file and self._budget.metric in (claim.metric, AGREEMENT):
                return claim.file
        raise ValueError(
            f"{self._card.id}: expected an evaluation of {self._budget.metric} that names a file, got none: "
            "add one to the card, or name files to measure agreement on"
        )


def budget_of(card: Card, largest_drop: float | None, minimum_samples: int) -> Budget:
    """Return the card's budget, or with `largest_drop` one of agreement with fp32."""
    if largest_drop is not None:
        return Budget(AGREEMENT, largest_drop, minimum_samples)
    own = card.accuracy_budget
    if own is None:
        raise ValueError(f"{card.id}: expected accuracy_budget in the card, got none: add it, or give --largest-drop")
    return Budget(own.metric, own.largest_drop, own.minimum_samples, own.metric in LOWER_IS_BETTER)
