"""Trains the classifier of `catalog/models/code-language-id` again: `python -m scripts.train.code_language_id`.

Reads the projects of `code_corpus.py`, draws windows of them at random (`code_windows.py`), and trains a small network
on bytes; two laptop cores need about ten minutes. Writes `model.onnx`, `evaluation.jsonl`, `calibration.jsonl` and
`SOURCES.md` into the card's folder and prints the metrics.

No layer before the maximum has a bias and byte 0 embeds to zeros, so padding gives zeros throughout and, after ReLU,
never wins the maximum: a text has the same logits whatever the length of the buffer behind it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from catalog.card import Step
from edge.steps import run_steps
from scripts.train.code_corpus import LANGUAGES, SourceFile, read_corpus
from scripts.train.code_windows import LONGEST, Sampler, Window, disguised, random_length
from scripts.train.common import MODELS, measure, read_card, save_onnx, seed, write_jsonl

NAME = "code-language-id"
FOLDER = MODELS / NAME
LABELS = sorted(LANGUAGES, key=str.lower)
STEPS, BATCH, LEARNING_RATE = 4000, 128, 4e-3
EVALUATED, TESTED, CALIBRATED = 20, 200, 3  # windows of each language
SEED = 11


class Network(nn.Module):
    """Bytes `[N, L] uint8`, L a multiple of 8, to logits `[N, C]`."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(256, 24, padding_idx=0)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(i, o, k, stride=2, padding=k // 2, bias=False)
            for i, o, k in [(24, 64, 7), (64, 64, 5), (64, 128, 5)]
        )
        for convolution in self.convolutions:
            nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
        self.dropout = nn.Dropout(0.1)
        self.dense = nn.Linear(128, len(LABELS))

    def forward(self, text: Tensor) -> Tensor:
        """Run the network."""
        x = self.embedding(text.int()).transpose(1, 2)
        for convolution in self.convolutions:
            x = convolution(x).relu()
        return self.dense(self.dropout(x.amax(dim=2)))


def encoded(texts: Sequence[str]) -> NDArray[np.uint8]:
    """Encode as the card's step does, `[N, L] uint8`, but no longer than the longest text needs."""
    rows = np.concatenate([run_steps([Step(id="encode_bytes", kwargs={"length": LONGEST})], text) for text in texts])
    used = int(rows.any(axis=0).nonzero()[0].max()) + 1
    return rows[:, : -(-used // 8) * 8]


def batches(sampler: Sampler, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield windows of one length a batch, `[N, L] uint8`, and the index `[N] int64` of their language."""
    for _ in range(STEPS):
        length = random_length(rng)
        classes = rng.integers(len(LABELS), size=BATCH)
        texts = [disguised(sampler.draw(LABELS[label], length, rng).text, rng) for label in classes]
        yield torch.from_numpy(encoded(texts)), torch.from_numpy(classes)
