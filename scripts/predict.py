"""`edgewise run`: a card's model on what a person has, with the result as words, as JSON, or drawn."""

from __future__ import annotations

import itertools
import re
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from catalog import source
from catalog.card import Card
from catalog.check import NAME, card_folders, load
from catalog.vocab import tasks
from edge.draw import DRAWINGS
from edge.pipeline import Pipeline
from edge.runtimes import RUNTIMES, Session
from edge.steps import StepError
from scripts import built, imported
from scripts.inputs import Given, InputError


@dataclass(frozen=True)
class Prediction:
    """One input with its result, or what was wrong with it; `picture` is the original, where there is one."""

    name: str
    result: Any = None
    picture: Any = None
    error: str | None = None


class Model:
    """A card of the catalog, ready to run."""

    def __init__(self, catalog: Path, model_id: str) -> None:
        folder = catalog / model_id
        if not (folder / NAME).exists():
            known = ", ".join(each.name for each in card_folders(catalog))
            raise InputError(f"{model_id}: no such model: choose one of {known}")
        self.card: Card = load(folder)
        self.task = tasks()[self.card.pipeline_tag]
        self.folder = self._gathered(folder) if self.card.files else folder

    def _gathered(self, folder: Path) -> Path:
        """Return a folder that lasts as long as this model, with what others publish beside the card's own files."""
        place = Path(tempfile.mkdtemp(prefix="edgewise-"))
        weakref.finalize(self, shutil.rmtree, place, ignore_errors=True)
        source.gather(self.card, folder, place)
        return place

    def session(self, artefact: tuple[str, str | None], site: Path) -> Session:
        """Load the imported source for ONNX in its own precision, and any other file from a built site."""
        own = str(self.card.source.precision)
        artefact = (artefact[0], artefact[1] or own)
        if artefact == ("onnx", own):
            with tempfile.TemporaryDirectory() as place:
                model = Path(place, "imported.onnx")
                imported.save(self.card, source.fetch(self.card.source, self.folder), model)
                return RUNTIMES["onnxruntime"].load(model)
        api = built.read(site, self.card.id)
        rows = {(row["format"], row["precision"]): row for row in api["artefacts"]}
        if artefact not in rows:
            there = ", ".join(" ".join(key) for key in rows)
            raise InputError(f"{self.card.id}: expected one of {there}, got {' '.join(artefact)}")
        return RUNTIMES[rows[artefact]["runtimes"][0]].load(site / rows[artefact]["file"])

    def predict(self, session: Session, inputs: Sequence[Given], done: Callable[[], None]) -> Iterator[Prediction]:
        """Run each input; one that cannot be read or taken does not stop the others."""
        pipeline = Pipeline(self.card, self.folder)
        for given in inputs:
            context = pipeline.context()
            try:
                tensors = pipeline.tensors(self._typed(given.read()), context)
                result = pipeline.result(pipeline.outputs(session, tensors), context)
                yield Prediction(given.name, result, context.picture)
            except (InputError, StepError) as error:
                yield Prediction(given.name, error=str(error).removeprefix(f"{given.name}: "))
            done()

    def _typed(self, value: Any) -> Any:
        """Turn the words of a row that stand for numbers into numbers; categories stay words."""
        if self.task["input"] != "row" or not isinstance(value, Mapping):
            return value
        columns = (step.kwargs.get("columns", []) for tensor in self.card.inputs for step in tensor.steps)
        categories = {column["name"] for found in columns for column in found if "categories" in column}
        return {name: part if name in categories else _number(part) for name, part in value.items()}


def _number(text: Any) -> Any:
    try:
        return float(text) if isinstance(text, str) else text
    except ValueError:
        return text


def as_json(value: Any) -> Any:
    """Turn a result into what JSON can hold: vectors whole, pictures as their shape and type."""
    if isinstance(value, np.ndarray):
        return value.ravel().tolist() if value.ndim <= 2 and 1 in (*value.shape, value.ndim) else _outline(value)
    if isinstance(value, Mapping):
        return {name: as_json(part) for name, part in value.items()}
    return [as_json(part) for part in value] if isinstance(value, list) else value


def _outline(array: Any) -> dict[str, Any]:
    return {"shape": list(array.shape), "dtype": array.dtype.name}


def write(kind: str, prediction: Prediction, folders: Mapping[str, Path | None]) -> dict[str, str]:
    """Write what is asked for (`drawn`, `saved`) of a prediction that succeeded into the folders; return the paths."""
    writers = {"drawn": lambda folder: draw(kind, prediction, folder), "saved": lambda folder: save(prediction, folder)}
    asked = {name: folder for name, folder in folders.items() if folder is not None and prediction.error is None}
    return {name: str(writers[name](folder)) for name, folder in asked.items()}


def draw(kind: str, prediction: Prediction, folder: Path) -> Path:
    """Write what was found over the picture as PNG into a folder; return its path."""
    if kind not in DRAWINGS:
        raise InputError(f"results of this task ({kind}) are not drawn: leave --draw out")
    try:
        drawn: Image.Image = DRAWINGS[kind](prediction.result, prediction.picture)
    except ValueError as error:
        raise InputError(f"{prediction.name}: {error}: leave --draw out") from error
    path = _new_file(folder, prediction, ".png")
    drawn.save(path)
    return path


def save(prediction: Prediction, folder: Path) -> Path:
    """Write the array of a result, such as an embedding or the classes of a mask, as `.npy` into a folder."""
    result = prediction.result
    parts = result.values() if isinstance(result, Mapping) else [result]
    arrays = [part for part in parts if isinstance(part, np.ndarray)]
    if not arrays:
        raise InputError(f"{prediction.name}: the result holds no array: leave --save out, and use --json")
    path = _new_file(folder, prediction, ".npy")
    np.save(path, arrays[0], allow_pickle=False)
    return path


def _new_file(folder: Path, prediction: Prediction, ending: str) -> Path:
    """Return a path, named after the input, at which nothing is yet."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^\w.-]+", "_", Path(prediction.name).stem) or "input"
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
    return next(path for name in names if not (path := folder / f"{name}{ending}").exists())
