"""Trains the digit classifier of `catalog/models/digits-cnn` again: `python -m scripts.train.digits_cnn`.

Data: the 1,797 scans of 8x8 cells that the scikit-learn wheel ships; nothing is downloaded. The last 450 in file order
are held out: neighbours in the file are alike, probably of one writer, so a random split would flatter the result.
Beside the other 1,347 the network sees them bent and slanted, traced with a round brush of many widths, and digits
drawn from pen strokes (`digit_strokes.py`), all through the card's own steps. One laptop core needs about a minute.
Writes `model.onnx`, `evaluation.jsonl`, `calibration.jsonl` and `samples/` into the card's folder, prints the metrics.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import distance_transform_edt
from skimage.morphology import skeletonize
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional

from catalog.card import Step
from edge.steps import run_steps
from scripts.train.common import MODELS, data_uri, measure, png, read_card, save_onnx, seed, write_jsonl
from scripts.train.digit_strokes import draw

NAME = "digits-cnn"
FOLDER = MODELS / NAME
TRAINING = 1347  # the first rows of the file; the other 450 are held out
CELL = 8  # pixels a cell of the scan has in an enlarged field
COPIES = {"as scanned": 6, "bent": 4, "traced": 8}  # of each training scan
DRAWINGS = 2000  # of each digit
EPOCHS, BATCH, LEARNING_RATE = 14, 128, 3e-3
SEED = 3
GRAPH = """
digits_cnn (float[1,1,8,8] image) => (float[1,10] logits) {
  conv0 = Conv <pads = [1,1,1,1]> (image, conv0_weight, conv0_bias)
  relu0 = Relu (conv0)
  conv1 = Conv <pads = [1,1,1,1]> (relu0, conv1_weight, conv1_bias)
  relu1 = Relu (conv1)
  pool1 = MaxPool <kernel_shape = [2,2], strides = [2,2]> (relu1)
  conv2 = Conv <pads = [1,1,1,1]> (pool1, conv2_weight, conv2_bias)
  relu2 = Relu (conv2)
  pool2 = MaxPool <kernel_shape = [2,2], strides = [2,2]> (relu2)
  features = Flatten (pool2)
  logits = Gemm (features, dense_weight, dense_bias)
}
"""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Digits:
    """Pictures `[N, H, W] uint8`, dark ink on light paper, and the digit `[N] int64` each shows."""

    pictures: Pixels
    labels: NDArray[np.int64]

    def __getitem__(self, rows: slice) -> Digits:
        """Select rows."""
        return Digits(self.pictures[rows], self.labels[rows])


def load() -> Digits:
    """Read the scans, whose cells count the 0..16 inked points of a 4x4 block."""
    cells, labels = load_digits(return_X_y=True)
    return Digits((255 - np.round(cells.reshape(-1, 8, 8) * 255 / 16)).astype(np.uint8), labels.astype(np.int64))


def ink_field(picture: Pixels) -> NDArray[np.float32]:
    """Enlarge a scan with a margin of one cell to `[80, 80]`, ink 0..1."""
    ink = np.pad((255 - picture).astype(np.float32) / 255, 1)
    return np.asarray(Image.fromarray(ink).resize((10 * CELL, 10 * CELL), Image.Resampling.BICUBIC))


def distance_field(picture: Pixels) -> NDArray[np.float32]:
    """Return each point's distance, in cells, from the middle line of the stroke, `[80, 80]`."""
    line = skeletonize(ink_field(picture) > 0.45)
    return np.asarray(distance_transform_edt(~line) / CELL, np.float32)


def random_grid(count: int, size: int, strength: float, rng: np.random.Generator) -> Tensor:
    """Return `[count, size, size, 2]` sampling points that turn, slant, narrow and bend a field."""
    ranges = ((-0.22, 0.22), (-0.25, 0.25), (-0.3, 0.6))
    turn, slant, width = (torch.from_numpy(rng.uniform(*ends, count) * strength) for ends in ranges)
    zero, one = torch.zeros(count), torch.ones(count)
    rotation = torch.stack([turn.cos(), -turn.sin(), turn.sin(), turn.cos()], 1).view(count, 2, 2)
    shear = torch.stack([width.exp(), slant, zero, one], 1).view(count, 2, 2)
    matrix = torch.cat([1.35 * rotation @ shear, zero.view(count, 1, 1).expand(count, 2, 1)], 2).float()
    bends = torch.from_numpy(rng.normal(0, 0.06 * strength, (count, 2, 4, 4))).float()
    bends = functional.interpolate(bends, (size, size), mode="bicubic", align_corners=True).permute(0, 2, 3, 1)
    return functional.affine_grid(matrix, [count, 1, size, size], align_corners=False) + bends


def warp(fields: Tensor, outside: float, grid: Tensor) -> Tensor:
    """Sample `[N, 80, 80]` fields at the points of `grid`; beyond their edge they are `outside`."""
    return functional.grid_sample((fields - outside)[:, None], grid, align_corners=False)[:, 0] + outside


def on_paper(ink: Tensor) -> Pixels:
    """Turn ink 0..1 into dark on light."""
    return np.asarray((255 - 255 * ink.clamp(0, 1)).round().to(torch.uint8))


def uniform(low: float, high: float, count: int, rng: np.random.Generator) -> Tensor:
    """Return `[count, 1, 1] float32`."""
    return torch.from_numpy(rng.uniform(low, high, (count, 1, 1))).float()


