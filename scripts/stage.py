"""Lays out what the site is made from: the static API, each model's files, and the generated reference pages."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from catalog.card import Card
from catalog.vocab import step_files, tasks
from edge import bundle
from scripts import coverage_page, locked
from scripts.api_rows import sample_row
from scripts.bench import converters_page
from scripts.cache import ROOT, file_digest
from scripts.model_build import ModelBuild
from scripts.plan import Artefact

API = Path("api/v1")
MEASURED = {  # what the generated reference shows of earlier runs
    "coverage": ROOT / "converters" / "coverage.json",
    "converters": ROOT / "scripts" / "bench" / "results" / "converters.json",
    "light": ROOT / "scripts" / "bench" / "results" / "light.json",
}


def stage_model(build: ModelBuild, target: Path) -> None:
    """Fill `target` with one model's part of the stage."""
    place = target / "models" / build.card.id
    artefacts = [row.artefact for row in build.rows if not row.artefact.refusal]
    for artefact in artefacts:
        shutil.copytree(artefact.folder, place / "files", dirs_exist_ok=True)
    shutil.copytree(build.golden, place / "golden")
    for sample in build.card.samples:
        if sample.file:
            _copy(build.folder / sample.file, place / "samples" / Path(sample.file).name)
    for name in step_files(build.card):
        _copy(build.folder / name, place / "steps" / name)
    api = build.api() | {"bundles": [_bundle(build, artefacts, place / "files", target)]}
    write_json(target / API / "models" / f"{build.card.id}.json", api)


def stage_unbuilt(card: Card, folder: Path, reason: str, target: Path) -> None:
    """Fill `target` with what is known of a model whose weights cannot be had: its card and earlier results."""
    own = [sample for sample in card.samples if sample.file is None or (folder / sample.file).exists()]
    for sample in own:
        if sample.file:
            _copy(folder / sample.file, target / "models" / card.id / "samples" / Path(sample.file).name)
    api = {
        "api": 1,
        "unbuilt": reason,
        "card": card.model_dump(mode="json"),
        "task": {"id": card.pipeline_tag, **tasks()[card.pipeline_tag]},
        **locked.read(folder),
        "labels": {output.id: output.labels for output in card.outputs if isinstance(output.labels, list)},
        "golden": [],
        "samples": [sample_row(card.id, sample) for sample in own],
        "bundles": [],
    }
    write_json(target / API / "models" / f"{card.id}.json", api)


def _bundle(build: ModelBuild, artefacts: Sequence[Artefact], files: Path, root: Path) -> dict[str, Any]:
    """Write the model's bundle and return its row in the API."""
    card = build.card
    parts = {f"model/{path.relative_to(a.folder).as_posix()}": path.read_bytes() for a in artefacts for path in a.files}
    parts |= {
        f"test/{p.relative_to(build.golden).as_posix()}": p.read_bytes() for p in build.golden.rglob("*") if p.is_file()
    }
    parts |= {f"steps/{name}": (build.folder / name).read_bytes() for name in step_files(card)}
    parts["LICENSE"] = license_text(build).encode()
    path = files / f"{card.id}-{card.version}-edge.zip"
    bundle.write(path, bundle.contents(card, build.labels, parts))
    href = path.relative_to(root).as_posix()
    return {"target": "edge", "file": href, "bytes": path.stat().st_size, "sha256": file_digest(path)}


def license_text(build: ModelBuild) -> str:
    """Say under which licences the parts come, and where their texts are."""
    card = build.card
    parts = card.licenses.model_dump() if card.licenses else {"model": card.license}
    lines = [f"{card.name} {card.version}", "by " + ", ".join(person.name for person in card.authors), ""]
    lines += [f"{part}: {expression}" for part, expression in parts.items()]
    return "\n".join([*lines, "", "Texts of these licences: https://spdx.org/licenses/", ""])


def list_row(api: dict[str, Any]) -> dict[str, Any]:
    """Return a model's row of `api/v1/models.json`."""
    card, artefacts = api["card"], api["artefacts"]
    unknown = {"bytes": card["source"]["bytes"], "download_bytes": card["source"]["bytes"], "accuracy": []}
    main = min(artefacts, key=lambda row: (row["format"] != "onnx", row["precision"] != "fp32"), default=unknown)
    figures = [{"name": row["metric"], "value": row["value"]} for row in main["accuracy"]]
    return {
        **{key: card[key] for key in ("id", "name", "version", "summary", "status", "pipeline_tag", "tags", "license")},
        "modality": api["task"]["modality"],
        "authors": [person["name"] for person in card["authors"]],
        "updated": card["provenance"]["date"],
        "bytes": main["bytes"],
        "download_bytes": main["download_bytes"],
        "parameters": api["parameters"],
        "formats": sorted({row["format"] for row in artefacts}),
        "precisions": list(dict.fromkeys(row["precision"] for row in artefacts)),
        "metric": figures[0] if figures else None,
        "labels": [label for labels in api["labels"].values() for label in labels],
        "href": f"models/{card['id']}/",
        "api": f"{API}/models/{card['id']}.json",
    }


def stage_catalog(models: Sequence[Path], target: Path) -> None:
    """Join the models' stages, and add the list of models and the generated reference."""
    for model in models:
        shutil.copytree(model, target, dirs_exist_ok=True)
    rows = [list_row(json.loads(path.read_text("utf-8"))) for path in sorted((target / API / "models").glob("*.json"))]
    write_json(target / API / "models.json", {"api": 1, "models": rows})
    (target / "models").mkdir(exist_ok=True)  # empty where no model has files here
    _write_reference(target)


def _write_reference(target: Path) -> None:
    from catalog import reference
    from edge.results import RESULTS, json_schema

    write_json(target / API / "card.schema.json", reference.json_schema())
    for name in RESULTS:
        write_json(target / API / "results" / f"{name}.schema.json", json_schema(name))
    pages = target / "pages" / "reference"
    pages.mkdir(parents=True)
    (pages / "card.md").write_text(f"# Fields of a card\n\n{reference.field_table()}", "utf-8")
    (pages / "steps.md").write_text(f"# Steps\n\n{reference.step_sections()}", "utf-8")
    (pages / "coverage.md").write_text(coverage_page.page(_measured("coverage")), "utf-8")
    measured = converters_page.page(_measured("converters"), _measured("light"))
    (pages / "converters.md").write_text(measured, "utf-8")


def _measured(name: str) -> Any:
    return json.loads(MEASURED[name].read_text("utf-8"))


def write_json(path: Path, value: object) -> None:
    """Write JSON with a final newline, making the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
