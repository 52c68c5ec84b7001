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


def link_mirror(folder: Path) -> Path:
    """Fill `folder` with links to every mirrored file and sample by its digest, as `EDGEWISE_MIRROR` has them."""
    samples = json.loads(_file(SHARED / "samples" / "samples.json").read_text("utf-8"))
    files = {row["sha256"]: SHARED / "samples" / row["file"] for row in samples}
    files |= {path.name: path for path in (SHARED / "mirror" / "sha256").iterdir()}
    (folder / "sha256").mkdir(parents=True, exist_ok=True)
    for digest, path in files.items():
        link = folder / "sha256" / digest
        link.unlink(missing_ok=True)
        link.symlink_to(path)
    return folder


def sample(name: str) -> bytes:
    """Return a sample's bytes."""
    return _file(SHARED / "samples" / name).read_bytes()


def reference(name: str) -> str:
    """Return the text of another catalog's file."""
    return _file(SHARED / "reference" / name).read_text("utf-8")


def _file(path: Path) -> Path:
    if not path.is_file():
        pytest.skip(f"no {path.name} in {SHARED}")
    return path