def bent(ink: Tensor, rng: np.random.Generator) -> Pixels:
    """Bend the scans and vary how dark the ink is; `[N, 40, 40]`."""
    count = len(ink)
    return on_paper(warp(ink, 0.0, random_grid(count, 40, 0.6, rng)) * uniform(0.7, 1.1, count, rng))


def traced(distances: Tensor, rng: np.random.Generator) -> Pixels:
    """Follow the strokes with a round brush whose radius is 0.18 to 0.9 cells; `[N, 96, 96]`."""
    count = len(distances)
    warped = warp(distances, 3.0, random_grid(count, 96, 1.0, rng))
    return on_paper(torch.sigmoid(16 * (uniform(0.18, 0.9, count, rng) - warped)))


def drawings(rng: np.random.Generator) -> Digits:
    """Draw digits from pen strokes, `[10 * DRAWINGS, 128, 128]`."""
    labels = np.repeat(np.arange(10), DRAWINGS)
    return Digits(np.stack([draw(int(label), rng) for label in labels]), labels)


def variants(scans: Digits, rng: np.random.Generator) -> Iterator[Digits]:
    """Yield everything the network is trained on."""
    ink = torch.from_numpy(np.stack([ink_field(picture) for picture in scans.pictures]))
    distances = torch.from_numpy(np.stack([distance_field(picture) for picture in scans.pictures]))
    yield from [scans] * COPIES["as scanned"]
    yield from (Digits(bent(ink, rng), scans.labels) for _ in range(COPIES["bent"]))
    yield from (Digits(traced(distances, rng), scans.labels) for _ in range(COPIES["traced"]))
    yield drawings(rng)


def tensors(pictures: Pixels, steps: Sequence[Step]) -> Tensor:
    """Run the card's steps, but for decoding, on each picture; `[N, 1, 8, 8] float32`."""
    colour = (np.repeat(picture[..., None], 3, axis=-1) for picture in pictures)
    return torch.from_numpy(np.concatenate([run_steps(steps[1:], picture) for picture in colour]))


def network() -> nn.Sequential:
    """Return the network of `GRAPH`."""
    return nn.Sequential(
        *(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 48, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(48 * 4, 10)),
    )


def train(inputs: Tensor, labels: Tensor) -> nn.Sequential:
    """Fit the network to smoothed labels, with a little noise on the inputs."""
    net, steps = network(), len(inputs) // BATCH
    optimizer = torch.optim.AdamW(net.parameters(), LEARNING_RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=EPOCHS * steps, pct_start=0.1)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(inputs)).split(BATCH)[:steps]:
            batch = inputs[rows] + 0.03 * torch.randn(BATCH, 1, 8, 8)
            optimizer.zero_grad()
            functional.cross_entropy(net(batch), labels[rows], label_smoothing=0.05).backward()
            optimizer.step()
            schedule.step()
    return net


def export(net: nn.Sequential) -> str:
    """Write `model.onnx` and return its SHA-256."""
    convolutions = [layer for layer in net if isinstance(layer, nn.Conv2d)]
    weights = {f"conv{i}_weight": layer.weight.detach() for i, layer in enumerate(convolutions)}
    weights |= {f"conv{i}_bias": layer.bias.detach() for i, layer in enumerate(convolutions)}
    weights |= {"dense_weight": net[-1].weight.detach().T, "dense_bias": net[-1].bias.detach()}
    return save_onnx(FOLDER / "model.onnx", GRAPH, weights)


def enlarged(scans: Digits, digit: int) -> Pixels:
    """Return the first scan of a digit, each cell as 16x16 pixels, so that a page can show it."""
    first = scans.pictures[scans.labels == digit][0]
    return np.kron(first, np.ones((16, 16), np.uint8))


def write_examples(training: Digits, held_out: Digits, rng: np.random.Generator) -> None:
    """Write the held-out scans, training scans and drawings for calibration, and what visitors try."""
    uris = [data_uri(png(picture)) for picture in held_out.pictures]
    rows = zip(uris, held_out.labels, strict=True)
    write_jsonl(FOLDER / "evaluation.jsonl", ({"input": uri, "expected": str(label)} for uri, label in rows))
    calibration = [*training.pictures[::13], *(draw(digit, rng) for digit in [*range(10)] * 5)]
    write_jsonl(FOLDER / "calibration.jsonl", ({"input": data_uri(png(picture))} for picture in calibration))
    samples = {f"scan-{digit}": enlarged(held_out, digit) for digit in (0, 3, 5, 7, 8, 9)}
    samples |= {f"drawing-{digit}": draw(digit, rng, size=280) for digit in (2, 4)}
    for name, picture in samples.items():
        (FOLDER / "samples" / f"{name}.png").write_bytes(png(picture))


def main() -> None:
    """Train, export, write the card's files, and measure."""
    rng, card, digits = seed(SEED), read_card(NAME), load()
    training, held_out = digits[:TRAINING], digits[TRAINING:]
    parts = list(variants(training, rng))
    inputs = torch.cat([tensors(part.pictures, card.inputs[0].steps) for part in parts])
    labels = torch.from_numpy(np.concatenate([part.labels for part in parts]))
    print("model.onnx sha256", export(train(inputs, labels)))
    write_examples(training, held_out, rng)
    for figure in measure(card):
        print(f"{figure.metric} of {figure.samples} held-out scans: {figure.value:.4f}, {figure.status}")


if __name__ == "__main__":
    main()
