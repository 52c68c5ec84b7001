"""Edge bundles: one deterministic zip with everything an app needs to give the same numbers."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

from catalog.card import Card
from edge.native.generate import sources

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold: no clock goes into the bytes
MANIFEST, SUMS = "manifest.json", "SHA256SUMS"


def contents(card: Card, labels: Mapping[str, list[str]], files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Add to `files` (path in the bundle → bytes) the labels, the steps, the sums and a manifest of it all.

    The steps are there as data and, where every one of them can be generated, as Kotlin and Swift; the manifest's
    `missing` says why not.
    """
    native, reason = sources(card, labels)
    texts = {f"labels/{number}.txt": "\n".join(names) + "\n" for number, names in enumerate(labels.values())}
    steps = _json(
        {
            "inputs": {tensor.id: [step.model_dump() for step in tensor.steps] for tensor in card.inputs},
            "outputs": {tensor.id: [step.model_dump() for step in tensor.steps] for tensor in card.outputs},
            "result": [step.model_dump() for step in card.result],
        }
    )
    code = {f"steps/{name}": text.encode() for name, text in native.items()}
    full = dict(files) | code | {path: text.encode() for path, text in texts.items()} | {"steps.json": steps}
    full[MANIFEST] = _json(
        {
            "id": card.id,
            "version": card.version,
            "license": card.license,
            "inputs": [tensor.model_dump(mode="json", exclude={"steps"}) for tensor in card.inputs],
            "outputs": [tensor.model_dump(mode="json", exclude={"steps"}) for tensor in card.outputs],
            "missing": {"steps in Kotlin and Swift": reason} if reason else {},
            "labels": {name: f"labels/{number}.txt" for number, name in enumerate(labels)},
            "files": [
                {"path": path, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                for path, data in sorted(full.items())
            ],
        }
    )
    full[SUMS] = "".join(
        f"{hashlib.sha256(data).hexdigest()}  {path}\n" for path, data in sorted(full.items())
    ).encode()
    return full


def write(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a zip whose bytes depend on the names and contents alone."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, data)  # stored: deflate's bytes differ between zlib builds, weights hardly shrink


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()
