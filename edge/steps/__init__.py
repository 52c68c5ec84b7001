"""The steps before and after a model: the one Python meaning of each name in `catalog/vocab/steps.yaml`.

A new step is a function in one of this package's files, a row of `STEPS`, the same two in `site/assets/steps/`, a row
of the vocabulary, and its golden vectors. A step takes the value and its parameters as keywords; one that names a
keyword `labels` is given the labels of the output.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

from edge.steps import image, numbers, output, tabular, text
from edge.steps.errors import StepError, StepWarning

__all__ = ["STEPS", "HasIdAndKwargs", "StepError", "StepFunction", "StepWarning", "run_steps"]

StepFunction = Callable[..., Any]


class HasIdAndKwargs(Protocol):
    """A step as a card writes it: `catalog.card.Step`, or anything with the same two attributes."""

    @property
    def id(self) -> str:
        """Name in the vocabulary."""

    @property
    def kwargs(self) -> Mapping[str, Any]:
        """Parameters; those left out take the vocabulary's defaults."""


STEPS: Mapping[str, StepFunction] = MappingProxyType(
    {
        "decode_image": image.decode_image,
        "to_color_space": image.to_color_space,
        "invert": image.invert,
        "crop_to_content": image.crop_to_content,
        "resize": image.resize,
        "fit_within": image.fit_within,
        "scale_linear": numbers.scale_linear,
        "normalize": numbers.normalize,
        "to_layout": numbers.to_layout,
        "cast": numbers.cast,
        "clip": numbers.clip,
        "encode_bytes": text.encode_bytes,
        "columns": tabular.columns,
        "softmax": output.softmax,
        "top_k": output.top_k,
        "to_image": output.to_image,
    }
)


def run_steps(steps: Sequence[HasIdAndKwargs], value: Any, *, labels: Sequence[str] | None = None) -> Any:
    """Apply the steps in order and return the last one's value.

    Raises `StepError` for an unknown step or parameter and for a value that a step does not take.
    """
    for step in steps:
        value = _run(step, value, labels)
    return value


def _run(step: HasIdAndKwargs, value: Any, labels: Sequence[str] | None) -> Any:
    function = STEPS.get(step.id)
    if function is None:
        near = difflib.get_close_matches(step.id, STEPS, n=1) or sorted(STEPS)
        raise StepError(step.id, "the name of a step", repr(step.id), f"did you mean {', '.join(near)}?")
    parameters = list(inspect.signature(function).parameters)[1:]
    given = {"labels": labels} if "labels" in parameters else {}
    _check_names(step, [name for name in parameters if name != "labels"], function)
    return function(value, **step.kwargs, **given)


def _check_names(step: HasIdAndKwargs, names: list[str], function: StepFunction) -> None:
    unknown = sorted(set(step.kwargs) - set(names))
    required = [
        name for name in names if inspect.signature(function).parameters[name].default is inspect.Parameter.empty
    ]
    missing = [name for name in required if name not in step.kwargs]
    if unknown or missing:
        expected = f"the parameters {', '.join(names) or 'none'}"
        got = ", ".join([f"unknown {name}" for name in unknown] + [f"no {name}" for name in missing])
        raise StepError(step.id, expected, got, "write them as catalog/vocab/steps.yaml does")
