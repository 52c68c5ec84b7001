"""`edgewise fetch`: what cards name and others publish, downloaded once into the cache."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from catalog import source
from catalog.check import card_folders, load
from catalog.names import advise
from catalog.source import Published


def find(catalog: Path, ids: Sequence[str]) -> list[Published]:
    """Return what the named cards need, each file once; without names, what all published cards need.

    Raises ValueError for a name that no card has.
    """
    folders = {folder.name: folder for folder in card_folders(catalog)}
    for unknown in set(ids) - folders.keys():
        raise ValueError(f"{unknown}: expected the id of a model: {advise(unknown, folders, 'see `edgewise check`')}")
    cards = [load(folders[name]) for name in ids or folders]
    wanted = [one for card in cards if ids or card.status == "published" for one in source.published(card)]
    return list({one.sha256: one for one in wanted}.values())
