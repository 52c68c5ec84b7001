"""The environment of onnx2tf, which is needed for the benchmark alone and never mixes with the project's own."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

PACKAGES = ("onnx2tf", "tensorflow", "ai-edge-litert")
PYTHONS = ("python3.13", "python3.12")  # those that onnx2tf 2 and TensorFlow 2.21 both run on


def ensure(folder: Path) -> Path:
    """Return `folder` with onnx2tf's newest release in it; makes it (2.7 GB) if it is not there.

    Raises RuntimeError when no Python is found that onnx2tf runs on.
    """
    if not (folder / "bin" / "onnx2tf").exists():
        pythons = [path for path in map(shutil.which, PYTHONS) if path and _works(path)]
        if not pythons:
            names = " or ".join(PYTHONS)
            raise RuntimeError(f"PATH: {names} expected, none found. Cure: install one, or give --peer an environment.")
        subprocess.run([pythons[0], "-m", "venv", "--clear", folder], check=True)  # noqa: S603
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--upgrade"]
        subprocess.run([*pip, "onnx2tf[tensorflow]"], check=True)  # noqa: S603
    return folder


def _works(python: str) -> bool:
    """Tell whether a command is a Python: a version manager's stand-in is found on PATH but only complains."""
    return subprocess.run([python, "--version"], capture_output=True, check=False).returncode == 0  # noqa: S603


def versions(folder: Path) -> dict[str, str]:
    """Return the versions of what the environment holds."""
    code = f"import importlib.metadata as m, json; print(json.dumps({{p: m.version(p) for p in {PACKAGES}}}))"
    command = [str(folder / "bin" / "python"), "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    found: dict[str, str] = json.loads(done.stdout)
    return found
