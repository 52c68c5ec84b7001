"""Puts the kernels of a card's steps together: a file that takes what an app has and gives what the card promises.

Decoding is the platform's. An input's function begins with an upright RGB `Picture` or a `Sound` in memory, with a
text, the bytes of a file, or named values as a list of `Cell`. `result` takes the model's outputs in the card's order,
and what its steps need of the inputs: the `frame` that an input's function returns beside the tensor, the original
`picture`, the `seconds` that the sound lasts. An input that is the `state_of` an output begins as zeros.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from catalog.card import Card, Tensor
from edge.native.chain import Chain, Variable, literal
from edge.native.dialects import DIALECTS, Dialect
from edge.native.kernels import given
from edge.native.kinds import UntranslatableError, camel, element, record_of, type_name
from edge.native.registry import SUBJECT, Kernel, function_names, kernels_of, parameters
from edge.native.translate import translate

DECODED = {"decode_image": "Picture", "decode_audio": "Sound"}  # steps that the platform does → what it gives
GIVEN: Mapping[str, tuple[str, Sequence[Kernel]]] = {  # what an input's function begins with, and what makes it
    "Picture": ("an upright RGB picture", (given.picture_of,)),
    "Sound": ("a decoded sound", (given.sound_of,)),
    "str": ("a text", ()),
    "Bytes": ("the bytes of a file", ()),
    "list[Cell]": ("named values", (given.number_cell, given.text_cell)),
    "": ("nothing", ()),
}
LEFT_BY = {"frame": "decode_image", "picture": "decode_image", "seconds": "decode_audio"}
OUTPUTS = {"float32": "Tensor", "float16": "Tensor", "uint8": "ByteTensor", "bool": "ByteTensor", "int64": "LongTensor"}
ENDINGS = {"kotlin": ".kt", "swift": ".swift"}
RESERVED = {  # words of either language, and names that the file has already
    *("as", "break", "case", "catch", "class", "continue", "default", "defer", "do", "else", "enum", "extension"),
    *("false", "for", "frame", "fun", "func", "guard", "if", "import", "in", "init", "inout", "interface", "internal"),
    *("is", "let", "null", "object", "operator", "package", "picture", "private", "protocol", "public", "repeat"),
    *("result", "return", "seconds", "self", "static", "struct", "super", "switch", "this", "throw", "throws", "true"),
    *("try", "typealias", "typeof", "val", "value", "var", "when", "where", "while"),
}


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
        self._used: list[Any] = []  # kernels and records
        self._framed: Tensor | None = None  # the input whose function returns the frame too

    def text(self) -> str:
        """Return the whole file."""
        constants = [
            self._dialect.public.format(name=_labels_name(name), value=literal(self._dialect, found, "Strings"))
            for name, found in self._labels.items()
        ]
        result = self._result()
        inputs = [method for tensor in self._card.inputs for method in self._input(tensor)]
        body = "\n\n".join([*constants, *inputs, result]).splitlines()
        return "\n".join(
            [
                f"// {self._card.name} {self._card.version}: the steps around the model, generated from its card.",
                self._dialect.prelude,
                translate(self._dialect, self._used),
                self._dialect.scope.format(name=camel(f"_{_word(self._card.id)}")),
                *(f"    {line}" if line else "" for line in body),
                "}\n",
            ]
        )

    def _input(self, tensor: Tensor) -> Iterator[str]:
        """Write a function for each type of value that an input's steps begin with."""
        is_decoded = bool(tensor.steps) and tensor.steps[0].id in DECODED
        for kind in [] if tensor.state_of else self._starts(tensor):
            chain = Chain(self._card.id, self._dialect, self._used)
            chain.values += [Variable("value", kind)] if kind else []
            wanted = chain.values[:1]
            last = chain.apply(tensor.steps[is_decoded:], wanted[0] if wanted else None)
            last = self._with_frame(chain, last) if tensor is self._framed else last
            lines = [*chain.lines, f"return {last.name}"]
            words, makers = GIVEN[kind]
            self._used += makers
            summary = f"The model's input `{tensor.id}`{', a row a call' if tensor.stream else ''}, from {words}."
            yield self._method(summary, _word(tensor.id), [*wanted, *chain.needs.values()], lines, last.type)

    def _starts(self, tensor: Tensor) -> list[str]:
        """Return the types of value that an input's steps begin with, an empty one for a step that needs none."""
        if not tensor.steps:
            raise UntranslatableError(f"{self._card.id}: no generated code begins with no step")
        first = tensor.steps[0]
        taken = [parameters(one).get(SUBJECT, "") for one in kernels_of(first.id, first.kwargs)]
        starts = [DECODED[first.id]] if first.id in DECODED else [kind for kind in taken if kind in GIVEN]
        if not starts:
            raise UntranslatableError(f"{self._card.id}: no generated code begins with the step {first.id}")
        return starts

    def _with_frame(self, chain: Chain, last: Variable) -> Variable:
        picture = [value.name for value in chain.values if value.type == "Picture"][-1]
        kind = f"Framed{last.type}"
        if record_of(kind) is None:
            raise UntranslatableError(f"{self._card.id}: no generated code returns the frame beside a {last.type}")
        return Variable(self._dialect.construct(kind, [("tensor", last.name), ("frame", f"{picture}.frame")]), kind)

    def _result(self) -> str:
        card, chain = self._card, Chain(self._card.id, self._dialect, self._used)
        gave = [Variable(camel(_word(one.id)), OUTPUTS.get(one.dtype, "IntTensor")) for one in card.outputs]
        labels = {one.id: _labels_name(one.id) for one in card.outputs if one.id in self._labels}
        last = gave[0]
        for output, value in zip(card.outputs if card.result else card.outputs[:1], gave, strict=False):
            chain.labels = labels.get(output.id)
            last = chain.outputs[output.id] = chain.apply(output.steps, value)
        if card.result:
            chain.labels = next(iter(labels.values()), None)
            last = chain.apply(card.result, None)
        self._leave(chain.needs)
        joined = ", those of all calls joined" if any(one.stream for one in card.inputs) else ""
        summary = f"The card's result, from the model's outputs{joined}."
        lines = [*chain.lines, f"return {last.name}"]
        return self._method(summary, "result", [*gave, *chain.needs.values()], lines, last.type)

    def _leave(self, needs: Mapping[str, Variable]) -> None:
        """Find the inputs that leave what the result needs; as in a run, the last one counts."""
        for name in needs.keys() & LEFT_BY.keys():
            found = [one for one in self._card.inputs if one.steps and one.steps[0].id == LEFT_BY[name]]
            if not found:
                raise UntranslatableError(f"{self._card.id}: the result needs an input with the step {LEFT_BY[name]}")
            self._framed = found[-1] if name == "frame" else self._framed

    def _method(self, summary: str, name: str, wanted: Sequence[Variable], lines: Sequence[str], kind: str) -> str:
        found = [record_of(element(one)) for one in (*(one.type for one in wanted), kind)]
        self._used += filter(None, found)
        parts = [
            self._dialect.parameter.format(name=one.name, type=type_name(self._dialect, one.type)) for one in wanted
        ]
        head = self._dialect.method.format(
            name=camel(name), parameters=", ".join(parts), type=type_name(self._dialect, kind)
        )
        return "\n".join([f"/** {summary} */", head, *(f"    {line}" for line in lines), "}"])


def _labels_name(output: str) -> str:
    return camel(f"{_word(output)}_labels")


def _word(name: str) -> str:
    """Turn a name into a word of letters, digits and underscores that begins with a letter and is not taken."""
    word = "".join(character if character.isascii() and character.isalnum() else "_" for character in name).strip("_")
    is_free = word[:1].isalpha() and word not in RESERVED and camel(word) not in function_names()
    return word if is_free else f"tensor_{word}"
