"""Rows of `api/v1/models/<id>.json`: what a build made of a card, by the places that the site has it at."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from catalog.card import Sample
from scripts.cache import file_digest
from scripts.plan import Artefact, Row


def artefact_row(model_id: str, row: Row) -> dict[str, Any]:
    """Return an artefact with its files, what its runs gave, and its sizes in bytes."""
    artefact, export = row.artefact, row.artefact.export
    main, *further = [_part(model_id, path, artefact.folder) for path in artefact.files]
    return {
        "format": export.format.name,
        "precision": export.precision,
        "recipe": export.recipe,
        **main,
        "bytes": sum(path.stat().st_size for path in artefact.files),
        "download_bytes": sum(len(gzip.compress(path.read_bytes(), 6)) for path in artefact.files),
        "further": further,
        "runtimes": list(export.format.runtimes),
        "parity": row.parity,
        "accuracy": row.accuracy,
    }


def _part(model_id: str, path: Path, folder: Path) -> dict[str, str]:
    place = f"models/{model_id}/files/{path.relative_to(folder).as_posix()}"
    return {"file": place, "sha256": file_digest(path)}


def refusal_row(artefact: Artefact) -> dict[str, Any]:
    """Return what a format refused, and why."""
    export = artefact.export
    return {"format": export.format.name, "precision": export.precision, "reason": artefact.refusal}


def golden_row(model_id: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the golden vectors of one sample, from their index."""

    def placed(paths: Mapping[str, str]) -> dict[str, str]:
        return {name: f"models/{model_id}/golden/{path}" for name, path in paths.items()}

    return {"sample": row["sample"], "inputs": placed(row["inputs"]), "outputs": placed(row["outputs"])}


def sample_row(model_id: str, sample: Sample) -> dict[str, Any]:
    """Return a sample as the card has it, its file where the site has it."""
    place = f"models/{model_id}/samples/{Path(sample.file).name}" if sample.file else None
    return sample.model_dump(mode="json") | {"file": place}
