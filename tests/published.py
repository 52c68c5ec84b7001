"""Published models in the form of cards, so that tests run their real weights through steps alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from catalog.card import Step
from edge.pipeline import Pipeline
from edge.runtimes import RUNTIMES
from tests.shared import mirrored, published, sample

SIGNATURES = {"movenet-lightning-int8": {"inputs": [{"name": "input"}], "outputs": [{"name": "output_0"}]}}


def steps(*rows: tuple[str, Mapping[str, Any]] | str) -> list[Step]:
    """Steps as a card lists them; a name alone has no parameters."""
    return [Step(id=row) if isinstance(row, str) else Step(id=row[0], kwargs=row[1]) for row in rows]


def model(name: str, before: Sequence[Any], behind: Sequence[Any], labels: Sequence[str] | None) -> Any:
    """A function from a photo to the result: `behind` are the steps of the first output, or join all of them."""
    row = published(name) | SIGNATURES.get(name, {})
    runtime = "onnxruntime" if row["format"] == "onnx" else "litert"
    joins = behind[0][0] in ("decode_grid_boxes", "decode_dfl_boxes", "take_boxes", "take_detections")
    outputs = [
        SimpleNamespace(id=tensor["name"], steps=[] if joins or i else steps(*behind), labels=labels)
        for i, tensor in enumerate(row["outputs"])
    ]
    given = SimpleNamespace(id=row["inputs"][0]["name"], steps=steps(*before), state_of=None, stream=False)
    card = SimpleNamespace(inputs=[given], outputs=outputs, result=steps(*behind) if joins else [])
    session = RUNTIMES[runtime].load(mirrored(row["sha256"]))
    return lambda photo: Pipeline(card, Path()).predict(session, sample(photo))
