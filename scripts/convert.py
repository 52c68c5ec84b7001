"""Converts a file of any format that is imported, or a card's, to a format that is exported."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir

from catalog import vocab
from catalog.card import Card
from catalog.check import NAME as CARD
from catalog.check import card_folders
from catalog.check import load as load_card
from catalog.source import fetch
from converters import importers
from converters.errors import in_file
from converters.fold_steps import Steps, fold
from converters.formats import FORMATS
from quantize import recipes
from quantize.prepared import Feeds
from scripts import imported


def find(model: str, catalog: Path, *, with_card: bool) -> tuple[Path, Card | None]:
    """Return the file that `model` means, and its card: a file, a card's folder, or the id of a model.

    Raises ValueError for what is none of these, or with `with_card` has no card; `catalog.source.SourceError` for bytes
    that cannot be had.
    """
    if Path(model).is_file():
        if with_card:
            raise ValueError(f"{model}: expected a model with a card, whose steps can be folded: name its folder or id")
        return Path(model), None
    folder = next((each for each in (Path(model), catalog / model) if (each / CARD).is_file()), None)
    if folder is None:
        known = ", ".join(each.name for each in card_folders(catalog))
        raise ValueError(f"{model}: expected a model file, a card's folder, or one of {known}")
    card: Card = load_card(folder)
    return fetch(card.source, folder), card


def convert(
    source: Path,
    target: Path,
    *,
    to: str,
    precision: str,
    calibration: Path | None = None,
    layout: str = "keep",
    card: Card | None = None,
    fold_steps: bool = False,
) -> list[Path]:
    """Convert `source`, a file of a format in `converters.importers` that its name or `card` tells.

    Write one file to `target`, or several into the folder `target`; return what was written.

    `calibration` is a folder of `.npz` files, each holding the input tensors of one sample by name; `w8a8` needs it
    unless the graph is in QDQ form. `layout` `nhwc` puts the channels of images last. With `fold_steps` the card's
    element-wise steps go into the graph; those that are left are written to `<target>.steps.json`. Raises
    `converters.errors.ConversionError`, or ValueError for a choice that the table of formats does not have, and writes
    nothing then.
    """
    row = FORMATS.get(to)
    if row is None or precision not in row.recipes:
        have = ", ".join(f"{name} ({', '.join(each.recipes)})" for name, each in FORMATS.items())
        raise ValueError(f"expected one of {have}, got {to} ({precision}): choose another")
    if fold_steps and layout != "keep":
        raise ValueError(f"expected layout keep, got {layout}: folded steps take pictures channels last already")
    with in_file(source):
        model = imported.load(card, source) if card else importers.load(source, importers.format_of(source))
        is_quantized = any(node.op_type == "QuantizeLinear" for node in model.graph)
        if not (precision == "w8a8" and is_quantized):
            model = recipes.apply(row.recipes[precision], model, _samples(calibration))
        remaining = fold_card(model, card) if card and fold_steps else None
        written = row.export(model, precision=precision, layout=layout).write(target)
    if remaining:
        notes = target.with_name(f"{target.name}.steps.json")
        notes.write_text(json.dumps(remaining, indent=1, ensure_ascii=False) + "\n", "utf-8")
        written.append(notes)
    return written


def _samples(folder: Path | None) -> Sequence[Feeds]:
    return [dict(np.load(path)) for path in sorted(folder.glob("*.npz"))] if folder else []


def fold_card(model: ir.Model, card: Card) -> dict[str, Any]:
    """Fold the card's steps into the graph and describe what is left to do.

    `{"inputs": {id: {dtype, shape, steps}}, "outputs": the same, "result": steps}`, each step `{id, kwargs}`.
    """
    states = {tensor.state_of for tensor in card.inputs}  # these go back into the model as they are
    inputs = {tensor.id: tensor.steps for tensor in card.inputs}
    outputs = {tensor.id: tensor.steps for tensor in card.outputs if tensor.id not in states}
    left_of_inputs, left_of_outputs = fold(model, inputs, outputs, _dtype_of)
    values = {value.name: value for value in (*model.graph.inputs, *model.graph.outputs)}

    def described(name: str, steps: Steps) -> dict[str, Any]:
        value = values[name]
        shape = [size if isinstance(size, int) else str(size) for size in value.shape or ()]
        return {"dtype": value.dtype and value.dtype.numpy().name, "shape": shape, "steps": _rows(steps)}

    return {
        "inputs": {name: described(name, steps) for name, steps in left_of_inputs.items()},
        "outputs": {one.id: described(one.id, left_of_outputs.get(one.id, one.steps)) for one in card.outputs},
        "result": _rows(card.result),
    }


def _rows(steps: Steps) -> list[dict[str, Any]]:
    return [{"id": step.id, "kwargs": dict(step.kwargs)} for step in steps]


def _dtype_of(steps: Steps) -> str:
    """Say what type the last of an input's steps gives, by the vocabulary; what starts as numbers is float32."""
    for step in reversed(steps):
        gives = str(step.kwargs.get("dtype", vocab.steps()[step.id].gives))
        if named := re.search(r"\bu?int\d+|\bfloat\d+", gives):
            return named[0]
    return "float32"


def left(notes: Path) -> list[str]:
    """Say what an application still has to do around a file with folded steps, by what `convert` wrote beside it."""
    found = json.loads(notes.read_text("utf-8"))
    lines = [
        f"left {place} {name}, {tensor['dtype']} {tensor['shape']}: {_calls(tensor['steps'])}"
        for side, place in (("inputs", "before"), ("outputs", "after"))
        for name, tensor in found[side].items()
    ]
    return [*lines, *([f"left at the end: {_calls(found['result'])}"] if found["result"] else [])]


def _calls(steps: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(map(_call, steps)) or "nothing"


def _call(step: Mapping[str, Any]) -> str:
    """Write a step with those of its parameters that are short: `resize(width=8, height=8)`."""
    shown = [f"{name}={value}" for name, value in step["kwargs"].items() if not isinstance(value, list)]
    return f"{step['id']}({', '.join(shown)})" if shown else str(step["id"])
