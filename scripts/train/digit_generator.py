"""Trains the generator of `catalog/models/digit-generator` again: `python -m scripts.train.digit_generator`.

Data: pictures of 32 × 32 pixels, made here from the 1,797 scans that the scikit-learn wheel ships: each scan's middle
line, slanted by a known angle and followed with a brush of known width. The decoder learns to draw a picture from the
digit, the slant, the brush, and four numbers that an encoder finds for each scan by itself (a conditional variational
autoencoder, Kingma and Welling, arXiv 1312.6114). A few minutes on one core. Writes `model.onnx` and
`calibration.jsonl` into the card's folder, and prints how many generated digits `digits-cnn` reads as chosen.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from edge.pipeline import Pipeline
from edge.runtimes import RUNTIMES
from scripts.train.common import MODELS, png, read_card, save_onnx, seed, write_jsonl
from scripts.train.digits_cnn import distance_field, load

NAME = "digit-generator"
FOLDER = MODELS / NAME
SIDE, STYLES = 32, 4
SLANT, BRUSH = (-0.35, 0.35), (0.3, 0.9)  # tangent of the angle; radius in cells of the scans
EPOCHS, BATCH, LEARNING_RATE, KL = 70, 96, 3e-3, 0.5
CHECKED = 200  # generated digits of each value
SEED = 9
GRAPH = """
digit_generator (float[1,16] choices) => (float[1,1,32,32] ink) {
  sums0 = Gemm (choices, dense0_weight, dense0_bias)
  hidden0 = Relu (sums0)
  sums1 = Gemm (hidden0, dense1_weight, dense1_bias)
  hidden1 = Relu (sums1)
  shape = Constant <value = int64[4] {1, 12, 8, 8}> ()
  cells = Reshape (hidden1, shape)
  conv0 = Conv <pads = [1,1,1,1]> (cells, conv0_weight, conv0_bias)
  relu0 = Relu (conv0)
  larger0 = DepthToSpace <blocksize = 2, mode = "CRD"> (relu0)
  conv1 = Conv <pads = [1,1,1,1]> (larger0, conv1_weight, conv1_bias)
  relu1 = Relu (conv1)
  larger1 = DepthToSpace <blocksize = 2, mode = "CRD"> (relu1)
  conv2 = Conv <pads = [1,1,1,1]> (larger1, conv2_weight, conv2_bias)
  ink = Sigmoid (conv2)
}
"""


class Decoder(nn.Module):  # type: ignore[misc] # torch is not there to check
    """The network of `GRAPH`, but for its last step."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.ModuleList([nn.Linear(12 + STYLES, 64), nn.Linear(64, 12 * 64)])
        self.conv = nn.ModuleList(
            [nn.Conv2d(12, 48, 3, padding=1), nn.Conv2d(12, 32, 3, padding=1), nn.Conv2d(8, 1, 3, padding=1)]
        )

    def forward(self, choices: Tensor) -> Tensor:
        """Map `[N, 16]` to the logits of ink, `[N, 1, 32, 32]`."""
        x = self.dense[1](self.dense[0](choices).relu()).relu().view(-1, 12, 8, 8)
        for layer in (self.conv[0], self.conv[1]):
            x = functional.pixel_shuffle(layer(x).relu(), 2)
        logits: Tensor = self.conv[2](x)
        return logits


class Encoder(nn.Module):  # type: ignore[misc] # torch is not there to check
    """Finds mean and log-variance of the style numbers of a picture; only training uses it."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            *(
                nn.Conv2d(1, 16, 3, 2, padding=1),
                nn.ReLU(),
                nn.Conv2d(16, 32, 3, 2, padding=1),
                nn.ReLU(),
                nn.Flatten(),
            ),
            *(nn.Linear(32 * 64, 64), nn.ReLU()),
        )
        self.last = nn.Linear(64 + 12, 2 * STYLES)

    def forward(self, picture: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """Map `[N, 1, 32, 32]` and the 12 known numbers to mean and log-variance, `[N, 4]` each."""
        mean, logvar = self.last(torch.cat([self.net(picture), known], 1)).chunk(2, 1)
        return mean, logvar


def pictures(distances: Tensor, slant: Tensor, brush: Tensor) -> Tensor:
    """Slant the middle lines and follow them with a brush: `[N, 1, 32, 32]`, ink 0..1."""
    count = len(distances)
    zero, one = torch.zeros(count), torch.ones(count)
    matrix = torch.stack([one, slant, zero, zero, one, zero], 1).view(count, 2, 3)
    grid = functional.affine_grid(matrix, [count, 1, SIDE, SIDE], align_corners=False)
    warped = functional.grid_sample(distances[:, None] - 3, grid, align_corners=False) + 3
    return torch.sigmoid(7 * (brush.view(-1, 1, 1, 1) - warped))


def scaled(slant: Tensor, brush: Tensor) -> Tensor:
    """Return slant and brush as the sliders show them, -1..1 and 0..1: `[N, 2]`."""
    return torch.stack([slant / SLANT[1], (brush - BRUSH[0]) / (BRUSH[1] - BRUSH[0])], 1)


def batches(distances: Tensor, labels: Tensor, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield pictures and what is known of them, digit, slant and brush, `[N, 12]`, for one epoch."""
    for rows in torch.randperm(len(labels)).split(BATCH):
        slant, brush = (torch.from_numpy(rng.uniform(*ends, len(rows))).float() for ends in (SLANT, BRUSH))
        known = torch.cat([functional.one_hot(labels[rows], 10).float(), scaled(slant, brush)], 1)
        yield pictures(distances[rows], slant, brush), known


