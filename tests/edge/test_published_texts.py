"""Published models of texts and files through steps alone: their real weights give what their authors found."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from catalog.card import Step
from edge.pipeline import Pipeline
from edge.runtimes import RUNTIMES
from tests.shared import mirrored, published, sample

pytestmark = pytest.mark.shared


def pipeline(folder: Path, before: list[Step], output: str, given: str, labels: list[str]) -> Pipeline:
    inputs = [SimpleNamespace(id=given, steps=before, state_of=None, stream=False)]
    outputs = [SimpleNamespace(id=output, steps=[Step(id="top_k", kwargs={"k": 1})], labels=labels)]
    card: Any = SimpleNamespace(inputs=inputs, outputs=outputs, result=[])
    return Pipeline(card, folder)


def test_magika_names_all_76_labelled_files():
    """First and last kilobyte, stripped and padded: every file of its authors' set gets its folder's name."""
    row = published("magika-v3.3")
    labels = json.loads(mirrored(row["labels_sha256"]).read_text("utf-8"))["target_labels_space"]
    model = pipeline(
        Path(), [Step(id="byte_windows", kwargs={"begin": 1024, "end": 1024})], "target_label", "bytes", labels
    )
    session = RUNTIMES["onnxruntime"].load(mirrored(row["sha256"]))
    with tarfile.open(fileobj=io.BytesIO(sample("magika_tests_basic.tar.gz"))) as archive:
        files = [
            member for member in archive.getmembers() if member.isfile() and Path(member.name).parent.name in labels
        ]
        found = {
            member.name: (
                Path(member.name).parent.name,
                model.predict(session, archive.extractfile(member).read())[0]["label"],
            )
            for member in files
        }
    assert len(found) == 76
    assert {name: pair for name, pair in found.items() if pair[0] != pair[1]} == {}


def test_average_word_vectors_judge_films(tmp_path: Path):
    """Words of the vocabulary that lies in the file itself: praise is positive, scorn negative."""
    row = published("sst2-average-word-vec")
    data = mirrored(row["sha256"]).read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as attached:
        (tmp_path / "vocab.txt").write_bytes(attached.read("vocab.txt"))
        labels = attached.read("labels.txt").decode().split()
    before = [Step(id="word_ids", kwargs={"vocabulary": "vocab.txt", "start": "<START>"}),
              Step(id="pad_tokens", kwargs={"length": 256})]  # fmt: skip
    model = pipeline(tmp_path, before, row["outputs"][0]["name"], row["inputs"][0]["name"], labels)
    session = RUNTIMES["litert"].load(mirrored(row["sha256"]))
    [praise] = model.predict(session, "great movie, I loved every minute of it")
    [scorn] = model.predict(session, "terrible and boring, a waste of time")
    assert (praise["label"], scorn["label"]) == ("Positive", "Negative")
    assert praise["score"] > 0.9
    assert scorn["score"] == pytest.approx(0.999, abs=0.002)
    [undecided] = model.predict(session, "I hated it")
    assert undecided["score"] == pytest.approx(0.5, abs=0.005)
