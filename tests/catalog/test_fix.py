from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.check import check
from catalog.fix import fix
from tests.catalog.conftest import CARDS, INVALID

Copy = Callable[[Path], Path]

SURE = [
    "missing-key--schema-version",
    "not-a-sha256--capitals",
    "not-one-of--status-in-capitals",
    "step-unknown--capitals",
    "tab--at-the-end",
    "task-unknown--capitals",
]
RESPELLED = "license-spelling--lower-case"


@pytest.mark.parametrize("case", SURE)
def test_a_sure_cure_restores_the_card_to_the_letter(case: str, copy: Copy) -> None:
    """What was made wrong becomes right again; comments, quotes and layout stay."""
    (source,) = (CARDS / "invalid" / case).iterdir()
    folder = copy(source)
    assert len(fix(folder, check(folder))) == 1
    assert (folder / "card.yaml").read_bytes() == (CARDS / "valid" / source.name / "card.yaml").read_bytes()
    assert check(folder) == []


def test_a_licence_gets_its_spelling(copy: Copy) -> None:
    """`mit or apache-2.0` becomes what SPDX writes."""
    (source,) = (CARDS / "invalid" / RESPELLED).iterdir()
    folder = copy(source)
    (done,) = fix(folder, check(folder))
    assert done.endswith("license: `mit or apache-2.0` is now `MIT OR Apache-2.0`")
    assert "\nlicense: MIT OR Apache-2.0\n" in (folder / "card.yaml").read_text("utf-8")


def test_quotes_and_line_ends_stay(copy: Copy) -> None:
    """Two cures in one file with quotes and CRLF change the two words and add one line."""
    folder = copy(CARDS / "valid" / "tiny-draft")
    card = folder / "card.yaml"
    right = card.read_bytes().replace(b"license: MIT", b"license: 'MIT'  # as it came").replace(b"\n", b"\r\n")
    card.write_bytes(right.replace(b"'MIT'", b"'mit'").replace(b"schema_version: 1\r\n", b""))
    assert len(fix(folder, check(folder))) == 2
    assert card.read_bytes() == right


@pytest.mark.parametrize(
    "case", [case for case in INVALID if case.name not in [*SURE, RESPELLED]], ids=lambda p: p.name
)
def test_what_is_not_sure_is_left_alone(case: Path, copy: Copy) -> None:
    """A cure that needs a decision changes no byte."""
    (source,) = case.iterdir()
    folder = copy(source)
    assert fix(folder, check(folder)) == []
    assert (folder / "card.yaml").read_bytes() == (source / "card.yaml").read_bytes()
    assert {path.name for path in folder.iterdir()} == {path.name for path in source.iterdir()}


def test_problems_of_other_cards_change_nothing(copy: Copy) -> None:
    """Cures go to the card they are about."""
    (source,) = (CARDS / "invalid" / RESPELLED).iterdir()
    assert fix(copy(source), check(source)) == []
