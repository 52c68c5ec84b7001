"""HTML as a flat list of elements, for tests that ask what a page holds."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser


@dataclass(frozen=True)
class Element:
    """A start tag with its attributes."""

    tag: str
    attributes: dict[str, str]


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def elements(html: str) -> list[Element]:
    """List the elements of a page in order."""
    parser = _Parser()
    parser.feed(html)
    return parser.elements


def text(html: str) -> str:
    """Join a page's text, white space collapsed."""
    parser = _Parser()
    parser.feed(html)
    return " ".join(" ".join(parser.texts).split())
