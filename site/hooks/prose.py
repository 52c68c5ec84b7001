"""Markdown by strangers becomes HTML that can do nothing but be read."""

from __future__ import annotations

import markdown  # type: ignore[import-untyped] # ships no types
import nh3
from markupsafe import Markup

TAGS = {
    *("p", "br", "hr", "h3", "h4", "h5", "h6", "blockquote", "pre", "code", "a", "em", "strong", "sub", "sup"),
    *("ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href", "title"}}


def prose(text: str | None) -> Markup:
    """Render a card's Markdown; images, scripts, styles and foreign schemes are dropped."""
    html = markdown.markdown(text or "", extensions=["tables", "fenced_code", "sane_lists"], output_format="html")
    schemes = {"https", "http", "mailto"}
    clean = nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=schemes, link_rel="nofollow noopener")
    return Markup(clean)  # noqa: S704 - nh3 has just cleaned it


def link(url: str | None, text: str) -> Markup:
    """Link a text where the card gives a web address, else show the text alone."""
    if not (url or "").startswith(("https://", "http://")):
        return Markup.escape(text)
    return Markup('<a href="{}" rel="nofollow noopener">{}</a>').format(url, text)
