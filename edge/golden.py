"""Golden vectors: the inputs and outputs of the fp32 source that every artefact is held against."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from catalog.card import Card
from edge.examples import of_sample
from edge.pipeline import Pipeline
from edge.runtimes import RUNTIMES, Session, Tensors

INDEX = "index.json"


@dataclass(frozen=True)
class Golden:
    """The tensors of one sample."""

    sample: str
    inputs: Tensors
    outputs: Tensors


def write(card: Card, folder: Path, model: Path, target: Path) -> None:
    """Run every sample of the card through the source in onnxruntime; write `.npy` files and an index to `target`."""
    pipeline, session = Pipeline(card, folder), RUNTIMES["onnxruntime"].load(model)
    index = []
    for number, sample in enumerate(card.samples):
        inputs, outputs = _typical_call(pipeline, session, of_sample(sample, folder).input)
        place = target / str(number)
        index.append(
            {
                "sample": sample.title,
                "inputs": _save(inputs, place / "inputs", target),
                "outputs": _save(outputs, place / "outputs", target),
            }
        )
    (target / INDEX).write_text(json.dumps(index, indent=1) + "\n")


def _typical_call(pipeline: Pipeline, session: Session, value: object) -> tuple[Tensors, Tensors]:
    """Return the inputs and outputs of the call in the middle: there the states of a stream are no longer zero."""
    calls = list(pipeline.calls(session, pipeline.tensors(value, pipeline.context())))
    return calls[len(calls) // 2]


def read(folder: Path) -> Sequence[Golden]:
    """Read what `write` wrote."""
    return list(_read(folder))


def _read(folder: Path) -> Iterator[Golden]:
    for row in json.loads((folder / INDEX).read_text()):
        tensors = [{name: np.load(folder / path) for name, path in row[side].items()} for side in ("inputs", "outputs")]
        yield Golden(row["sample"], *tensors)


def _save(tensors: Tensors, place: Path, root: Path) -> dict[str, str]:
    place.mkdir(parents=True)
    paths = {}
    for number, (name, value) in enumerate(tensors.items()):
        path = place / f"{number}.npy"  # tensor names may hold characters that file names may not
        np.save(path, np.asarray(value, order="C"), allow_pickle=False)
        paths[name] = path.relative_to(root).as_posix()
    return paths
