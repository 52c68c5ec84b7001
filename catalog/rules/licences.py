"""Licence expressions, and whether the whole agrees with its parts."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.card import Licenses
from catalog.context import Context
from catalog.document import Where
from catalog.licenses import OWN, Expression, ExpressionSyntaxError, known_ids, parse
from catalog.names import advise, shown
from catalog.problem import Problem

PLACES = ("license", "licenses.weights", "licenses.code", "licenses.data", "samples.*.license", "datasets.*.license")


def check_expressions(context: Context) -> Iterator[Problem]:
    """Require SPDX expressions of licences that exist, spelled as SPDX does."""
    for pattern in PLACES:
        for where, text in context.each(pattern, str):
            try:
                yield from _check_names(context, where, text, parse(text))
            except ExpressionSyntaxError as error:
                expected, cure = "an SPDX expression such as `MIT` or `Apache-2.0 AND CC-BY-4.0`", _advice(text)
                got = f"{shown(text)}: {error}"
                yield context.document.problem(where, "license-syntax", expected=expected, got=got, cure=cure)


def _check_names(context: Context, where: Where, text: str, expression: Expression) -> Iterator[Problem]:
    for name in expression.unknown:
        expected = "an identifier of the SPDX licence list, or `LicenseRef-…`"
        yield context.document.problem(where, "license-unknown", expected=expected, got=shown(name), cure=_advice(name))
    if not expression.unknown and not expression.is_spelled_like(text):
        yield context.document.problem(
            where,
            "license-spelling",
            expected=f"`{expression.normalized}`, as SPDX spells it",
            got=shown(text),
            cure=f"write `{expression.normalized}`",
            replacement=expression.normalized,
        )


def _advice(name: str) -> str:
    return advise(
        name, known_ids(), "look it up on https://spdx.org/licenses/, or name it `LicenseRef-…` and describe it"
    )


def check_agreement(context: Context) -> Iterator[Problem]:
    """Require the licence of the whole to name those of the weights; of a choice (`OR`), at least one."""
    whole, parts = context.one("license", str), context.one("licenses", Licenses)
    if whole is None or parts is None:
        return
    try:
        told, weights = parse(whole), parse(parts.weights)
    except ExpressionSyntaxError:
        return
    missing = [name for name in weights.ids if name not in told.ids]
    is_met = len(missing) < len(weights.ids) if " OR " in weights.normalized else not missing
    if not is_met and not told.unknown and not weights.unknown:
        where, cure = ("license",), f"write `{weights.normalized}`, or correct `licenses.weights`"
        expected = f"`{weights.normalized}`, the licence of the weights, in it"
        yield context.document.problem(where, "licenses-contradict", expected=expected, got=shown(whole), cure=cure)


def check_own_licences(context: Context) -> Iterator[Problem]:
    """Require `limitations` to say what a licence asks that SPDX does not list."""
    told = " ".join(text for _, text in context.each("limitations.*", str))
    for pattern in PLACES:
        for where, text in context.each(pattern, str):
            for name in (name for name in OWN.findall(text) if name not in told):
                cure = f"add a limitation that names {name} and says what may be done"
                expected, got = f"an entry of `limitations` about `{name}`", "none"
                yield context.document.problem(where, "license-note-missing", expected=expected, got=got, cure=cure)
