"""Reads the cards of `cards.yaml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray

from catalog.card import Card, Step, Tensor
from catalog.check import load

MODELS = Path(__file__).parents[3] / "catalog" / "models"
VALUES = {
    "picture": (MODELS / "digits-detector" / "samples" / "few.png").read_bytes(),
    "sound": (MODELS / "spoken-digits" / "samples" / "three.wav").read_bytes(),
    "text": "One, two: THREE isn't two",
}


class Made(NamedTuple):
    """A card, what a person gives it, and what its model might give."""

    card: Card
    value: Any
    outputs: dict[str, NDArray[Any]]


def made_cards() -> list[Made]:
    """Return them all."""
    rows = yaml.safe_load(Path(__file__).with_name("cards.yaml").read_text("utf-8"))["cards"]
    return [_made(name, row) for name, row in rows.items()]


def _made(name: str, row: Mapping[str, Any]) -> Made:
    inputs, outputs = ([_tensor(*item) for item in row[side].items()] for side in ("inputs", "outputs"))
    outputs[0] = outputs[0].model_copy(update={"labels": row.get("labels")})
    parts = {"id": name, "inputs": inputs, "outputs": outputs, "result": _steps(row.get("result", {}))}
    card = load(MODELS / "digits-cnn").model_copy(update=parts)
    return Made(card, VALUES[row["value"]], {one: _numbers(**given) for one, given in row["outputs"].items()})


def _tensor(name: str, row: Mapping[str, Any]) -> Tensor:
    parts = {"id": name, "dtype": row.get("dtype", "float32"), "axes": [], "state_of": row.get("state_of")}
    return Tensor.model_validate(parts).model_copy(update={"steps": _steps(row.get("steps", {}))})


def _steps(rows: Mapping[str, Any]) -> list[Step]:
    return [Step(id=name, kwargs=kwargs) for name, kwargs in rows.items()]


def _numbers(shape: Sequence[int], dtype: str = "float32", most: float = 1, **_: Any) -> NDArray[Any]:
    return (np.random.default_rng(7).random(shape) * most).astype(dtype)
