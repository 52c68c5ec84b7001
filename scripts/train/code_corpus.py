"""Source files of many projects, by programming language, from the Debian packages listed in `corpus.tsv`.

Every package is fetched with `apt-get download` (Debian 12, no root needed) into a cache outside the repository and is
read in place. The list was drawn once from the archive's index of file names, by the hash of the package's name, up to
about a hundred projects a language. Its column `split` holds out whole projects: all packages of one source package are
in the same split, again by a hash. Before anything was tested, half of Haskell's few test projects were moved to
training, and permissively licensed projects were added to the test split for languages that had hardly any.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import os
import re
import subprocess
import tarfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from scripts.train.code_licenses import permissive_license
from scripts.train.common import MODELS

LIST = MODELS / "code-language-id" / "corpus.tsv"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "edgewise" / "code-corpus"
LARGEST_FILE = 200_000  # bytes
FILES_PER_PROJECT = 12  # of one language, so that no large project outweighs the others
SHARED_LINES = 0.4  # a held-out file with more of its lines in the training split is taken for a copy

LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "C": (".c",),
    "C++": (".cpp", ".cc", ".cxx", ".hpp", ".hh"),
    "CSS": (".css",),
    "Common Lisp": (".lisp",),
    "Fortran": (".f", ".f77", ".f90", ".f95", ".f03", ".for"),
    "Go": (".go",),
    "HTML": (".html", ".htm"),
    "Haskell": (".hs",),
    "Java": (".java",),
    "JavaScript": (".js", ".mjs", ".cjs"),
    "Lua": (".lua",),
    "OCaml": (".ml",),
    "PHP": (".php",),
    "Perl": (".pl", ".pm"),
    "Python": (".py",),
    "R": (".r",),
    "Ruby": (".rb",),
    "Rust": (".rs",),
    "SQL": (".sql",),
    "Shell": (".sh", ".bash"),
    "Tcl": (".tcl",),
    "TypeScript": (".ts", ".tsx"),
}
LANGUAGE_OF = {suffix: language for language, suffixes in LANGUAGES.items() for suffix in suffixes}

# Written by tools, or carried along in many projects
GENERATED = re.compile(
    r"\.min\.|generated|/search/|searchindex|/_static/|jquery|bootstrap|navtree|doc/.*\.(js|css)$|/vendor/", re.I
)


@dataclass(frozen=True)
class Package:
    """A row of `corpus.tsv`."""

    package: str
    version: str
    project: str
    split: str

    @property
    def deb(self) -> Path | None:
        """The fetched file, if it is there."""
        return next(CACHE.glob(f"{self.package}_{self.version.replace(':', '%3a')}_*.deb"), None)


@dataclass(frozen=True)
class SourceFile:
    """One text in one language; `license` is its package's, None unless all of that is permissive."""

    language: str
    package: Package
    path: str
    license: str | None
    text: str


def read_corpus() -> list[SourceFile]:
    """Fetch what is missing and return the files of all splits, in a fixed order, without duplicates."""
    with LIST.open(encoding="utf-8", newline="") as file:
        packages = [Package(**row) for row in csv.DictReader(file, delimiter="\t")]
    _fetch([package for package in packages if package.deb is None])
    with ThreadPoolExecutor(2) as pool:
        files = [file for found in pool.map(_read_package, packages) for file in found]
    return _few_a_project(_without_copies(_unique(files)))


def _fetch(packages: Sequence[Package]) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    for start in range(0, len(packages), 100):
        names = [f"{package.package}={package.version}" for package in packages[start : start + 100]]
        command = ["apt-get", "-qq", "download", *names]
        if subprocess.run(command, cwd=CACHE, check=False).returncode:  # noqa: S603 - the names are from our own list
            cure = "update apt's lists; Debian's snapshot archive has versions that left the mirrors"
            raise RuntimeError(f"{LIST.name}: expected apt-get to find every version listed, it did not: {cure}")


