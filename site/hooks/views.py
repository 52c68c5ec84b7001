"""What each template shows, collected from the static API's JSON (its shape is in ARCHITECTURE.md)."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from snippets import snippets
from words import BUCKETS, bucket, metric_name, metric_value, verdict

Json = Mapping[str, Any]
FACETS = (  # name in the URL, legend, which values a row of models.json has
    ("task", "Task", lambda row: [row["pipeline_tag"]]),
    ("license", "Licence", lambda row: [row["license"]]),
    ("size", "Download size", lambda row: [bucket(row["download_bytes"])]),
    ("format", "Format", lambda row: row["formats"]),
    ("precision", "Precision", lambda row: row["precisions"]),
)


def facts(models: Sequence[Json]) -> dict[str, Any]:
    """Count what the front page states: files, checks, those passed and where, and how far fp32 files deviate.

    A runtime that can take no such file is no check of it; one that was not run here is, and did not pass. Files of
    models whose source is quantised do not count as deviating: a quantum is no rounding error.
    """
    artefacts = [(model, artefact) for model in models for artefact in model["artefacts"]]
    rows = [(model, artefact, row) for model, artefact in artefacts for row in artefact["parity"]]
    checks = [(model, artefact, row) for model, artefact, row in rows if row["status"] != "unsupported"]
    passed = [(model, artefact, row) for model, artefact, row in checks if row["status"] == "passed"]
    exact = [row["max_abs"] for m, a, row in passed if a["precision"] == m["card"]["source"]["precision"] == "fp32"]
    return {
        "models": sum(not model["unbuilt"] for model in models),
        "artefacts": len(artefacts),
        "checks": len(checks),
        "passed": len(passed),
        "runtimes": sorted({row["runtime"] for *_, row in passed}),
        "largest": max(exact, default=None),
    }


def featured(models: Sequence[Json]) -> list[Json]:
    """Choose four models that can be tried, each of another task."""
    tasks: dict[str, Json] = {}
    for model in models:
        if not model["unbuilt"]:
            tasks.setdefault(model["task"]["id"], model)
    return list(tasks.values())[:4]


def catalogue(models: Sequence[Json]) -> dict[str, Any]:
    """Group the models by task and count each facet's values."""
    tasks: dict[str, list[Json]] = {}
    for model in models:
        tasks.setdefault(model["task"]["id"], []).append(model)
    facets = [
        {"name": name, "legend": legend, "counts": _ordered(Counter(v for m in models for v in values(m["row"])))}
        for name, legend, values in FACETS
    ]
    return {
        "tasks": tasks,
        "titles": {task: group[0]["task"]["title"] for task, group in tasks.items()},
        "facets": facets,
        "entries": {m["card"]["id"]: {name: values(m["row"]) for name, _, values in FACETS} for m in models},
    }


def _ordered(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Sort a facet's values: sizes from small to large, anything else by name."""
    sizes = [name for _, name in BUCKETS]
    return sorted(counts.items(), key=lambda item: (sizes.index(item[0]) if item[0] in sizes else -1, item[0].lower()))


def model_page(model: Json) -> dict[str, Any]:
    """Collect what a model page shows."""
    card, main = model["card"], main_artefact(model["artefacts"])
    return {
        "title": card["name"],
        "summary": card["summary"],
        "model": model,
        "card": card,
        "main": main,
        "verdict": verdict(card["license"]),
        "headline": headline(main),
        "accuracy": accuracy_table(card["evaluation"], model["artefacts"]),
        "snippets": snippets(card, posixpath.basename(main["file"]))
        if main and main["file"] and main["format"] == "onnx"
        else [],
        "bibtex": bibtex(card),
        "browsers": browsers(model["artefacts"]),
    }


def browsers(artefacts: Iterable[Json]) -> list[str]:
    """Return the browsers in which files ran, which stand behind the version of a runtime: `4.22.0, Chromium 156.0`."""
    versions = {row["version"] or "" for artefact in artefacts for row in artefact["parity"]}
    return sorted({version.partition(", ")[2] for version in versions} - {""})


def main_artefact(artefacts: Iterable[Json]) -> Json | None:
    """Choose the file behind the Download button: the fp32 ONNX file, else the first file."""
    return min(artefacts, key=lambda row: (row["format"] != "onnx", row["precision"] != "fp32"), default=None)


def headline(main: Json | None) -> dict[str, str] | None:
    """Give the figure shown first: the main file's first measured metric, else None."""
    for row in main["accuracy"] if main else []:
        return {"name": metric_name(row["metric"]), "value": metric_value(row["value"], row["metric"])}
    return None


def accuracy_table(claims: Sequence[Json], artefacts: Iterable[Json]) -> dict[str, Any]:
    """Put what the card claims, what each file gave and the baselines into rows with a value a metric or None."""
    metrics = list(dict.fromkeys(claim["metric"] for claim in claims))
    claimed: dict[tuple[str, str], dict[str, float]] = {}
    baselines: dict[tuple[str, str], dict[str, float]] = {}
    for claim in claims:
        metric, dataset = claim["metric"], claim["dataset"]
        claimed.setdefault(("claimed on the card", dataset), {})[metric] = claim["value"]
        for name, value in claim["baseline"].items():
            baselines.setdefault((f"baseline: {name}", dataset), {})[metric] = value
    found_by_kind = {"claim": claimed.items(), "file": map(_measured, artefacts), "baseline": baselines.items()}
    groups = {
        kind: [{"what": what, "on": on, "values": list(map(found.get, metrics))} for (what, on), found in rows if found]
        for kind, rows in found_by_kind.items()
    }
    return {"metrics": metrics, "groups": groups}


def _measured(artefact: Json) -> tuple[tuple[str, str], dict[str, float]]:
    figures = artefact["accuracy"]
    samples = max((figure["samples"] for figure in figures), default=0)
    file = f"{artefact['format'].upper()} {artefact['precision']}"
    return (file, f"{samples:,} samples, measured"), {figure["metric"]: figure["value"] for figure in figures}


def bibtex(card: Json) -> str:
    """Write a BibTeX entry for the model itself; braces and backslashes of the card are left out."""
    plain = str.maketrans("", "", "{}\\")
    authors = " and ".join(f"{{{person['name'].translate(plain)}}}" for person in card["authors"])
    fields = {
        "title": f"{card['name']} {card['version']}".translate(plain),
        "author": authors,
        "year": card["provenance"]["date"][:4],
        "note": card["summary"].translate(plain),
    }
    return "\n".join([f"@software{{{card['id']},", *(f"  {key} = {{{value}}}," for key, value in fields.items()), "}"])
