"""Models of texts and files that others publish, through their cards alone: what was found with them elsewhere."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from tests.shared import sample


@pytest.mark.shared
def test_magika_names_all_76_labelled_files(model):
    """Every file of its authors' set gets its folder's name; one, which is empty, is not for the network."""
    magika = model("magika")
    labels = magika.card.outputs[0].labels
    with tarfile.open(fileobj=io.BytesIO(sample("magika_tests_basic.tar.gz"))) as archive:
        files = {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}
    pairs = {name: (Path(name).parent.name, magika(data)[0]["label"]) for name, data in files.items() if data}
    assert len(pairs) == 76
    assert {right for right, _ in pairs.values()} <= set(labels)
    assert {name: pair for name, pair in pairs.items() if pair[0] != pair[1]} == {}


@pytest.mark.shared
@pytest.mark.parametrize(
    ("text", "label", "score"),
    [
        ("great movie, I loved every minute of it", "Positive", 0.95),
        ("terrible and boring, a waste of time", "Negative", 0.998),
        ("I hated it", None, 0.50),
    ],
)
def test_average_word_vectors_judge_films(model, text: str, label: str | None, score: float):
    """Words of the vocabulary that lies in the weights' own file: praise is positive, scorn negative, one undecided."""
    [best, _] = model("sst2-average-word-vec")(text)
    assert best["score"] == pytest.approx(score, abs=0.005)
    assert label in (None, best["label"])
