"""What a finished build says of a model: its part of the static API, and files of its site."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scripts.inputs import InputError

MODELS = Path("api/v1/models")


def ids(site: Path) -> list[str]:
    """Return the models that the build has files of."""
    return [path.stem for path in sorted((site / MODELS).glob("*.json")) if not _read(path)["unbuilt"]]


def read(site: Path, model_id: str) -> dict[str, Any]:
    """Return `api/v1/models/<id>.json`; raise `InputError` where the build has no files of the model."""
    path = site / MODELS / f"{model_id}.json"
    if not path.exists():
        raise InputError(f"{model_id}: not in the build in {site}: run `edgewise build` first, or check the name")
    api = _read(path)
    if api["unbuilt"]:
        raise InputError(f"{model_id}: the build in {site} has no files of it: {api['unbuilt']}")
    return api


def golden(site: Path, api: dict[str, Any]) -> dict[str, Path]:
    """Return the first golden input, an `.npy` file by tensor; raise `InputError` where there is none."""
    if not api["golden"]:
        raise InputError(f"{api['card']['id']}: no golden input in {site}: give the card a sample and build again")
    return {name: site / path for name, path in api["golden"][0]["inputs"].items()}


def _read(path: Path) -> dict[str, Any]:
    api: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return api
