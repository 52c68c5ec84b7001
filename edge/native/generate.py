"""Puts the kernels of a card's steps together: a file that takes what an app has and gives what the card promises.

Decoding is the platform's: the functions begin with a `Picture` in memory, upright, in RGB.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from catalog import vocab
from catalog.card import Card, Step, Tensor
from edge.native.dialects import DIALECTS, Dialect
from edge.native.kinds import ANNOTATIONS, UntranslatableError, bare, camel, quoted, type_name
from edge.native.translate import translate

Kernel = Callable[..., Any]
KINDS = ("image", "numbers", "output")  # modules of kernels
DECODED = {"decode_image": "Picture"}  # steps that the platform does → what it gives
ENTRIES = {"Strings": "str", "Doubles": "f64", "Ints": "int"}


class Variable(NamedTuple):
    """A value on its way through the steps: its name in the generated text, and its type."""

    name: str
    type: str


def kernels() -> dict[str, Sequence[Kernel]]:
    """Return the kernels of every step that has any, one for each type of value that it takes."""
    modules = [import_module(f"edge.native.kernels.{kind}") for kind in KINDS]
    return {step: found for module in modules for step, found in module.KERNELS.items()}


def parameters(kernel: Kernel) -> dict[str, str]:
    """Return a kernel's parameters and their types."""
    found = inspect.signature(kernel).parameters.items()
    return {name: ANNOTATIONS.get(str(one.annotation), str(one.annotation)) for name, one in found}


def result_type(kernel: Kernel) -> str:
    """Return the type of what a kernel gives."""
    name = str(inspect.signature(kernel).return_annotation)
    return ANNOTATIONS.get(name, name)


ENDINGS = {"kotlin": ".kt", "swift": ".swift"}


def sources(card: Card, labels: Mapping[str, Sequence[str]]) -> tuple[dict[str, str], str | None]:
    """Return the card's source files by name, and why there are none where a step has no kernel."""
    name = camel(f"_{_word(card.id)}_steps")
    try:
        return {f"{name}{ending}": generate(card, labels, language) for language, ending in ENDINGS.items()}, None
    except UntranslatableError as error:
        return {}, str(error)


def generate(card: Card, labels: Mapping[str, Sequence[str]], language: str) -> str:
    """Return the source of a card in `kotlin` or `swift`; raise `UntranslatableError` for a step without a kernel."""
    return _File(card, labels, DIALECTS[language]).text()


class _File:
    """Gathers what one file needs."""

    def __init__(self, card: Card, labels: Mapping[str, Sequence[str]], dialect: Dialect) -> None:
        self._card, self._labels, self._dialect = card, labels, dialect
        self._used: list[Kernel] = []

    def text(self) -> str:
        """Return the whole file."""
        constants = [
            self._dialect.public.format(name=_labels_name(name), value=self._literal(list(found), "Strings"))
            for name, found in self._labels.items()
        ]
        members = [*constants, *map(self._input, self._card.inputs), self._result()]
        body = "\n\n".join(members).splitlines()
        name = camel(f"_{_word(self._card.id)}")
        return "\n".join(
            [
                f"// {self._card.name} {self._card.version}: the steps around the model, generated from its card.",
                self._dialect.prelude,
                translate(self._dialect, self._used),
                self._dialect.scope.format(name=name),
                *(f"    {line}" if line else "" for line in body),
                "}\n",
            ]
        )

    def _input(self, tensor: Tensor) -> str:
        first, *rest = tensor.steps
        if first.id not in DECODED:
            raise UntranslatableError(f"{self._card.id}: no generated code begins with the step {first.id}")
        value = Variable("value", DECODED[first.id])
        lines, last = self._chain(rest, value, None)
        return self._method(_word(tensor.id), [value], [*lines, f"return {last.name}"], last.type)

    def _result(self) -> str:
        if len(self._card.outputs) > 1:
            joins = f"the step {self._card.result[0].id}" if self._card.result else "a result"
            raise UntranslatableError(f"{self._card.id}: no generated code gives all outputs to {joins}")
        (output,) = self._card.outputs
        value = Variable(camel(_word(output.id)), "Tensor")
        labels = _labels_name(output.id) if output.id in self._labels else None
        lines, last = self._chain([*output.steps, *self._card.result], value, labels)
        return self._method("result", [value], [*lines, f"return {last.name}"], last.type)

    def _method(self, name: str, given: Sequence[Variable], lines: Sequence[str], kind: str) -> str:
        wanted = [
            self._dialect.parameter.format(name=one.name, type=type_name(self._dialect, one.type)) for one in given
        ]
        head = self._dialect.method.format(
            name=camel(name), parameters=", ".join(wanted), type=type_name(self._dialect, kind)
        )
        return "\n".join([head, *(f"    {line}" for line in lines), "}"])

    def _chain(self, chain: Sequence[Step], value: Variable, labels: str | None) -> tuple[list[str], Variable]:
        """Return the lines that apply the steps one after the other, and what comes out."""
        lines = []
        for number, step in enumerate(chain, 1):
            kernel = self._kernel(step, value.type)
            arguments = [value.name, *self._arguments(step, kernel, labels)]
            call = self._dialect.call.format(camel(kernel.__name__), ", ".join(arguments))
            value = Variable(f"step{number}", result_type(kernel))
            lines.append(self._dialect.fixed.format(name=value.name, value=bare(call)))
        return lines, value

    def _kernel(self, step: Step, kind: str) -> Kernel:
        for kernel in kernels().get(step.id, ()):
            if next(iter(parameters(kernel).values())) == kind:
                self._used.append(kernel)
                return kernel
        raise UntranslatableError(f"{self._card.id}: the step {step.id} has no kernel for a {kind}")

    def _arguments(self, step: Step, kernel: Kernel, labels: str | None) -> list[str]:
        """Write the parameters of the card's step in the kernel's order."""
        given = {name: row.default for name, row in vocab.steps()[step.id].params.items()} | dict(step.kwargs)
        wanted = list(parameters(kernel).items())[1:]
        return [labels or "" if name == "labels" else self._literal(given[name], kind) for name, kind in wanted]

    def _literal(self, value: Any, kind: str) -> str:
        if kind in ENTRIES:
            return self._dialect.literals[kind].format(", ".join(self._literal(one, ENTRIES[kind]) for one in value))
        if kind == "str":
            return quoted(value, self._dialect)
        return repr(float(value)) if kind == "f64" else str(value).lower()


def _labels_name(output: str) -> str:
    return camel(f"{_word(output)}_labels")


def _word(name: str) -> str:
    """Turn a name into a word of letters, digits and underscores that begins with a letter."""
    word = "".join(character if character.isascii() and character.isalnum() else "_" for character in name).strip("_")
    return word if word[:1].isalpha() else f"tensor_{word}"
