"""Which kernels a step has, and what each takes and gives."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any

from edge.native.kinds import ANNOTATIONS

Kernel = Callable[..., Any]
KINDS = ("image", "audio", "text", "tabular", "numbers", "output", "boxes", "points", "masks", "time")  # modules
SUBJECT = "x"  # the parameter of a kernel that takes the value on its way through the steps


@cache
def kernels() -> Mapping[str, Sequence[Kernel]]:
    """Return the rows of all modules: the kernels of a step, or of `step dtype` where the type decides."""
    modules = [import_module(f"edge.native.kernels.{kind}") for kind in KINDS]
    return {step: found for module in modules for step, found in module.KERNELS.items()}


def kernels_of(step: str, kwargs: Mapping[str, Any]) -> Sequence[Kernel]:
    """Return the kernels of a step with these parameters, one for each type of value that it takes."""
    return kernels().get(step) or kernels().get(f"{step} {kwargs.get('dtype')}", ())


def parameters(kernel: Kernel) -> dict[str, str]:
    """Return a kernel's parameters and their types."""
    found = inspect.signature(kernel).parameters.items()
    return {name: ANNOTATIONS.get(str(one.annotation), str(one.annotation)) for name, one in found}


def result_type(kernel: Kernel) -> str:
    """Return the type of what a kernel gives."""
    name = str(inspect.signature(kernel).return_annotation)
    return ANNOTATIONS.get(name, name)
