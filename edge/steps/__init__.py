"""The steps before and after a model: the one Python meaning of each name in `catalog/vocab/steps/`.

A new step is a function and a row of `STEPS` in one of this package's files, the same two in `site/assets/steps/`, a
row of the vocabulary, and its golden vectors. A step takes the value and its parameters as keywords; one that names a
keyword `context` is given the `Context` of the run.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

from edge.steps import audio, boxes, image, masks, numbers, output, points, tabular, text, time
from edge.steps.context import Context
from edge.steps.errors import StepError, StepWarning

__all__ = ["STEPS", "Context", "HasIdAndKwargs", "StepError", "StepFunction", "StepWarning", "run_steps"]

StepFunction = Callable[..., Any]
KINDS = (image, audio, text, tabular, numbers, output, boxes, points, masks, time)


class HasIdAndKwargs(Protocol):
    """A step as a card writes it: `catalog.card.Step`, or anything with the same two attributes."""

    @property
    def id(self) -> str:
        """Name in the vocabulary."""

    @property
    def kwargs(self) -> Mapping[str, Any]:
        """Parameters; those left out take the vocabulary's defaults."""


STEPS: Mapping[str, StepFunction] = MappingProxyType(
    {name: function for kind in KINDS for name, function in kind.STEPS.items()}
)


def run_steps(steps: Sequence[HasIdAndKwargs], value: Any, context: Context | None = None) -> Any:
    """Apply the steps in order and return the last one's value; what later steps need is left in `context`.

    Raises `StepError` for an unknown step or parameter and for a value that a step does not take.
    """
    context = Context() if context is None else context
    for step in steps:
        value = _run(step, value, context)
    return value


def _run(step: HasIdAndKwargs, value: Any, context: Context) -> Any:
    function = STEPS.get(step.id)
    if function is None:
        near = difflib.get_close_matches(step.id, STEPS, n=1) or sorted(STEPS)
        raise StepError(step.id, "the name of a step", repr(step.id), f"did you mean {', '.join(near)}?")
    parameters = dict(list(inspect.signature(function).parameters.items())[1:])
    given = {"context": context} if parameters.pop("context", None) else {}
    _check_names(step, parameters)
    return function(value, **step.kwargs, **given)


def _check_names(step: HasIdAndKwargs, parameters: Mapping[str, inspect.Parameter]) -> None:
    unknown = sorted(set(step.kwargs) - set(parameters))
    required = [name for name, parameter in parameters.items() if parameter.default is inspect.Parameter.empty]
    missing = [name for name in required if name not in step.kwargs]
    if unknown or missing:
        expected = f"the parameters {', '.join(parameters) or 'none'}"
        got = ", ".join([f"unknown {name}" for name in unknown] + [f"no {name}" for name in missing])
        raise StepError(step.id, expected, got, "write them as catalog/vocab/steps/ does")
