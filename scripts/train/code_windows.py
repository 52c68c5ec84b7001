"""Cuts source files into windows: pieces of 64 to 1024 bytes that begin at the start of a line."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scripts.train.code_corpus import SourceFile

SHORTEST, LONGEST = 64, 1024  # bytes
ATTEMPTS = 20  # to find code in a file before a window of prose is accepted
LEAST_CODE = 0.3  # of the lines, or it is prose
LEGAL = re.compile(r"copyright|licen[cs]e|warrant(y|ies)|redistribut|spdx", re.IGNORECASE)
COMMENT = re.compile(r"\s*(//|/\*|\*|#\s|--|;|!|%|\(\*)")  # as a line begins in one language or another
CODE = re.compile(r"[(){}\[\]=;<>]")
GIVEAWAY = re.compile(r"(#!.*|.*-\*-.*-\*-.*|.*\bvim?:.*)\n")  # shebang, and what tells an editor the language


@dataclass(frozen=True)
class Window:
    """A piece of a file as a person might paste it, without the last line's end."""

    file: SourceFile
    text: str


def is_code(text: str) -> bool:
    """Whether the text is neither a licence nor mostly prose."""
    lines = [line for line in text.splitlines() if line.strip()]
    code = [line for line in lines if CODE.search(line) and not COMMENT.match(line)]
    return not LEGAL.search(text) and len(code) >= LEAST_CODE * len(lines)


def cut(file: SourceFile, length: int, rng: np.random.Generator) -> Window:
    """Return a window of at most `length` UTF-8 bytes; it ends with a whole line where that leaves enough."""
    text = ""
    for _ in range(ATTEMPTS):
        start = file.text.rfind("\n", 0, int(rng.integers(max(1, len(file.text) - SHORTEST)))) + 1
        text = _shortened(GIVEAWAY.sub("", file.text[start : start + length]), length)
        if len(text) >= SHORTEST and is_code(text):
            break
    return Window(file, text)


def _shortened(text: str, length: int) -> str:
    text = text.encode()[:length].decode(errors="ignore")
    end = text.rfind("\n")
    return (text[:end] if end >= SHORTEST else text).rstrip()


def random_length(rng: np.random.Generator) -> int:
    """For training, short windows as often as long ones: uniform on a logarithmic scale."""
    return int(np.exp(rng.uniform(np.log(SHORTEST), np.log(LONGEST))))


def disguised(text: str, rng: np.random.Generator) -> str:
    """Change at random what a language does not decide: how far a piece is indented, tabs or spaces."""
    text = textwrap.dedent(text) if rng.random() < 0.5 else text
    return text.replace("\t", " " * int(rng.choice([2, 4, 8]))) if rng.random() < 0.25 else text


class Sampler:
    """Draws languages alike, then projects of a language alike, then files of a project alike."""

    def __init__(self, files: Iterable[SourceFile], labels: Sequence[str]) -> None:
        self.labels = labels
        self.projects: Mapping[str, dict[str, list[SourceFile]]] = {label: {} for label in labels}
        for file in files:
            self.projects[file.language].setdefault(file.package.project, []).append(file)

    def draw(self, label: str, length: int, rng: np.random.Generator) -> Window:
        """Return one window of a language."""
        projects = list(self.projects[label].values())
        files = projects[rng.integers(len(projects))]
        return cut(files[rng.integers(len(files))], length, rng)

    def fixed(self, count: int, rng: np.random.Generator) -> list[Window]:
        """Return `count` different windows of each language, from its projects in turn, their lengths uniform."""
        return [window for label in self.labels for window in self._of_language(label, count, rng)]

    def _of_language(self, label: str, count: int, rng: np.random.Generator) -> list[Window]:
        projects = list(self.projects[label].values())
        found: dict[str, Window] = {}
        for turn in range(ATTEMPTS * count):
            files = projects[turn % len(projects)]
            window = cut(files[rng.integers(len(files))], int(rng.integers(SHORTEST, LONGEST + 1)), rng)
            if len(window.text) >= SHORTEST and is_code(window.text):
                found.setdefault(window.text, window)
            if len(found) == count:
                break
        return list(found.values())
