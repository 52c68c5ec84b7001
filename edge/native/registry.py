"""Which kernels a step has, and what each takes and gives."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from edge.native import kernels as package
from edge.native.kinds import ANNOTATIONS, camel

Kernel = Callable[..., Any]
SUBJECT = "x"  # the parameter of a kernel that takes the value on its way through the steps


def modules() -> list[ModuleType]:
    """Return the modules of kernels."""
    return [import_module(f"{package.__name__}.{one.name}") for one in pkgutil.iter_modules(package.__path__)]


def functions(module: ModuleType) -> list[str]:
    """Return the names of a module's own functions."""
    return [name for name, one in vars(module).items() if inspect.isfunction(one) and one.__module__ == module.__name__]


@cache
def function_names() -> frozenset[str]:
    """Return the names of all kernels and of what they call, as generated code writes them."""
    return frozenset(camel(name) for module in modules() for name in functions(module))


@cache
def kernels() -> Mapping[str, Sequence[Kernel]]:
    """Return the rows of all modules: the kernels of a step, or of `step dtype` where the type decides."""
    tables: list[Mapping[str, Sequence[Kernel]]] = [getattr(module, "KERNELS", {}) for module in modules()]
    return {step: found for table in tables for step, found in table.items()}


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
