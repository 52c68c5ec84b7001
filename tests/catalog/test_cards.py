from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.card import Card
from catalog.check import CardError, check, check_all, load
from tests.cards.faults import FAULTS
from tests.catalog.conftest import CARDS, INVALID, VALID

Copy = Callable[[Path], Path]


@pytest.mark.parametrize("folder", VALID, ids=lambda path: path.name)
def test_a_valid_card_has_no_problem_and_loads(folder: Path) -> None:
    """A card that is right is accepted, and is what its file says."""
    assert check(folder) == []
    card = load(folder)
    assert isinstance(card, Card)
    assert card.id == folder.name


@pytest.mark.parametrize("case", INVALID, ids=lambda path: path.name)
def test_an_invalid_card_gives_the_problem_its_folder_names(case: Path) -> None:
    """One fault gives its own code and no other, on a line of the file, with all that helps."""
    (folder,) = case.iterdir()
    problems = check(folder)
    assert {problem.code for problem in problems} == {case.name.partition("--")[0]}
    for problem in problems:
        assert 1 <= problem.line <= len(Path(problem.file).read_bytes().splitlines())
        assert all((problem.where, problem.expected, problem.got, problem.cure))
    with pytest.raises(CardError):
        load(folder)


def test_every_row_of_faults_has_its_folder() -> None:
    """The committed cards are those of the table, so a row that was never written is seen."""
    assert {path.name for path in INVALID} == set(FAULTS)


LINES = [
    ("duplicate-key--license", "license: Apache-2.0"),
    ("unknown-key--in-an-axis", "sise: 8"),
    ("step-kwarg-invalid--choice", "filter: boxy"),
    ("axes-disagree--size", "{name: token, size: 9}"),
    ("license-unknown--of-a-sample", "license: CC-0"),
    ("html-in-prose--image", "onerror"),
]


@pytest.mark.parametrize(("case", "text"), LINES, ids=[case for case, _ in LINES])
def test_a_problem_points_at_the_line_that_is_wrong(case: str, text: str) -> None:
    """The line in the message is the one that holds the mistake."""
    (folder,) = (CARDS / "invalid" / case).iterdir()
    (problem,) = check(folder)
    assert text in (folder / "card.yaml").read_text("utf-8").splitlines()[problem.line - 1]


NEAR = [
    ("unknown-key--near-name", "`summary`"),
    ("license-unknown--typing-error", "`MIT`"),
    ("step-unknown--near-name", "`softmax`"),
    ("task-unknown--near-name", "`text-classification`"),
    ("not-one-of--axis-name", "`token`"),
    ("not-one-of--precision", "`int8_dynamic`"),
    ("file-missing--near-name", "`evaluation.jsonl`"),
    ("tensor-unknown--typing-error", "`logits`"),
]


@pytest.mark.parametrize(("case", "name"), NEAR, ids=[case for case, _ in NEAR])
def test_the_cure_offers_the_name_that_was_meant(case: str, name: str) -> None:
    """A typing error is answered with the right name."""
    (folder,) = (CARDS / "invalid" / case).iterdir()
    (problem,) = check(folder)
    assert name in problem.cure


def test_a_message_reads_like_that_of_a_compiler() -> None:
    """Place and code on the first line, then expected, got and cure, each on its own."""
    (folder,) = (CARDS / "invalid" / "axes-disagree--size").iterdir()
    (problem,) = check(folder)
    first, *rest = str(problem).splitlines()
    assert re.fullmatch(r".*card\.yaml:\d+: inputs\[0\]\.axes\[1\]\.size: axes-disagree", first)
    assert [line.split()[0] for line in rest] == ["expected", "got", "cure"]
    assert json.loads(json.dumps(problem.to_json()))["code"] == "axes-disagree"


def test_all_problems_come_at_once(copy: Copy) -> None:
    """Faults of YAML, types, vocabulary and files in one card are all reported, in the order of lines."""
    folder = copy(CARDS / "valid" / "tiny-text")
    card = folder / "card.yaml"
    text = card.read_text("utf-8").replace("license: MIT\n", "license: MTI\n").replace("id: softmax", "id: soft_max")
    card.write_text(text.replace("version: 1.0.0", "version: 1").replace("[en]", "[no]"), "utf-8")
    (folder / "evaluation.jsonl").unlink()
    problems = check(folder)
    codes = ["wrong-type", "license-unknown", "step-unknown", "file-missing", "ambiguous-scalar"]
    assert [problem.code for problem in problems] == codes


def test_a_large_model_is_sent_elsewhere(copy: Copy) -> None:
    """Half a megabyte of weights does not belong into the repository, and the cure says where it belongs."""
    folder = copy(CARDS / "valid" / "tiny-text")
    (folder / "model.onnx").write_bytes(b"\0" * 500_001)
    (problem,) = check(folder)
    assert problem.code == "file-too-large"
    assert "url" in problem.cure
    assert "sha256" in problem.cure


def test_a_large_card_is_refused_before_it_is_read(copy: Copy) -> None:
    """A card above 256 KiB is one problem, not a long wait."""
    folder = copy(CARDS / "valid" / "tiny-draft")
    (folder / "card.yaml").write_bytes(b"[" * 300_000)
    assert [problem.code for problem in check(folder)] == ["card-too-large"]


def test_a_ring_of_links_is_a_missing_file(copy: Copy) -> None:
    """A link that leads to itself is a problem like any other file that is not there."""
    folder = copy(CARDS / "valid" / "tiny-text")
    (folder / "evaluation.jsonl").unlink()
    (folder / "evaluation.jsonl").symlink_to("evaluation.jsonl")
    assert [problem.code for problem in check(folder)] == ["file-missing"]


def test_a_folder_without_a_card_is_a_problem(tmp_path: Path) -> None:
    """Naming the wrong folder is answered, not passed over."""
    assert [problem.code for problem in check_all([tmp_path])] == ["card-missing"]


def test_two_cards_may_not_share_an_id(tmp_path: Path) -> None:
    """The second card with an id is refused, though each is right by itself."""
    for parent in ("one", "two"):
        shutil.copytree(CARDS / "valid" / "tiny-draft", tmp_path / parent / "tiny-draft")
    problems = check_all([tmp_path / "one", tmp_path / "two" / "tiny-draft" / "card.yaml"])
    assert [problem.code for problem in problems] == ["id-taken"]


def test_one_card_named_twice_is_one_card() -> None:
    """A folder, its card and its catalog may be named together."""
    folder = CARDS / "valid" / "tiny-draft"
    assert check_all([folder, folder / "card.yaml", CARDS / "valid"]) == []


def test_a_byte_order_mark_is_allowed(copy: Copy) -> None:
    """Editors that begin a file with U+FEFF do no harm."""
    folder = copy(CARDS / "valid" / "tiny-draft")
    card = folder / "card.yaml"
    card.write_bytes(b"\xef\xbb\xbf" + card.read_bytes().replace(b"\n", b"\r\n"))
    assert check(folder) == []
