"""Reads SPDX licence expressions, and says whether the files may be used commercially.

Source of the syntax: SPDX 2.3, annex D, https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from license_expression import ExpressionError, get_spdx_licensing

from catalog import vocab

OWN = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")  # a licence that SPDX does not list, named by the card
WORDS = re.compile(r"[A-Za-z0-9.+:_-]+")
EMPTY_WORDS = re.compile(r"[\W_]|the|version|licen[sc]e")  # what names of one licence differ in
LONGEST = 500  # characters; the schema allows fewer
# From the best to the worst answer: AND takes the worst of its parts, OR the best, since the user may choose.
COMMERCIAL = ("yes", "conditions", "unknown", "no")


class ExpressionSyntaxError(ValueError):
    """The text is no SPDX licence expression."""


@dataclass(frozen=True)
class Expression:
    """A licence expression that can be parsed."""

    normalized: str  # with the spelling that SPDX uses
    ids: tuple[str, ...]  # licences and exceptions, each once
    unknown: tuple[str, ...]  # those that SPDX does not list, and that are no `LicenseRef-…`
    tree: Any = None  # license-expression's parse tree

    def is_spelled_like(self, text: str) -> bool:
        """Say whether `text` uses SPDX's own spelling of every name and operator."""
        return WORDS.findall(text) == WORDS.findall(self.normalized)


@dataclass(frozen=True)
class Verdict:
    """What an expression asks, as far as `vocab/licenses.yaml` knows its licences; no legal advice."""

    commercial: str  # "yes", "no", "conditions" or "unknown"
    share_alike: bool | None  # None: unknown
    attribution: bool | None
    summary: str  # for people, one or more sentences


@cache
def known_ids() -> tuple[str, ...]:
    """Return the identifiers of the SPDX licence list, the common ones first."""
    rows = _licensing().known_symbols.items()
    listed = (name for name, row in rows if not row.is_exception and not name.startswith("LicenseRef-"))
    return tuple(dict.fromkeys([*vocab.licenses(), *listed]))


@cache
def parse(text: str) -> Expression:
    """Parse an expression; raise ExpressionSyntaxError with the reason when it is none."""
    if not text.strip():
        raise ExpressionSyntaxError("it is empty")
    try:
        tree = _licensing().parse(text[:LONGEST])
        unknown = tuple(name for name in _licensing().unknown_license_keys(tree) if not OWN.fullmatch(name))
        return Expression(tree.render(), tuple(_licensing().license_keys(tree)), unknown, tree)
    except ExpressionError as error:
        raise ExpressionSyntaxError(str(error).partition(" for token")[0]) from error
    except (
        Exception
    ) as error:  # the parser's own faults: TypeError on `A,B`, IndexError on `()`, AssertionError on `(AND A`
        raise ExpressionSyntaxError("operators and brackets do not match") from error


def named(text: str) -> str | None:
    """Return the SPDX expression that a text means, in SPDX's spelling; None when it may mean several or none.

    The text is an expression, or a licence's identifier or name: `Apache License, Version 2.0` is `Apache-2.0`.
    """
    try:
        expression = parse(text)
    except ExpressionSyntaxError:
        return _names().get(_fold(text))
    return _names().get(_fold(text)) if expression.unknown else expression.normalized


def is_respelled(text: str, expression: str) -> bool:
    """Say whether `expression` is `text` but for capitals, punctuation and words such as "License"."""
    return _fold(text) in (_fold(expression), *(name for name, key in _names().items() if key == expression))


def _fold(text: str) -> str:
    return EMPTY_WORDS.sub("", text.casefold())


@cache
def _names() -> Mapping[str, str]:
    """Return the licences by their identifiers and names, folded."""
    names = {_fold(row.name): key for key, row in vocab.licenses().items()}
    return {**names, **{_fold(key): key for key in known_ids()}}


def verdict(text: str) -> Verdict:
    """Say what using the files asks; "unknown" for licences that `vocab/licenses.yaml` does not describe."""
    try:
        return _judge(parse(text).tree)
    except ExpressionSyntaxError:
        return Verdict("unknown", None, None, f"`{text}` is no SPDX expression.")


def _judge(tree: Any) -> Verdict:
    if type(tree).__name__ not in ("AND", "OR"):
        return _judge_one(tree)
    parts = [_judge(part) for part in tree.args]
    if type(tree).__name__ == "OR":
        return min(parts, key=_rank)
    return Verdict(
        max(parts, key=_rank).commercial,
        _any(part.share_alike for part in parts),
        _any(part.attribution for part in parts),
        " ".join(dict.fromkeys(part.summary for part in parts)),
    )


def _judge_one(symbol: Any) -> Verdict:
    """Judge one licence; an exception (`WITH …`) only ever allows more, which nobody here has read."""
    name = symbol.render().partition(" WITH ")[0]
    row = vocab.licenses().get(name)
    if row is None:
        return Verdict("unknown", None, None, f"Edgewise does not know the terms of {name}: read them.")
    extra = " An exception to it allows more: read it." if " WITH " in symbol.render() else ""
    return Verdict(row.commercial, row.share_alike, row.attribution, f"{row.name}: {row.summary}{extra}")


def _rank(part: Verdict) -> int:
    return COMMERCIAL.index(part.commercial)


def _any(values: Iterable[bool | None]) -> bool | None:
    """Return True when one is, None when one is unknown, otherwise False."""
    found = list(values)
    return True if True in found else None if None in found else False


@cache
def _licensing() -> Any:
    return get_spdx_licensing()
