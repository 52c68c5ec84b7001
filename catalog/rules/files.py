"""The files a card names: that they exist in its folder, and are those it means."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from catalog import vocab
from catalog.card import Source, Step
from catalog.context import FILE_NAME, Context, is_inside
from catalog.document import Where
from catalog.names import advise
from catalog.problem import Problem

ROOT = Path(__file__).parents[2]
MAX_DATA = 2_000_000  # bytes of a sample, or of a file of evaluation or calibration rows
MAX_MODEL = 500_000  # bytes of a model file that is kept in the repository
LIMITS = {
    "source.file": MAX_MODEL,
    "inputs.*.labels": MAX_DATA,
    "outputs.*.labels": MAX_DATA,
    "samples.*.file": MAX_DATA,
    "evaluation.*.file": MAX_DATA,
    "edge.calibration": MAX_DATA,
}
CURES = {
    "source.file": "publish larger weights elsewhere and give their `url`, `bytes` and `sha256` instead of `file`",
}


def check_files(context: Context) -> Iterator[Problem]:
    """Require named files in the folder, links followed, that hold something and fit a repository."""
    published = context.one("files", dict) or {}
    for pattern, limit in LIMITS.items():
        for where, name in context.each(pattern, str):
            if FILE_NAME.fullmatch(name) and name not in published:
                yield from _check_file(context, where, name, limit, CURES.get(pattern, "make it smaller"))
    for where, name in _named_by_steps(context):
        if name not in published:
            yield from _check_file(context, where, name, MAX_DATA, "make it smaller")


def _named_by_steps(context: Context) -> Iterator[tuple[Where, str]]:
    for pattern in ("inputs.*.steps.*", "outputs.*.steps.*", "result.*"):
        for where, step in context.each(pattern, Step):
            params = vocab.steps()[step.id].params if step.id in vocab.steps() else {}
            for name, value in step.kwargs.items():
                if name in params and params[name].type == "file" and FILE_NAME.fullmatch(str(value)):
                    yield (*where, "kwargs", name), str(value)


def _check_file(context: Context, where: Where, name: str, limit: int, cure: str) -> Iterator[Problem]:
    document, path = context.document, context.folder / name
    if not is_inside(path, context.folder):
        got, cure = f"`{name}`, a link that leads out of it", "copy the file into the card's folder"
        yield document.problem(
            where, "path-leaves-folder", expected="a file inside the card's folder", got=got, cure=cure
        )
    elif not path.is_file():
        cure = advise(name, _names_in(context.folder), "add the file, or delete the key")
        yield document.problem(where, "file-missing", expected=f"the file `{name}`", got="no such file", cure=cure)
    elif not path.stat().st_size:
        yield document.problem(
            where, "file-empty", expected=f"`{name}` to hold something", got="0 bytes", cure="add the file again"
        )
    elif path.stat().st_size > limit:
        got = f"`{name}` with {path.stat().st_size} bytes"
        yield document.problem(
            where, "file-too-large", expected=f"at most {limit} bytes in the repository", got=got, cure=cure
        )


def _names_in(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()][:1000]


def check_script(context: Context) -> Iterator[Problem]:
    """Require the script that trains the model to be in this repository."""
    name = context.one("provenance.script", str)
    if name is not None and FILE_NAME.fullmatch(name) and not (ROOT / name).is_file():
        where, expected = ("provenance", "script"), f"the file `{name}` in this repository"
        cure = "write its path from the root of the repository, such as `scripts/train/name.py`"
        yield context.document.problem(where, "file-missing", expected=expected, got="no such file", cure=cure)


def check_source(context: Context) -> Iterator[Problem]:
    """Require the weights in the folder or at an address, and the size beside an address."""
    source = context.one("source", Source)
    if source is None:
        return
    if (source.file is None) == (source.url is None):
        got = "neither" if source.file is None else "both"
        expected, cure = "exactly one of `file` and `url`", "keep the one that says where the weights are"
        yield context.document.problem(("source",), "source-ambiguous", expected=expected, got=got, cure=cure)
    if source.url is not None and source.bytes is None:
        expected, cure = "the key `bytes` beside `url`", "write the size of the file in bytes"
        yield context.document.problem(("source",), "bytes-missing", expected=expected, got="nothing", cure=cure)


def check_digest(context: Context) -> Iterator[Problem]:
    """Require the weights in the folder to be the bytes that the card means."""
    source = context.one("source", Source)
    path = context.file(source.file) if source and source.file else None
    if source is None or path is None or not 0 < path.stat().st_size <= MAX_MODEL:
        return
    data = path.read_bytes()
    digest, again = hashlib.sha256(data).hexdigest(), f"write what {path.name} has, if it is the right file"
    if digest != source.sha256:
        where = ("source", "sha256")
        yield context.document.problem(where, "sha256-disagrees", expected=digest, got=source.sha256, cure=again)
    if source.bytes is not None and source.bytes != len(data):
        where, got = ("source", "bytes"), f"{source.bytes}"
        yield context.document.problem(where, "bytes-disagree", expected=f"{len(data)}", got=got, cure=again)
