"""Writes the steps of a card as calls of kernels, one statement each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from catalog import vocab
from catalog.card import Step
from edge.native.dialects import Dialect
from edge.native.kernels.numbers import WIDENED
from edge.native.kinds import UntranslatableError, bare, camel, element, quoted, record_fields, record_of
from edge.native.registry import SUBJECT, Kernel, kernels_of, parameters, result_type

SHARED = {"frame": "Frame", "picture": "Picture", "seconds": "f64"}  # what the inputs leave for the outputs
KEEP_TYPE = ("clip", "crop_to_loudest", "fit_length", "frame", "reshape", "to_layout")  # bytes must stay bytes here


class Variable(NamedTuple):
    """A value on its way through the steps: its name in the generated text, and its type."""

    name: str
    type: str


@dataclass
class Chain:
    """Writes the statements of one function, and notes what they use."""

    card: str
    dialect: Dialect
    used: list[Any]  # kernels and records of the whole file
    labels: str | None = None  # the constant that holds those of the output at hand
    outputs: dict[str, Variable] = field(default_factory=dict)  # what the model gave, after the steps of each output
    lines: list[str] = field(default_factory=list)
    values: list[Variable] = field(default_factory=list)  # in the order in which they came to be
    needs: dict[str, Variable] = field(default_factory=dict)  # parameters of the function that kernels call for

    def apply(self, steps: Sequence[Step], value: Variable | None) -> Variable:
        """Apply the steps one after the other, and return what comes out; the first may need no value."""
        for step in steps:
            value = self._step(step, value)
        if value is None:
            raise UntranslatableError(f"{self.card}: no generated code begins with no step")
        return value

    def _step(self, step: Step, value: Variable | None) -> Variable:
        kernel = self._kernel(step, value)
        self.used.append(kernel)
        arguments = [
            self._as(value, kind, step) if name == SUBJECT and value else self._argument(step, name, kind)
            for name, kind in parameters(kernel).items()
        ]
        call = self.dialect.call.format(camel(kernel.__name__), ", ".join(arguments))
        found = Variable(f"step{len(self.lines) + 1}", result_type(kernel))
        self.lines.append(self.dialect.fixed.format(name=found.name, value=bare(call)))
        self.values.append(found)
        return found

    def _kernel(self, step: Step, value: Variable | None) -> Kernel:
        """Choose the kernel for the value's type; bytes may become floats, which is exact."""
        kind = value.type if value else "nothing"
        widened = ["Tensor"] if kind in WIDENED and step.id not in KEEP_TYPE else []
        for wanted in (kind, *widened, None):  # None: a kernel that takes no value
            for kernel in kernels_of(step.id, step.kwargs):
                if parameters(kernel).get(SUBJECT) == wanted:
                    return kernel
        raise UntranslatableError(f"{self.card}: the step {step.id} has no kernel for a {kind}")

    def _as(self, value: Variable, kind: str, step: Step) -> str:
        if value.type == kind:
            return value.name
        if kind != "Tensor" or value.type not in WIDENED:
            raise UntranslatableError(f"{self.card}: the step {step.id} has no kernel for a {value.type}")
        widen = WIDENED[value.type]
        self.used.append(widen)
        return bare(self.dialect.call.format(camel(widen.__name__), value.name))

    def _argument(self, step: Step, name: str, kind: str) -> str:
        """Write what a kernel takes beside its value."""
        if name == "labels":
            if self.labels is None:
                raise UntranslatableError(f"{self.card}: the step {step.id} needs labels")
            return self.labels
        if name in SHARED:
            return self._need(name, SHARED[name])
        row = vocab.steps()[step.id].params[name]
        given = step.kwargs.get(name, row.default)
        if row.type == "file":
            return self._need(camel(name), "Bytes")
        if kind == "list[Tensor]":
            return self.dialect.literals["list"].format(", ".join(self._output(step, one) for one in given))
        return self._output(step, given) if kind == "Tensor" else literal(self.dialect, given, kind)

    def _need(self, name: str, kind: str) -> str:
        self.needs[name] = Variable(name, kind)
        return name

    def _output(self, step: Step, name: str) -> str:
        if name not in self.outputs:
            raise UntranslatableError(f"{self.card}: the step {step.id} names {name}, which is no output")
        return self._as(self.outputs[name], "Tensor", step)


def literal(dialect: Dialect, value: Any, kind: str) -> str:
    """Write a parameter of a card's step, or labels, in the language."""
    if kind.startswith("list[") or kind in ("Strings", "Doubles", "Ints"):
        entries = ", ".join(literal(dialect, one, element(kind)) for one in value or ())
        return dialect.literals.get(kind, dialect.literals["list"]).format(entries)
    found = record_of(kind)
    if found:
        parts = [(camel(name), literal(dialect, value.get(name), of)) for name, of in record_fields(found)]
        return dialect.construct(kind, parts)
    if kind == "str":
        return quoted(value or "", dialect)
    return repr(float(value)) if kind == "f64" else str(value).lower()
