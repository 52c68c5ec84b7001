"""Samples: of the kind that the task takes, and with a right answer that the model can give."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.card import Sample, Tensor
from catalog.context import Context
from catalog.names import advise, listed, shown
from catalog.problem import Problem
from catalog.rules.steps import column_names

KINDS = {  # what the task takes → the key of a sample
    "image": "file",
    "audio": "file",
    "file": "file",
    "text": "text",
    "row": "row",
}


def check_kind(context: Context) -> Iterator[Problem]:
    """Require exactly one of `file`, `text` and `row`: the one that the task takes."""
    for where, sample in context.each("samples.*", Sample):
        given = [key for key in dict.fromkeys(KINDS.values()) if getattr(sample, key) is not None]
        wanted = KINDS.get(context.task.get("input", ""))
        if len(given) != 1:
            expected, got, cure = (
                f"exactly one of {listed(dict.fromkeys(KINDS.values()))}",
                listed(given) or "none",
                "keep one of them",
            )
            yield context.document.problem(where, "sample-ambiguous", expected=expected, got=got, cure=cure)
        elif wanted and given != [wanted]:
            expected, cure = f"`{wanted}`, which the task takes", f"give the sample as `{wanted}`"
            yield context.document.problem(where, "sample-kind", expected=expected, got=listed(given), cure=cure)


def check_expected(context: Context) -> Iterator[Problem]:
    """Require the right answer to be one of the labels."""
    labels = context.all_labels
    for where, expected in context.each("samples.*.expected", str):
        if labels is not None and expected not in labels:
            cure = advise(expected, labels, "write it as in `labels`")
            wanted, got = listed(labels), shown(expected)
            yield context.document.problem(where, "expected-not-a-label", expected=wanted, got=got, cure=cure)


def check_row(context: Context) -> Iterator[Problem]:
    """Require a row to name exactly the columns that the model takes."""
    names = [name for _, tensor in context.each("inputs.*", Tensor) for name in column_names(tensor)]
    for where, sample in context.each("samples.*", Sample):
        if names and sample.row is not None and set(sample.row) != set(names):
            wrong = sorted(set(names) ^ set(sample.row))
            cure = f"add, delete or correct {listed(wrong)}"
            place, got = (*where, "row"), listed(sample.row)
            yield context.document.problem(place, "sample-columns", expected=listed(names), got=got, cure=cure)
