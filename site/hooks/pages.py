"""The build's JSON in, the site's pages out. Knows nothing of MkDocs.

A generated page is front matter (`title`, `description`: HTML-escaped, since themes print them as they are), then HTML
that is finished and must not pass through Markdown again. Hand-written reference pages in the stage are Markdown.
"""

from __future__ import annotations

import html
import json
import posixpath
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from prose import prose
from snippets import snippets
from words import FILTERS, bucket, metric_name, metric_value, verdict

Json = Mapping[str, Any]
FACETS = (  # name in the URL, legend, which values a row of models.json has
    ("task", "Task", lambda row: [row["pipeline_tag"]]),
    ("license", "Licence", lambda row: [row["license"]]),
    ("size", "Download size", lambda row: [bucket(row["download_bytes"])]),
    ("format", "Format", lambda row: row["formats"]),
    ("precision", "Precision", lambda row: row["precisions"]),
)
environment = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates" / "pages"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=True,
)
environment.filters.update(FILTERS, prose=prose)


def link(url: str | None, text: str) -> Markup:
    """Link a text where the card gives a web address, else show the text alone."""
    if not (url or "").startswith(("https://", "http://")):
        return escape(text)
    return Markup('<a href="{}" rel="nofollow noopener">{}</a>').format(url, text)


environment.globals["link"] = link


def pages(stage: Path) -> dict[str, str]:
    """Make every generated page: source URI (`models/digits-cnn/index.md`) to its text."""
    rows = _read(stage / "api/v1/models.json")["models"]
    models = [_read(stage / row["api"]) | {"row": row} for row in rows]
    models.sort(key=lambda model: (model["task"]["title"], model["card"]["name"]))
    generated = {
        "index.md": _page("home", "index.md", title="Edgewise", summary=TAGLINE, models=models, facts=facts(models)),
        "models/index.md": _page("catalogue", "models/index.md", title="Models", summary=CATALOGUE, **catalogue(models)),
    }
    for model in models:
        uri = f"models/{model['card']['id']}/index.md"
        generated[uri] = _page("model", uri, **model_context(model))
    return generated | _reference(stage / "pages")


TAGLINE = "A catalog of deep-learning models that run where you are, with cards that are executed before they are believed."
CATALOGUE = "Every model of the catalog, by task, licence, size, format and precision."


def facts(models: Iterable[Json]) -> dict[str, Any]:
    """Count what the front page states: models, files, checks by outcome, runtimes, and the largest fp32 deviation."""
    artefacts = [artefact for model in models for artefact in model["artefacts"]]
    checks = [(artefact, row) for artefact in artefacts for row in artefact["parity"]]
    exact = [row["max_abs"] for artefact, row in checks if artefact["precision"] == "fp32" and row["max_abs"] is not None]
    return {
        "artefacts": len(artefacts),
        "passed": sum(row["status"] == "passed" for _, row in checks),
        "checks": len(checks),
        "runtimes": sorted({row["runtime"] for _, row in checks}),
        "largest": max(exact, default=None),
        "smallest": min((artefact["download_bytes"] for artefact in artefacts), default=None),
    }


def catalogue(models: list[Json]) -> dict[str, Any]:
    """Group the models by task and count each facet's values."""
    tasks: dict[str, list[Json]] = {}
    for model in models:
        tasks.setdefault(model["task"]["id"], []).append(model)
    titles = {task: group[0]["task"]["title"] for task, group in tasks.items()}
    facets = [
        {"name": name, "legend": legend, "counts": Counter(value for m in models for value in values(m["row"]))}
        for name, legend, values in FACETS
    ]
    entries = {m["card"]["id"]: {name: values(m["row"]) for name, _, values in FACETS} for m in models}
    return {"tasks": tasks, "titles": titles, "facets": facets, "entries": entries}


def model_context(model: Json) -> dict[str, Any]:
    """Collect what the template of a model page shows."""
    card = model["card"]
    main = main_artefact(model["artefacts"])
    return {
        "title": card["name"],
        "summary": card["summary"],
        "model": model,
        "card": card,
        "main": main,
        "verdict": verdict(card["license"]),
        "headline": headline(model["artefacts"], main),
        "snippets": snippets(card, posixpath.basename(main["file"])) if main else [],
        "bibtex": bibtex(card),
    }


def main_artefact(artefacts: Iterable[Json]) -> Json | None:
    """Choose the file behind the Download button: the fp32 ONNX file, else the first file."""
    return min(artefacts, key=lambda row: (row["format"] != "onnx", row["precision"] != "fp32"), default=None)


def headline(artefacts: Iterable[Json], main: Json | None) -> dict[str, str] | None:
    """Give the figure shown first: the main file's first measured metric, else None."""
    rows = main["accuracy"] if main else []
    return next(({"name": metric_name(r["metric"]), "value": metric_value(r["value"], r["metric"])} for r in rows), None)


def bibtex(card: Json) -> str:
    """Write a BibTeX entry for the model itself; braces and backslashes of the card are left out."""
    plain = str.maketrans("", "", "{}\\")
    fields = {
        "title": f"{card['name']} {card['version']}",
        "author": " and ".join("{" + person["name"].translate(plain) + "}" for person in card["authors"]),
        "year": card["provenance"]["date"][:4],
        "note": card["summary"],
    }
    lines = [f"  {key} = {{{value if key == 'author' else value.translate(plain)}}}," for key, value in fields.items()]
    return "\n".join([f"@software{{{card['id']},", *lines, "}"])


def _page(template: str, uri: str, *, title: str, summary: str, **context: Any) -> str:
    """Render a template; `root` is the way from the finished page to the site's root, such as `../../`."""
    front = {
        "title": html.escape(title),
        "description": html.escape(summary),
        "template": "page.html",
        "hide": ["navigation", "toc"],
        "page_class": template,
    }
    root = "../" * uri.count("/") or "./"
    body = environment.get_template(f"{template}.html").render(context, title=title, summary=summary, root=root)
    return f"---\n{yaml.safe_dump(front, allow_unicode=True)}---\n{body}"


def _reference(folder: Path) -> dict[str, str]:
    """Hand on the stage's own Markdown pages."""
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in sorted(folder.rglob("*.md"))}


def _read(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return data
