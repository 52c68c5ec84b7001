"""Steps and their parameters against the closed vocabulary."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from catalog import vocab
from catalog.card import Line, Step, Tensor
from catalog.context import FILE_NAME, Context
from catalog.document import Where
from catalog.names import advise, listed, same_but_case, shown
from catalog.problem import Problem
from catalog.vocab import Parameter, StepRow

SIDES = {  # where a card lists steps → which steps make sense there
    "inputs.*.steps.*": ("input", "both"),
    "outputs.*.steps.*": ("output", "both"),
    "result.*": ("result", "output", "both"),
}
PLACES = {"input": "an input", "output": "an output", "result": "the card's `result`", "both": "inputs and outputs"}


class Column(BaseModel):
    """A number of a table's row."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    name: Line
    min: float
    max: float
    unit: str | None = None
    summary: str | None = None

    @property
    def is_right(self) -> bool:
        """Say whether the range holds anything."""
        return self.min < self.max


class Categories(BaseModel):
    """A choice in a table's row."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Line
    categories: Annotated[list[Line], Field(min_length=2)]
    summary: str | None = None

    @property
    def is_right(self) -> bool:
        """Say whether each category stands there once."""
        return len(set(self.categories)) == len(self.categories)


COLUMN: TypeAdapter[Column | Categories] = TypeAdapter(Column | Categories)


def check_steps(context: Context) -> Iterator[Problem]:
    """Require steps that exist, on the side where they make sense, with the parameters they take."""
    for pattern, sides in SIDES.items():
        for where, step in context.each(pattern, Step):
            row = vocab.steps().get(step.id)
            if row is None:
                yield _unknown(context, where, step, sides)
                continue
            if row.side not in sides:
                expected, got = f"a step for {PLACES[sides[0]]}", f"`{step.id}`, a step for {PLACES[row.side]}"
                cure = f"move it to {PLACES[row.side]}"
                yield context.document.problem((*where, "id"), "step-wrong-side", expected=expected, got=got, cure=cure)
            yield from _check_kwargs(context, where, step, row)


def _unknown(context: Context, where: Where, step: Step, sides: Sequence[str]) -> Problem:
    known = [name for name, row in vocab.steps().items() if row.side in sides]
    return context.document.problem(
        (*where, "id"),
        "step-unknown",
        expected=listed(known),
        got=shown(step.id),
        cure=advise(step.id, vocab.steps(), "choose one of these"),
        replacement=same_but_case(step.id, known),
    )


def _check_kwargs(context: Context, where: Where, step: Step, row: StepRow) -> Iterator[Problem]:
    where = (*where, "kwargs")
    for name, value in step.kwargs.items():
        parameter = row.params.get(name)
        if parameter is None:
            expected, cure = listed(row.params) or "no parameters", advise(name, row.params, "delete it")
            yield context.document.problem(
                (*where, name),
                "step-kwarg-unknown",
                expected=f"{expected}, for `{step.id}`",
                got=f"`{name}`",
                cure=cure,
            )
        elif (objection := _objection(parameter, value)) is not None:
            yield context.document.problem(
                (*where, name),
                "step-kwarg-invalid",
                expected=objection,
                got=shown(value),
                cure=f"correct it; it means: {parameter.summary}",
            )
    for name in (name for name, parameter in row.params.items() if parameter.required and name not in step.kwargs):
        expected, cure = f"the parameter `{name}` of `{step.id}`", f"add it: {row.params[name].summary}"
        yield context.document.problem(
            (*where, name), "step-kwarg-missing", expected=expected, got="nothing", cure=cure
        )


def _objection(parameter: Parameter, value: Any) -> str | None:
    """Return what a parameter's value should have been, or None when it is right."""
    expected, is_right = KINDS[parameter.type]
    if not is_right(value):
        return expected
    if parameter.choices and value not in parameter.choices:
        return listed(parameter.choices)
    numbers = {"numbers": value, "integers": value, "integer": [value], "number": [value]}.get(parameter.type, [])
    least = -math.inf if parameter.min is None else parameter.min
    most = math.inf if parameter.max is None else parameter.max
    return None if all(least <= number <= most for number in numbers) else f"{least:g} to {most:g}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _are_columns(value: Any) -> bool:
    if not isinstance(value, list) or not value:
        return False
    try:
        columns = [COLUMN.validate_python(item) for item in value]
    except ValidationError:
        return False
    return len({column.name for column in columns}) == len(columns) and all(column.is_right for column in columns)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _list_of(is_right: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and value != [] and all(map(is_right, value))


KINDS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "string": ("text", _is_text),
    "strings": ("a list of texts", _list_of(_is_text)),
    "integer": ("a whole number", _is_whole),
    "integers": ("a list of whole numbers", _list_of(_is_whole)),
    "number": ("a number", _is_number),
    "numbers": ("a list of numbers", _list_of(_is_number)),
    "boolean": ("true or false", lambda value: isinstance(value, bool)),
    "file": ("the name of a file in the card's folder", lambda value: FILE_NAME.fullmatch(str(value)) is not None),
    "columns": (
        "a list of {name, unit, min, max, summary} or {name, categories, summary}, each name once, min below max",
        _are_columns,
    ),
}


def column_names(tensor: Tensor) -> list[str]:
    """Return the names of the values that a tensor's `columns` step puts in order; empty without such a step."""
    found = [step.kwargs.get("columns") for step in tensor.steps if step.id == "columns"]
    return [str(column["name"]) for columns in found if _are_columns(columns) for column in columns or []]


def check_columns(context: Context) -> Iterator[Problem]:
    """Require as many columns, means and deviations as the tensor is wide."""
    for where, tensor in context.each("inputs.*", Tensor):
        for index, step in enumerate(tensor.steps):
            for name in ("columns", "mean", "std"):
                value = step.kwargs.get(name)
                if isinstance(value, list):
                    place = (*where, "steps", index, "kwargs", name)
                    yield from _check_width(context, place, tensor, sum(map(_width, value)))


def _width(column: Any) -> int:
    """Return how many numbers a column, a mean or a deviation makes."""
    return len(column["categories"]) if isinstance(column, dict) and "categories" in column else 1


def _check_width(context: Context, where: Where, tensor: Tensor, count: int) -> Iterator[Problem]:
    widths = [axis.size for axis in tensor.axes if axis.name == "channel"] or [tensor.axes[-1].size]
    if widths[0] != count:
        expected, cure = f"{widths[0]} values, the size of the tensor's axis", "give one value a channel or column"
        yield context.document.problem(where, "step-width", expected=expected, got=f"{count}", cure=cure)