def train(distances: Tensor, labels: Tensor, rng: np.random.Generator) -> Decoder:
    """Fit encoder and decoder; return the decoder."""
    encoder, decoder = Encoder(), Decoder()
    optimizer = torch.optim.AdamW([*encoder.parameters(), *decoder.parameters()], LEARNING_RATE)
    for _ in range(EPOCHS):
        for picture, known in batches(distances, labels, rng):
            mean, logvar = encoder(picture, known)
            style = mean + torch.randn_like(mean) * (logvar / 2).exp()
            drawn = decoder(torch.cat([known, style], 1))
            loss = functional.binary_cross_entropy_with_logits(drawn, picture, reduction="sum")
            divergence = -0.5 * (1 + logvar - mean**2 - logvar.exp()).sum()
            optimizer.zero_grad()
            ((loss + KL * divergence) / len(picture)).backward()
            optimizer.step()
    decoder.eval()
    return decoder


def export(decoder: Decoder) -> str:
    """Write `model.onnx` and return its SHA-256."""
    weights = {f"dense{i}_weight": layer.weight.detach().T for i, layer in enumerate(decoder.dense)}
    weights |= {f"dense{i}_bias": layer.bias.detach() for i, layer in enumerate(decoder.dense)}
    weights |= {f"conv{i}_weight": layer.weight.detach() for i, layer in enumerate(decoder.conv)}
    weights |= {f"conv{i}_bias": layer.bias.detach() for i, layer in enumerate(decoder.conv)}
    return save_onnx(FOLDER / "model.onnx", GRAPH, weights)


def rows(count: int, rng: np.random.Generator) -> list[dict[str, float | str]]:
    """Return choices of a visitor, as many for each digit."""
    return [
        {
            "digit": str(digit),
            "slant": round(float(rng.uniform(-1, 1)), 3),
            "brush": round(float(rng.uniform(0, 1)), 3),
            **{f"style_{n}": round(float(np.clip(rng.normal(), -2, 2)), 3) for n in range(1, STYLES + 1)},
        }
        for digit in range(10)
        for _ in range(count)
    ]


def recognised(choices: list[dict[str, float | str]]) -> float:
    """Return the share of generated digits that `digits-cnn` reads as what was chosen."""
    sessions = {name: RUNTIMES["onnxruntime"].load(MODELS / name / "model.onnx") for name in (NAME, "digits-cnn")}
    draw, read = (Pipeline(read_card(name), MODELS / name) for name in (NAME, "digits-cnn"))
    right = 0
    for row in choices:
        picture: NDArray[np.uint8] = draw.predict(sessions[NAME], row)
        right += read.predict(sessions["digits-cnn"], png(picture[..., 0]))[0]["label"] == row["digit"]
    return right / len(choices)


def main() -> None:
    """Train, export, write the calibration rows, and let the classifier read what was drawn."""
    rng, digits = seed(SEED), load()
    distances = torch.from_numpy(np.stack([distance_field(picture) for picture in digits.pictures]))
    print("model.onnx sha256", export(train(distances, torch.from_numpy(digits.labels), rng)))
    write_jsonl(FOLDER / "calibration.jsonl", ({"input": row} for row in rows(5, rng)))
    print(f"digits-cnn reads {recognised(rows(CHECKED, rng)):.4f} of {10 * CHECKED} generated digits as chosen")


if __name__ == "__main__":
    main()
