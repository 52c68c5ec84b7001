"""The bytes a card names: a file in its folder, or a mirror laid out by sha256."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from catalog.card import Source


class SourceError(Exception):
    """The bytes cannot be had, or are not those the card names."""


def fetch(source: Source, folder: Path) -> Path:
    """Return a local file with exactly the bytes of `source`; raise SourceError otherwise."""
    path = folder / source.file if source.file else _in_mirror(source)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != source.sha256:
        raise SourceError(
            f"{path}: expected sha256 {source.sha256}, got {digest}: restore the file or correct the card"
        )
    return path


def _in_mirror(source: Source) -> Path:
    mirror = os.environ.get("EDGEWISE_MIRROR")
    if mirror is None:
        raise SourceError(
            f"{source.url}: not at hand; name a folder that holds sha256/{source.sha256} in EDGEWISE_MIRROR"
        )
    path = Path(mirror, "sha256", source.sha256)
    if not path.is_file():
        raise SourceError(f"{source.url}: the mirror {mirror} holds no sha256/{source.sha256}")
    return path
