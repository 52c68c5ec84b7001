"""Trains the regressor of `catalog/models/diabetes-regressor` again: `python -m scripts.train.diabetes_regressor`.

Data: the 442 patients of scikit-learn's `load_diabetes`, in the units of the study; nothing is downloaded. Every fifth
row is held out. A few seconds. Writes `model.onnx`, `evaluation.jsonl` and `calibration.jsonl` into the card's folder,
and prints the normalisation that the card must hold and the errors, beside those of linear regression.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from torch import nn

from edge.steps.numbers import normalize
from scripts.train.common import MODELS, measure, read_card, save_onnx, seed, write_jsonl

NAME = "diabetes-regressor"
FOLDER = MODELS / NAME
NAMES = ("age", "sex", "bmi", "blood_pressure", "total_cholesterol", "ldl", "hdl", "cholesterol_ratio",
         "log_triglycerides", "glucose")  # fmt: skip
SEXES = ("1", "2")  # as the study's file codes them
EPOCHS, HIDDEN, MEMBERS = 220, 12, 8
SHOWN = 2  # rows at the start that are the card's samples
SEED = 20261125
GRAPH = """
diabetes (float[1,11] features) => (float[1,1] progression) {
  normal = Mul (features, gain)
  centred = Add (normal, offset)
  sums = Gemm (centred, hidden_weight, hidden_bias)
  hidden = Tanh (sums)
  progression = Gemm (hidden, output_weight, output_bias)
}
"""

Values = NDArray[np.float64]


def features(values: Values) -> Values:
    """Return `[N, 11]`: the columns in order, the sex as two numbers."""
    sexes = np.stack([values[:, 1] == float(sex) for sex in SEXES], axis=1)
    return np.concatenate([values[:, :1], sexes, values[:, 2:]], axis=1)


def train(inputs: Values, targets: Values, number: int) -> nn.Sequential:
    """Fit one network on normalised rows."""
    torch.manual_seed(SEED + number)
    network = nn.Sequential(nn.Linear(inputs.shape[1], HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 1))
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=0.01, weight_decay=1.0
    )  # chosen by five folds of the training rows
    x, y = (torch.from_numpy(array.astype(np.float32)) for array in (inputs, targets))
    for _ in range(EPOCHS):
        optimizer.zero_grad()
        nn.functional.smooth_l1_loss(network(x)[:, 0], y).backward()
        optimizer.step()
    return network.eval()


def joined(members: list[nn.Sequential], center: float, spread: float) -> dict[str, NDArray[np.float32]]:
    """Return the constants of one network that computes the mean of the members, in the units of the target."""
    hidden = np.concatenate([member[0].weight.detach().numpy() for member in members])
    output = np.concatenate([member[2].weight.detach().numpy() for member in members], axis=1) * spread / len(members)
    bias = np.mean([member[2].bias.detach().numpy() for member in members], axis=0) * spread + center
    return {
        "hidden_weight": hidden.T,
        "hidden_bias": np.concatenate([member[0].bias.detach().numpy() for member in members]),
        "output_weight": output.T.astype(np.float32),
        "output_bias": bias.astype(np.float32),
    }


def named(values: Values, targets: Values) -> Iterator[Mapping[str, Any]]:
    """Yield `{"input": {column: value}, "expected": progression}`."""
    for row, target in zip(values, targets, strict=True):
        numbers = dict(zip(NAMES, row.tolist(), strict=True))
        yield {"input": numbers | {"sex": f"{row[1]:.0f}"}, "expected": float(target)}


def main() -> None:
    """Train, write the files, print the figures."""
    seed(SEED)
    values, targets = load_diabetes(return_X_y=True, scaled=False)
    held_out = np.arange(len(values)) % 5 == 4
    inputs = features(values)
    mean, std = inputs[~held_out].mean(axis=0), inputs[~held_out].std(axis=0)
    center, spread = targets[~held_out].mean(), targets[~held_out].std()
    normal = normalize(inputs.astype(np.float32), mean.tolist(), std.tolist())
    members = [train(normal[~held_out], (targets[~held_out] - center) / spread, n) for n in range(MEMBERS)]
    weights = joined(members, center, spread)
    weights |= {"gain": (1 / std).astype(np.float32), "offset": (-mean / std).astype(np.float32)}
    print(json.dumps({"sha256": save_onnx(FOLDER / "model.onnx", GRAPH, weights)}))
    write_jsonl(FOLDER / "evaluation.jsonl", named(values[held_out], targets[held_out]))
    training = [{"input": row["input"]} for row in named(values[~held_out], targets[~held_out])]
    write_jsonl(FOLDER / "calibration.jsonl", training[SHOWN:])
    for figure in measure(read_card(NAME)):
        print(f"{figure.metric} of {figure.samples} held-out patients: {figure.value:.4f}, {figure.status}")
    linear = LinearRegression().fit(inputs[~held_out], targets[~held_out]).predict(inputs[held_out])
    error = np.abs(linear - targets[held_out]).mean()
    r2 = 1 - ((linear - targets[held_out]) ** 2).sum() / ((targets[held_out] - targets[held_out].mean()) ** 2).sum()
    print(f"linear regression: mae {error:.4f}, r2 {r2:.4f}")
    print(f"always the mean: mae {np.abs(center - targets[held_out]).mean():.4f}")
    print(np.round(values[~held_out].min(0), 2).tolist(), np.round(values[~held_out].max(0), 2).tolist())


if __name__ == "__main__":
    main()
