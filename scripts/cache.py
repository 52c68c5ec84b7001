"""Steps kept by digest: a step's folder is named by all that went into it and appears only when it is complete."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parent.parent
CHUNK = 1 << 20


@cache
def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file; read once a process, since inputs do not change while a build runs."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def tree_digest(folder: Path) -> str:
    """Return a digest of every file under `folder`, with its relative path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return hashlib.sha256(
        "\n".join(f"{file_digest(path)} {path.relative_to(folder).as_posix()}" for path in files).encode()
    ).hexdigest()


@cache
def code_digest(package: str) -> str:
    """Return a digest of the source and data of a package, or of a file: a step whose code changed is made anew."""
    place = ROOT / package
    files = (
        path
        for path in ([place] if place.is_file() else sorted(place.rglob("*")))
        if path.suffix in {".py", ".yaml", ".mjs", ".html"} and "models" not in path.parts
    )
    return hashlib.sha256("".join(map(file_digest, files)).encode()).hexdigest()


class Cache:
    """The finished steps under `root`, of one build at a time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.made = 0
        self._used: set[Path] = set()

    def step(
        self,
        name: str,
        inputs: Mapping[str, object],
        make: Callable[[Path], None],
        *,
        code: Sequence[str],
        tools: Sequence[str] = (),
    ) -> Path:
        """Return the folder that `make(folder)` filled, calling it only when no finished one has the same digest.

        `inputs` is anything JSON can hold; `code` names the packages of this project that the result depends on,
        `tools` the installed distributions.
        """
        key = {
            "inputs": inputs,
            "code": [code_digest(package) for package in code],
            "tools": [(t, version(t)) for t in tools],
        }
        digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
        folder = self.root / name / digest
        if not folder.is_dir():
            unfinished = self.root / "unfinished" / f"{name.replace('/', '-')}-{digest[:16]}"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(parents=True)
            make(unfinished)
            folder.parent.mkdir(parents=True, exist_ok=True)
            unfinished.rename(folder)
            self.made += 1
        self._used.add(folder)
        return folder

    def prune(self) -> None:
        """Remove the finished steps that this build did not use."""
        for folder in set(self.root.glob("*/*")) - self._used:
            shutil.rmtree(folder)


@contextlib.contextmanager
def only_build(root: Path) -> Iterator[None]:
    """Hold the lock that lets one build at a time work under `root`; it goes with the process, however that ends."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(
                f"edgewise: another build is at work in {root}: wait for it, or give another --out"
            ) from None
        shutil.rmtree(root / "unfinished", ignore_errors=True)
        yield


def point(link: Path, target: Path) -> None:
    """Make `link` a symbolic link to `target` in one step: a reader sees the old or the new, nothing between."""
    fresh = link.with_name(f".{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(os.path.relpath(target, link.parent), target_is_directory=True)
    if link.is_dir() and not link.is_symlink():
        shutil.rmtree(link)  # somebody ran mkdocs by hand
    fresh.replace(link)
