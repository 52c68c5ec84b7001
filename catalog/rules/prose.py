"""Prose is Markdown that strangers wrote: no HTML, no links that run something."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import nh3

from catalog.context import Context
from catalog.document import Where
from catalog.names import shown
from catalog.problem import Problem

FIELDS = ("description", "intended_use", "limitations.*", "risks.*", "datasets.*.note")
CODE = re.compile(r"(?ms)^ {0,3}(`{3,}|~{3,}).*?(^ {0,3}\1[`~]*\s*$|\Z)|(?<!`)(`+)(?!`).+?(?<!`)\3(?!`)")
AUTOLINK = re.compile(r"<https?://[^\s<>]+>")
TARGETS = re.compile(r"(?m)\]\(\s*<?([^)>]*)|^\s{0,3}\[[^\]]+\]:\s*<?(\S+)|<([A-Za-z][A-Za-z0-9+.-]*:[^\s>]*)>")
SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):")
SCHEMES = ("https", "http", "mailto")


def check_html(context: Context) -> Iterator[Problem]:
    """Require prose that means the same after every tag was taken out of it."""
    for where, text in _prose(context):
        plain = AUTOLINK.sub("", text)
        if html.unescape(nh3.clean(plain, tags=set())) != html.unescape(plain):
            got = shown(next(iter(re.findall(r"<[^>]*>?", plain)), plain))
            cure = "write Markdown, and put code between backticks"
            yield context.document.problem(where, "html-in-prose", expected="Markdown without HTML", got=got, cure=cure)


def check_links(context: Context) -> Iterator[Problem]:
    """Require links to pages, not to scripts or data."""
    for where, text in _prose(context):
        for target in ("".join(found) for found in TARGETS.findall(text)):
            scheme = SCHEME.match(re.sub(r"[\s\x00-\x1f]", "", html.unescape(target)).lower())
            if scheme and scheme[1] not in SCHEMES:
                expected, cure = "a link to https://…", "link a page, or delete the link"
                yield context.document.problem(where, "link-scheme", expected=expected, got=shown(target), cure=cure)


def _prose(context: Context) -> Iterator[tuple[Where, str]]:
    """Yield every Markdown text without its code, which browsers show as it is."""
    for pattern in FIELDS:
        for where, text in context.each(pattern, str):
            yield where, CODE.sub("", text)
