"""Trains the wine classifier of `catalog/models/wine-mlp` again: `python -m scripts.train.wine_mlp`, a few seconds.

Writes `model.onnx`, `evaluation.jsonl` (the held-out rows) and `calibration.jsonl` (the training rows) into the card's
folder, and prints the normalisation that the card must hold and the accuracy, held out and in cross-validation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RepeatedStratifiedKFold, train_test_split
from torch import nn

from edge.steps.numbers import normalize
from scripts.train.common import MODELS, measure, read_card, save_onnx, seed, write_jsonl

NAME = "wine-mlp"
FOLDER = MODELS / NAME
LABELS = ("Barolo", "Grignolino", "Barbera")  # class_0, class_1, class_2 of the published file
HELD_OUT = 60
HIDDEN = 16
EPOCHS = 300
SEED = 20260101
GRAPH = """
wine_mlp (float[1,13] features) => (float[1,3] logits) {
  sums = Gemm (features, hidden_weight, hidden_bias)
  hidden = Relu (sums)
  logits = Gemm (hidden, output_weight, output_bias)
}
"""


@dataclass(frozen=True)
class Rows:
    """Wines: `values` is `[N, 13] float64` in the units of the published file, `classes` is `[N] int64`."""

    values: NDArray[np.float64]
    classes: NDArray[np.int64]

    def __getitem__(self, index: NDArray[np.int64]) -> Rows:
        """Select rows."""
        return Rows(self.values[index], self.classes[index])


@dataclass(frozen=True)
class Scaling:
    """Mean and standard deviation of each column, in the column's unit."""

    mean: list[float]
    std: list[float]

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Scaling:
        """Measure `[N, 13]`, to the five significant digits that the card writes."""
        return cls(_rounded(values.mean(axis=0)), _rounded(values.std(axis=0)))

    def __call__(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Normalise `[N, 13]` as the card's step does."""
        return normalize(values, self.mean, self.std)


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return [float(f"{value:.5g}") for value in values]


def train(rows: Rows, scaling: Scaling) -> nn.Sequential:
    """Fit the network on all rows at once."""
    torch.manual_seed(SEED)
    network = nn.Sequential(nn.Linear(13, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, len(LABELS)))
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.01, weight_decay=0.1)
    inputs, targets = torch.from_numpy(scaling(rows.values)), torch.from_numpy(rows.classes)
    for _ in range(EPOCHS):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(inputs), targets).backward()
        optimizer.step()
    return network.eval()


def cross_validate(rows: Rows) -> tuple[float, float]:
    """Mean accuracy over 10 repetitions of 5 folds, of the network and of logistic regression on the same folds."""
    folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=10, random_state=SEED)
    right = np.array([compare(rows[a], rows[b]) for a, b in folds.split(rows.values, rows.classes)])
    return float(right[:, 0].mean()), float(right[:, 1].mean())


def compare(training: Rows, held_out: Rows) -> tuple[float, float]:
    """Accuracy on `held_out` of the network and of logistic regression."""
    scaling = Scaling.of(training.values)
    network = train(training, scaling)
    with torch.no_grad():
        winners = network(torch.from_numpy(scaling(held_out.values))).argmax(1).numpy()
    linear = LogisticRegression(max_iter=1000).fit(scaling(training.values), training.classes)
    return float((winners == held_out.classes).mean()), linear.score(scaling(held_out.values), held_out.classes)


def weights(network: nn.Sequential) -> dict[str, NDArray[np.float32]]:
    """Return the constants of `GRAPH`; matrices are `[in, out]`, so that no runtime has to transpose."""
    hidden, output = network[0], network[2]
    return {
        "hidden_weight": hidden.weight.detach().numpy().T,
        "hidden_bias": hidden.bias.detach().numpy(),
        "output_weight": output.weight.detach().numpy().T,
        "output_bias": output.bias.detach().numpy(),
    }


def named(names: list[str], rows: Rows) -> Iterator[Mapping[str, Any]]:
    """Yield `{"input": {column: value}, "expected": label}`."""
    for values, label in zip(rows.values, rows.classes, strict=True):
        yield {"input": dict(zip(names, values.tolist(), strict=True)), "expected": LABELS[label]}


def main() -> None:
    """Train, write the files, print the figures."""
    seed(SEED)
    torch.set_num_threads(1)  # a network this small only waits for a second thread
    wine = load_wine()
    names = [name.replace("/", "_") for name in wine.feature_names]
    rows = Rows(wine.data, wine.target.astype(np.int64))
    split = train_test_split(np.arange(len(rows.classes)), test_size=HELD_OUT, stratify=rows.classes, random_state=SEED)
    training, held_out = rows[split[0]], rows[split[1]]
    scaling = Scaling.of(training.values)
    digest = save_onnx(FOLDER / "model.onnx", GRAPH, weights(train(training, scaling)))
    write_jsonl(FOLDER / "evaluation.jsonl", named(names, held_out))
    write_jsonl(FOLDER / "calibration.jsonl", ({"input": row["input"]} for row in named(names, training)))
    print(json.dumps({"sha256": digest, "mean": scaling.mean, "std": scaling.std}))
    for figure in measure(read_card(NAME)):
        print(f"{figure.metric} of {figure.samples} held-out wines: {figure.value:.4f}, {figure.status}")
    print("network and logistic regression, held out: {:.4f}, {:.4f}".format(*compare(training, held_out)))
    print("the same, mean over 10 x 5 folds: {:.4f}, {:.4f}".format(*cross_validate(rows)))


if __name__ == "__main__":
    main()
