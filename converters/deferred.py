"""Puts off imports that are costly and seldom needed.

`onnx_ir` imports sympy, for arithmetic with sizes that have names. That takes 0.4 s, more than most conversions, and
none of them does such arithmetic; so both modules are imported when something first looks into them.
The standard library's `LazyLoader` does not serve: before Python 3.12 the import statement itself wakes its modules.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class Deferred(ModuleType):
    """Stands in `sys.modules` for a module until one of its attributes is asked for."""

    def __getattr__(self, attribute: str) -> Any:
        """Import the module the first time, and answer from it."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
            import_module(self.__name__)
        return getattr(sys.modules[self.__name__], attribute)


def defer(name: str) -> None:
    """Make `import name` free until an attribute of the module is asked for; a module that is loaded stays."""
    sys.modules.setdefault(name, Deferred(name))
