"""Hands the generated pages to MkDocs; the only file of the site that knows it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pages import pages


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages of the stage folder, and list its reference pages in the navigation."""
    stage = Path(os.environ.get("EDGEWISE_STAGE") or "unset")
    if not (stage / "api/v1/models.json").is_file():
        raise PluginError(
            f"EDGEWISE_STAGE: expected a folder that holds api/v1/models.json, got {stage}; `edgewise build` makes it."
        )
    generated = pages(stage)
    for uri, text in generated.items():
        files.append(File.generated(config, uri, content=text))
    reference = [uri for uri in generated if uri.startswith("reference/")]
    if config.nav and reference:
        config.nav.append({"Reference": reference})
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Keep finished HTML away from the Markdown parser."""
    if page.meta.get("template") != "page.html":
        return markdown
    page.meta["html"] = markdown
    return ""


def on_page_content(html: str, *, page: Page, **_: Any) -> str:
    """Put the finished HTML in its place."""
    return str(page.meta.pop("html", html))
