"""What a card needs before it can be published."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.card import Edge, Source
from catalog.context import Context
from catalog.problem import Problem

REQUIRED = {
    "licenses": "say under which licences weights, code and data come",
    "cite": "name what users should cite",
    "datasets": "name the data it was trained and measured on",
    "samples": "add something to try the model on",
    "verification": "say in `verification.tolerance` how far an export may lie from the source",
}


def check_published(context: Context) -> Iterator[Problem]:
    """Require of a published card all that a user needs to trust it."""
    if context.one("status", str) != "published":
        return
    expected, got = "the key `{}` in a published card", "nothing"
    for key, cure in REQUIRED.items():
        if not context.document.data.get(key):
            told = expected.format(key)
            yield context.document.problem(
                (key,), "missing-to-publish", expected=told, got=got, cure=f"{cure}, or set `status: draft`"
            )
    yield from _missing_tolerances(context)
    gives_classes = context.task.get("result") == "classes"
    if gives_classes and not any(True for _ in context.each("outputs.*.labels", object)):
        where, cure = ("outputs", 0, "labels"), "name the classes in the order of the output"
        yield context.document.problem(
            where, "missing-to-publish", expected=expected.format("labels"), got=got, cure=cure
        )


def _missing_tolerances(context: Context) -> Iterator[Problem]:
    """Require a tolerance for each precision that is exported."""
    told = [precision for _, precision in context.each("verification.tolerance.*.precision", str)]
    edge, source = context.one("edge", Edge) or Edge(), context.one("source", Source)
    for precision in dict.fromkeys(["fp32", source.precision if source else "fp32", *edge.precisions]):
        if told and precision not in told:
            where, cure = (
                ("verification", "tolerance"),
                "measure it and add the row, or leave it out of `edge.precisions`",
            )
            expected, got = f"a row for {precision}, which is exported", f"rows for {', '.join(told)}"
            yield context.document.problem(where, "tolerance-missing", expected=expected, got=got, cure=cure)
