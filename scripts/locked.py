"""What a build found out about a model, kept beside its card for the days when its weights cannot be had.

`lock.json` holds the artefacts (digest, bytes, tools), `verify.json` their parity and `eval.json` their accuracy, the
latter two by the artefact's file. Machines write them; `edgewise lock` does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LOCK, VERIFY, EVAL = "lock.json", "verify.json", "eval.json"
FACTS = ("parameters", "operators", "opset", "tools")
REFUSED = "refused"  # formats that cannot say what the graph means, in `verify.json` beside the parity
RESULTS = {VERIFY: "parity", EVAL: "accuracy"}


def write(folder: Path, api: Mapping[str, Any]) -> list[Path]:
    """Write the three files beside a card from `api/v1/models/<id>.json`; return their paths."""
    rows = [_own(row) | {"further": [_own(part) for part in row["further"]]} for row in api["artefacts"]]
    lock = {fact: api[fact] for fact in FACTS} | {
        "artefacts": [{key: value for key, value in row.items() if key not in RESULTS.values()} for row in rows]
    }
    contents = {LOCK: lock} | {name: {row["file"]: row[key] for row in rows} for name, key in RESULTS.items()}
    contents[VERIFY] |= {REFUSED: api[REFUSED]}
    for name, content in contents.items():
        (folder / name).write_text(json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
    return [folder / name for name in contents]


def _own(part: Mapping[str, Any]) -> dict[str, Any]:
    """Name a part of the API by its place in the folder of the model's files."""
    return dict(part) | {"file": part["file"].partition("/files/")[2]}


def read(folder: Path) -> dict[str, Any]:
    """Return what `write` wrote as part of the API, the artefacts without files; nothing known where there is none."""
    lock = _read(folder / LOCK) or {"parameters": None, "operators": {}, "opset": None, "tools": {}, "artefacts": []}
    results = {key: _read(folder / name) or {} for name, key in RESULTS.items()}
    rows = [
        row | {key: found.get(row["file"], []) for key, found in results.items()} | {"file": None, "further": []}
        for row in lock["artefacts"]
    ]
    return {**lock, "artefacts": rows, REFUSED: results["parity"].get(REFUSED, [])}


def _read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8")) if path.exists() else None