def _read_package(package: Package) -> list[SourceFile]:
    command = ["dpkg-deb", "--fsys-tarfile", str(package.deb)]
    data = subprocess.run(command, capture_output=True, check=True).stdout  # noqa: S603 - the names are from our own list
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = {member.name.removeprefix("./"): member for member in archive if member.isreg()}
        read = {
            name: _content(archive, member)
            for name, member in sorted(members.items())
            if member.size <= LARGEST_FILE and (_language(name) or name.endswith("/copyright"))
        }
    license_name = permissive_license(read.get(f"usr/share/doc/{package.package}/copyright", ""))
    return [file for name, text in read.items() for file in _source_file(package, name, license_name, text)]


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    file = archive.extractfile(member)
    data = file.read() if file else b""
    return (gzip.decompress(data) if member.name.endswith(".gz") else data).decode("utf-8", "replace")


def _language(name: str) -> str | None:
    suffix = PurePosixPath(name.removesuffix(".gz")).suffix.lower()
    return None if GENERATED.search(name) else LANGUAGE_OF.get(suffix)


def _source_file(package: Package, name: str, license_name: str | None, text: str) -> Iterator[SourceFile]:
    language = _language(name)
    text = text.replace("\r\n", "\n").replace("\0", "")
    text = CLEANERS[language](text) if language in CLEANERS else text
    lines = text.count("\n") + 1
    if language and len(text) >= 200 and len(text) / lines < 120 and "\ufffd" not in text:
        yield SourceFile(language, package, name, license_name, text)


def _html(text: str) -> str:
    return re.sub(r"<(script|style)\b.*?</\1\s*>", "", text, flags=re.I | re.S)


def _php(text: str) -> str:
    return text if text.lstrip().startswith("<?php") and "?>" not in text.rstrip()[:-2] else ""


def _perl(text: str) -> str:
    code = re.split(r"^__(?:END|DATA)__$", text, maxsplit=1, flags=re.M)[0]
    code = re.sub(r"^=[a-z]\w*.*?(?:^=cut$|\Z)", "", code, flags=re.M | re.S)
    return code if re.search(r"^\s*(?:use|my|package|sub) ", code, re.M) else ""


def _typescript(text: str) -> str:
    return "" if text.lstrip().startswith("<") else text  # Qt's translations end in .ts too


# What to keep of a file where the suffix alone does not tell the language of every line
CLEANERS: Mapping[str | None, Callable[[str], str]] = {
    "HTML": _html,
    "PHP": _php,
    "Perl": _perl,
    "TypeScript": _typescript,
}


def _unique(files: Iterable[SourceFile]) -> Iterator[SourceFile]:
    """Drop every text that two projects hold, and repetitions within one."""
    owners: defaultdict[bytes, list[SourceFile]] = defaultdict(list)
    for file in files:
        owners[hashlib.sha256("".join(file.text.split()).encode()).digest()].append(file)
    return (same[0] for same in owners.values() if len({file.package.project for file in same}) == 1)


def _lines(text: str) -> list[int]:
    return [hash(line.strip()) for line in text.splitlines() if len(line.strip()) >= 20]


def _without_copies(files: Iterable[SourceFile]) -> Iterator[SourceFile]:
    """Drop held-out files that are mostly made of lines of the training split."""
    held_out, known = [], set[int]()
    for file in files:
        if file.package.split == "train":
            known.update(_lines(file.text))
            yield file
        else:
            held_out.append(file)
    for file in held_out:
        lines = _lines(file.text)
        if sum(line in known for line in lines) <= SHARED_LINES * len(lines):
            yield file


def _few_a_project(files: Iterable[SourceFile]) -> list[SourceFile]:
    count: Counter[tuple[str, str]] = Counter()
    kept = []
    for file in sorted(files, key=lambda file: hashlib.sha256(f"{file.package.package}/{file.path}".encode()).digest()):
        key = (file.language, file.package.project)
        count[key] += 1
        if count[key] <= FILES_PER_PROJECT:
            kept.append(file)
    return kept
