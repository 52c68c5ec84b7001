from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.card import Card
from catalog.check import CardError, check, load
from catalog.fix import fix
from catalog.licenses import verdict
from tests.catalog.conftest import VALID

WORDS = (
    b"\t;: ;- ;[;{;};';\";&a ;*a;!!set ;---\n;\n;null;true;-1;1e999;.nan;~;? ;<<: ;| ;> ;%YAML 9.9\n;{};[];  ;"
    b"\xff;\x00;../;file: model.onnx;GPL OR (;2026-13-01;{min: 3, max: 1};kwargs: [];0x10;999999999999999999"
)
SNIPPETS = st.sampled_from(WORDS.split(b";"))
CARDS = {folder.name: (folder / "card.yaml").read_bytes() for folder in VALID}


@pytest.fixture(scope="module")
def folders() -> Iterator[dict[str, Path]]:
    """Copies of the valid cards that a test may overwrite."""
    with tempfile.TemporaryDirectory() as name:
        yield {folder.name: Path(shutil.copytree(folder, Path(name) / folder.name)) for folder in VALID}


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, bytes]:
    """A valid card in which up to four slices were replaced by something else."""
    name = draw(st.sampled_from(sorted(CARDS)))
    data = CARDS[name]
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        length = draw(st.sampled_from([0, 0, 1, 2, 5, 20, 100]))
        other = draw(st.integers(0, len(data)))
        new = draw(st.one_of(SNIPPETS, st.binary(max_size=3), st.just(data[other : other + 30])))
        data = data[:start] + new + data[start + length :]
    return name, data


@settings(max_examples=300, deadline=None)
@given(card=mutated())
def test_any_text_gives_problems_or_a_card(card: tuple[str, bytes], folders: dict[str, Path]) -> None:
    """Whatever is typed into a card, the checker and the fixer answer; they never fall over."""
    name, data = card
    folder = folders[name]
    (folder / "card.yaml").write_bytes(data)
    problems = check(folder)
    assert all(problem.code and str(problem) for problem in problems)
    if not problems:
        assert isinstance(load(folder), Card)
        return
    with pytest.raises(CardError):
        load(folder)
    fix(folder, problems)
    check(folder)


@settings(max_examples=300, deadline=None)
@given(
    text=st.one_of(
        st.text(max_size=40),
        st.lists(st.sampled_from(["MIT", "GPL-2.0", "AND", "OR", "WITH", "(", ")", "+", ",", "LicenseRef-x"])).map(
            " ".join
        ),
    )
)
def test_any_licence_text_gets_a_verdict(text: str) -> None:
    """Whatever stands in place of a licence, the verdict is one of four words."""
    assert verdict(text).commercial in ("yes", "no", "conditions", "unknown")
