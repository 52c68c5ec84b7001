"""Packages that only some formats need: extras of the project, so that nobody else installs gigabytes."""

from __future__ import annotations

from importlib.util import find_spec

from converters.errors import ConversionError


def need(extra: str, *packages: str) -> None:
    """Raise `ConversionError` that names the extra if one of its packages is not installed."""
    for package in packages:
        if find_spec(package) is None:
            why = f"reading this format needs {package}, which is not installed"
            raise ConversionError("format", why, f"install it: pip install 'edgewise[{extra}]'")
