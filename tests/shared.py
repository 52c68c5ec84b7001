"""Samples and weights that are not part of this repository; tests marked `shared` are skipped where they are absent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).parents[2] / "shared"


def published(model: str) -> dict[str, Any]:
    """Return the row of a mirrored model: its source, licence, tensors and evidence."""
    index = _file(SHARED / "mirror" / "index.json")
    return next(row for row in json.loads(index.read_text("utf-8")) if row["id"] == model)


def mirrored(sha256: str) -> Path:
    """Return a mirrored file."""
    return _file(SHARED / "mirror" / "sha256" / sha256)


def sample(name: str) -> bytes:
    """Return a sample's bytes."""
    return _file(SHARED / "samples" / name).read_bytes()


def _file(path: Path) -> Path:
    if not path.is_file():
        pytest.skip(f"no {path.name} in {SHARED}")
    return path
