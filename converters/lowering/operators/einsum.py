"""Einstein summation as transposes, one matrix product for each further operand, and sums."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from converters.errors import MalformedModel
from converters.lowering import arithmetic as a
from converters.lowering.node import Node, lowers
from converters.lowering.products import matmul
from converters.lowering.reshaping import reshape_to
from converters.lowering.shapes import merge_dims, transpose
from converters.lowering.value import Atom, Atoms, Dim, Value


@dataclass(frozen=True)
class Term:
    """A value and the label of each of its dimensions."""

    value: Value
    labels: str

    def ordered(self, labels: str) -> Value:
        """Return the value with its dimensions in this order."""
        return transpose(self.value, [self.labels.index(label) for label in labels])

    def dim(self, label: str) -> Atoms:
        """Return the size of a label as atoms that the product may share."""
        size = self.value.shape[self.labels.index(label)]
        if size is not None:
            return (Atom(size),)
        return self.value.dims[self.labels.index(label)]

    def kept(self, wanted: str) -> Term:
        """Sum over the labels that nobody else wants."""
        gone = [dim for dim, label in enumerate(self.labels) if label not in wanted]
        labels = "".join(label for label in self.labels if label in wanted)
        return Term(a.sum_(self.value, gone, keepdims=False), labels) if gone else self


@lowers("Einsum")
def einsum(node: Node) -> Value:
    """Multiply and sum as an equation such as `bij,bjk->bik` says."""
    terms, result = _parse(node)
    for i in range(len(terms) - 1):
        later = result + "".join(term.labels for term in terms[i + 2 :])
        terms[i + 1] = _contract(terms[i], terms[i + 1], later)
    return terms[-1].kept(result).ordered(result)


def _parse(node: Node) -> tuple[list[Term], str]:
    equation = node.attributes["equation"].replace(" ", "")
    operands, arrow, result = equation.partition("->")
    labels = operands.split(",")
    if not re.fullmatch(r"[A-Za-z,]*(->[A-Za-z]*)?", equation) or any(len(set(text)) < len(text) for text in labels):
        raise node.refuse(f"equation {equation!r} has an ellipsis or a diagonal", "write every label once")
    if not arrow:
        result = "".join(sorted(label for label in set(operands) - {","} if operands.count(label) == 1))
    values = [value for value in node.inputs if value is not None]
    sizes: dict[str, set[Dim]] = {}
    for value, text in zip(values, labels, strict=True):
        for label, size in zip(text, value.shape, strict=True):
            sizes.setdefault(label, set()).add(size)
    unequal = [label for label, found in sizes.items() if len(found - {None}) > 1]
    if unequal or not set(result) <= set(sizes):
        why = f"in its equation {equation!r} the sizes of {unequal or result!r} differ or are not there"
        raise MalformedModel(node.where, why, "correct the model's shapes")
    return [Term(value, text) for value, text in zip(values, labels, strict=True)], result


def _contract(x: Term, y: Term, later: str) -> Term:
    """Multiply two terms, summing over what they share and nothing later needs."""
    x, y = x.kept(y.labels + later), y.kept(x.labels + later)
    shared = [label for label in x.labels if label in y.labels]
    batch = "".join(label for label in shared if label in later)
    inner = "".join(label for label in shared if label not in later)
    left = "".join(label for label in x.labels if label not in shared)
    right = "".join(label for label in y.labels if label not in shared)
    rows = _merged(x.ordered(batch + left + inner), [len(batch), len(left), len(inner)])
    columns = _merged(y.ordered(batch + inner + right), [len(batch), len(inner), len(right)])
    product = matmul(rows, columns)
    wanted = [x.dim(label) for label in batch + left] + [y.dim(label) for label in right]
    return Term(reshape_to(product, wanted), batch + left + right)


def _merged(x: Value, counts: Sequence[int]) -> Value:
    """Merge the dimensions after the batch into two."""
    batch, first, _ = counts
    x = merge_dims(x, batch + first, x.rank)
    return merge_dims(x, batch, batch + first)
