"""Writes the steps of a card as calls of kernels, one statement each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """Writes the statements of one function; `needs` are the parameters that the kernels call for."""

    card: str
    dialect: Dialect
    used: list[Kernel] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    needs: dict[str, Variable] = field(default_factory=dict)
    values: list[Variable] = field(default_factory=list)  # in the order in which they came to be

    def apply(
        self,
        steps: Sequence[Step],
        value: Variable | None,
        labels: str | None = None,
        outputs: Mapping[str, Variable] | None = None,
    ) -> Variable:
        """Apply the steps one after the other, and return what comes out; `None` begins with a step's own value."""
        for step in steps:
            value = self._step(step, value, labels, outputs or {})
        if value is None:
            raise UntranslatableError(f"{self.card}: no generated code begins without a step")
        return value

    def _step(
        self, step: Step, value: Variable | None, labels: str | None, outputs: Mapping[str, Variable]
    ) -> Variable:
        kernel = self._kernel(step, value)
        self.used.append(kernel)
        arguments = [
            self._as(value, kind, step)
            if name == SUBJECT and value
            else self._argument(step, name, kind, labels, outputs)
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
        accepted = [kind, "Tensor"] if kind in WIDENED and step.id not in KEEP_TYPE else [kind]
        found = kernels_of(step.id, step.kwargs)
        for wanted in (*accepted, None):
            for kernel in found:
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

    def _argument(self, step: Step, name: str, kind: str, labels: str | None, outputs: Mapping[str, Variable]) -> str:
        """Write what a kernel takes beside its subject."""
        if name == "labels":
            if labels is None:
                raise UntranslatableError(f"{self.card}: the step {step.id} needs labels")
            return labels
        if name in SHARED:
            self.needs[name] = Variable(name, SHARED[name])
            return name
        row = vocab.steps()[step.id].params[name]
        given = step.kwargs.get(name, row.default)
        if row.type == "file":
            self.needs[name] = Variable(camel(name), "Bytes")
            return camel(name)
        if kind == "list[Tensor]":
            return self.dialect.literals["list"].format(", ".join(self._output(step, one, outputs) for one in given))
        return self._output(step, given, outputs) if kind == "Tensor" else literal(self.dialect, given, kind)

    def _output(self, step: Step, name: str, outputs: Mapping[str, Variable]) -> str:
        if name not in outputs:
            raise UntranslatableError(f"{self.card}: the step {step.id} names {name}, which is no output")
        return self._as(outputs[name], "Tensor", step)


def literal(dialect: Dialect, value: Any, kind: str) -> str:
    """Write a parameter of a card's step, or labels, in the language."""
    if kind.startswith("list[") or kind in ("Strings", "Doubles", "Ints"):
        entries = ", ".join(literal(dialect, one, element(kind)) for one in value or ())
        return dialect.literals.get(kind, dialect.literals["list"]).format(entries)
    found = record_of(kind)
    if found:
        parts = record_fields(found)
        return dialect.construct(kind, [(camel(name), literal(dialect, value.get(name), of)) for name, of in parts])
    if kind == "str":
        return quoted(value or "", dialect)
    return repr(float(value)) if kind == "f64" else str(value).lower()
