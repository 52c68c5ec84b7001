"""Markdown by strangers becomes HTML that can do nothing but be read."""

from __future__ import annotations

import markdown
import nh3
from markupsafe import Markup

TAGS = set("a blockquote br code dd dl dt em h3 h4 h5 h6 hr li ol p pre strong sub sup table tbody td th thead tr ul".split())
ATTRIBUTES = {"a": {"href", "title"}}


def prose(text: str | None) -> Markup:
    """Render a card's Markdown; images, scripts, styles and foreign schemes are dropped."""
    html = markdown.markdown(text or "", extensions=["tables", "fenced_code", "sane_lists"], output_format="html")
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"https", "http", "mailto"},
        link_rel="nofollow noopener",
        strip_comments=True,
    )
    return Markup(clean)  # noqa: S704 - nh3 has just cleaned it
