"""Reads the licence of a Debian package and says whether a snippet of it may be shown under terms as free as ours.

Source of the format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
"""

from __future__ import annotations

import re

PERMISSIVE = re.compile(
    r"apache-2(\.0)?|asl-2\.0|expat|mit(-[\w.]+)?|x11|bsd(-[234])?(-clauses?)?|bsl(-1\.0)?|boost(-1\.0)?|isc|zlib"
    r"|artistic(-[12](\.0)?)?|perl|psf(-2(\.0)?)?|python(-2\.0)?|public-domain|cc0(-1\.0)?|unlicense|ncsa|postgresql"
    r"|ruby|0bsd|php-3\.01|tcl",
    re.IGNORECASE,
)


def permissive_license(copyright_file: str) -> str | None:
    """Return the licences of all files but Debian's own, joined by " and ", or None if one of them asks for more.

    Paths in this file are those of the source package, not of the installed one; hence all of them must be permissive.
    """
    if "Format:" not in copyright_file[:400]:
        return None
    names = dict.fromkeys(_licenses(copyright_file))
    return " and ".join(names) if names and all(map(_is_permissive, names)) else None


def _licenses(copyright_file: str) -> list[str]:
    found = []
    for paragraph in re.split(r"\n\s*\n", copyright_file):
        files = re.search(r"^Files:\s*(\S+)", paragraph, re.MULTILINE)
        name = re.search(r"^License:[ \t]*(.*)", paragraph, re.MULTILINE)
        if files and name and not files[1].startswith("debian/"):
            found.append(name[1].strip())
    return found


def _is_permissive(expression: str) -> bool:
    every = re.split(r",?\s+and\s+", expression, flags=re.IGNORECASE)
    return all(any(map(PERMISSIVE.fullmatch, re.split(r",?\s+or\s+", part, flags=re.IGNORECASE))) for part in every)
