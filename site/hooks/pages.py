"""The build's JSON in, the site's pages out. Knows nothing of MkDocs.

A generated page is front matter (`title`, `description`: HTML-escaped, since themes print them as they are), then HTML
that is finished and must not pass through Markdown again. The stage's own reference pages are Markdown, handed on.
"""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from prose import link, prose
from views import catalogue, facts, featured, model_page
from words import FILTERS

HOME = "A catalog of deep-learning models for the web, phones and laptops; every file has been run and compared."
CATALOGUE = "Every model of the catalog, by task, licence, size, format and precision."

environment = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates" / "pages"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=True,
)
environment.filters.update(FILTERS, prose=prose)
environment.globals["link"] = link


def pages(stage: Path) -> dict[str, str]:
    """Make every generated page: source URI (`models/digits-cnn/index.md`) to its text."""
    rows = _read(stage / "api/v1/models.json")["models"]
    models = [_read(stage / row["api"]) | {"row": row} for row in rows]
    models.sort(key=lambda model: (model["task"]["title"], model["unbuilt"] is not None, model["card"]["name"]))
    home = {"title": "Edgewise", "summary": HOME, "featured": featured(models), "facts": facts(models)}
    generated = {
        "index.md": page("home", "index.md", home),
        "models/index.md": page(
            "catalogue", "models/index.md", {"title": "Models", "summary": CATALOGUE, **catalogue(models)}
        ),
    }
    for model in models:
        uri = f"models/{model['card']['id']}/index.md"
        generated[uri] = page("model", uri, model_page(model))
    return generated | _reference(stage / "pages")


def page(template: str, uri: str, context: dict[str, Any]) -> str:
    """Render a template; in it, `root` is the way from the finished page to the site's root, such as `../../`."""
    front = {
        "title": html.escape(context["title"]),
        "description": html.escape(context["summary"]),
        "template": "page.html",
        "hide": ["navigation", "toc"],
        "page_class": template,
    }
    root = "../" * uri.count("/") or "./"
    body = environment.get_template(f"{template}.html").render(context, root=root)
    return f"---\n{yaml.safe_dump(front, allow_unicode=True)}---\n{body}"


def _reference(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in sorted(folder.rglob("*.md"))}


def _read(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return data
