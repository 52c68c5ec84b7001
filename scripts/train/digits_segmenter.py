"""Trains the segmenter of `catalog/models/digits-segmenter` again: `python -m scripts.train.digits_segmenter`.

Data: sheets of 96 × 96 pixels with several digits, put together here from the 1,797 scans that the scikit-learn wheel
ships; nothing is downloaded. Sheets for training hold scans of the first 1,347 rows, the sheets measured on hold the
other 450, split as in `digits_cnn.py`. A pixel belongs to a digit where its ink covers at least half of it. One laptop
core needs about eight minutes. Writes `model.onnx`, `evaluation.jsonl`, `calibration.jsonl` and `samples/` into the
card's folder, prints the metrics.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from scripts.train.common import MODELS, data_uri, measure, png, read_card, save_onnx, seed, write_jsonl
from scripts.train.digits_cnn import (
    TRAINING,
    Digits,
    Pixels,
    distance_field,
    ink_field,
    load,
    random_grid,
    uniform,
    warp,
)

NAME = "digits-segmenter"
FOLDER = MODELS / NAME
SIDE = 96  # pixels of a sheet
DIGITS = 7  # at most on a sheet; those that find no room are left out
TILES = (30, 34, 38, 42, 46, 52)  # sides of the squares that digits are bent in; a digit fills about 0.6 of them
COPIES = 4  # of each training scan in each of these sizes, and twice as many: bent and traced
EVALUATION, CALIBRATION = 80, 60  # sheets
SAMPLES = {"four-to-nine": 1, "a-crowd": 5, "dim-paper": 9, "thin-pen": 12}  # sheet of the evaluation
STEPS, BATCH, LEARNING_RATE = 3000, 16, 4e-3
INK_WEIGHT = 2.0  # of a pixel with ink in the loss, beside 1 for paper
SEED = 11
GRAPH = """
digits_segmenter (float[1,1,96,96] image) => (float[1,11,96,96] scores) {
  conv0 = Conv <pads = [1,1,1,1], strides = [2,2]> (image, conv0_weight, conv0_bias)
  relu0 = Relu (conv0)
  conv1 = Conv <pads = [1,1,1,1]> (relu0, conv1_weight, conv1_bias)
  half = Relu (conv1)
  conv2 = Conv <pads = [1,1,1,1], strides = [2,2]> (half, conv2_weight, conv2_bias)
  relu2 = Relu (conv2)
  conv3 = Conv <pads = [1,1,1,1]> (relu2, conv3_weight, conv3_bias)
  quarter = Relu (conv3)
  conv4 = Conv <pads = [1,1,1,1], strides = [2,2]> (quarter, conv4_weight, conv4_bias)
  relu4 = Relu (conv4)
  conv5 = Conv <pads = [1,1,1,1]> (relu4, conv5_weight, conv5_bias)
  relu5 = Relu (conv5)
  conv6 = Conv <pads = [1,1,1,1]> (relu5, conv6_weight, conv6_bias)
  relu6 = Relu (conv6)
  narrowed0 = Conv (relu6, up0_weight, up0_bias)
  spread0 = DepthToSpace <blocksize = 2, mode = "CRD"> (narrowed0)
  joined0 = Add (spread0, quarter)
  conv7 = Conv <pads = [1,1,1,1]> (joined0, conv7_weight, conv7_bias)
  relu7 = Relu (conv7)
  narrowed1 = Conv (relu7, up1_weight, up1_bias)
  spread1 = DepthToSpace <blocksize = 2, mode = "CRD"> (narrowed1)
  joined1 = Add (spread1, half)
  conv8 = Conv <pads = [1,1,1,1]> (joined1, conv8_weight, conv8_bias)
  relu8 = Relu (conv8)
  narrowed2 = Conv (relu8, up2_weight, up2_bias)
  scores = DepthToSpace <blocksize = 2, mode = "CRD"> (narrowed2)
}
"""

Ink = NDArray[np.float32]


@dataclass(frozen=True)
class Sheet:
    """A picture `[SIDE, SIDE] uint8`, and per pixel 0 for paper or 1 + the digit, `[SIDE, SIDE] uint8`."""

    picture: Pixels
    classes: Pixels


def fields(scans: Digits) -> tuple[Tensor, Tensor]:
    """Return the ink of each scan and the distance from its strokes, `[N, 80, 80]` each."""
    ink = np.stack([ink_field(picture) for picture in scans.pictures])
    distances = np.stack([distance_field(picture) for picture in scans.pictures])
    return torch.from_numpy(ink), torch.from_numpy(distances)


def bent(ink: Tensor, side: int, rng: np.random.Generator) -> Tensor:
    """Bend the scans; `[N, side, side]`, ink 0..1."""
    return warp(ink, 0.0, random_grid(len(ink), side, 0.6, rng)).clamp(0, 1)


def traced(distances: Tensor, side: int, rng: np.random.Generator) -> Tensor:
    """Follow the strokes with a round brush whose radius is 0.35 to 0.9 cells; `[N, side, side]`, ink 0..1."""
    warped = warp(distances, 3.0, random_grid(len(distances), side, 0.8, rng))
    return torch.sigmoid(8 * (uniform(0.35, 0.9, len(distances), rng) - warped))


def cut(ink: Tensor) -> Ink:
    """Cut a picture to its ink."""
    pixels = np.asarray(ink)
    rows, columns = (np.flatnonzero((pixels > 0.15).any(axis)) for axis in (1, 0))
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def tiles(scans: Digits, copies: int, rng: np.random.Generator) -> list[tuple[Ink, int]]:
    """Return digits cut to their ink: each scan `copies` times in each size, bent and traced."""
    ink, distances = fields(scans)
    found = []
    for side in TILES * copies:
        for pictures in (bent(ink, side, rng), traced(distances, side, rng)):
            found += [(cut(one), int(label)) for one, label in zip(pictures, scans.labels, strict=True)]
    return found


def sheet(digits: list[tuple[Ink, int]], rng: np.random.Generator) -> Sheet:
    """Scatter digits over unevenly lit paper, each where it touches none before; leave out what finds no room."""
    ink, classes = np.zeros((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE), np.uint8)
    taken = np.zeros((SIDE, SIDE), bool)
    for shape, digit in digits:
        height, width = shape.shape
        for top, left in rng.integers(1, [SIDE - height, SIDE - width], (30, 2)):
            place = np.s_[top : top + height, left : left + width]
            if not taken[place].any():
                ink[place] = shape
                classes[place] = np.where(shape >= 0.5, 1 + digit, 0)
                taken[max(0, top - 1) : top + height + 1, max(0, left - 1) : left + width + 1] = True
                break
    return Sheet(lit(ink, rng), classes)


def lit(ink: Ink, rng: np.random.Generator) -> Pixels:
    """Turn ink into dark on light paper that is brighter at one side, with a little noise."""
    across, down = np.meshgrid(*[np.linspace(-1, 1, SIDE)] * 2)
    paper = rng.uniform(0.75, 1) + rng.uniform(-0.12, 0.12) * across + rng.uniform(-0.12, 0.12) * down
    picture = paper * (1 - ink * rng.uniform(0.65, 1)) + rng.normal(0, rng.uniform(0, 0.04), ink.shape)
    return np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def sheets(count: int, bank: list[tuple[Ink, int]], rng: np.random.Generator) -> list[Sheet]:
    """Make sheets of random digits."""
    numbers = rng.integers(2, DIGITS + 1, count)
    return [sheet([bank[i] for i in rng.integers(0, len(bank), number)], rng) for number in numbers]


def batches(bank: list[tuple[Ink, int]], rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield `STEPS` batches, `[BATCH, 1, SIDE, SIDE] float32 in 0..1` and `[BATCH, SIDE, SIDE] int64`."""
    for _ in range(STEPS):
        made = sheets(BATCH, bank, rng)
        pictures, classes = np.stack([one.picture for one in made]), np.stack([one.classes for one in made])
        yield torch.from_numpy(pictures[:, None] / np.float32(255)), torch.from_numpy(classes.astype(np.int64))


def block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Return a convolution of 3 × 3 with its normalisation, which `export` folds into one."""
    convolution = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


class Network(nn.Module):
    """The network of `GRAPH`: down to an eighth of the size and up again, past the finer features."""

    def __init__(self) -> None:
        super().__init__()
        sizes = [(1, 12, 2), (12, 16), (16, 24, 2), (24, 24), (24, 40, 2), (40, 40), (40, 40), (24, 24), (16, 16)]
        self.blocks = nn.ModuleList(block(*size) for size in sizes)
        self.ups = nn.ModuleList(
            nn.Conv2d(inputs, 4 * outputs, 1) for inputs, outputs in [(40, 24), (24, 16), (16, 11)]
        )

    def forward(self, image: Tensor) -> Tensor:
        """Map `[N, 1, SIDE, SIDE]` to scores `[N, 11, SIDE, SIDE]`."""
        half = self.blocks[1](self.blocks[0](image))
        quarter = self.blocks[3](self.blocks[2](half))
        deep = self.blocks[6](self.blocks[5](self.blocks[4](quarter)))
        fine = self.blocks[7](functional.pixel_shuffle(self.ups[0](deep), 2) + quarter)
        fine = self.blocks[8](functional.pixel_shuffle(self.ups[1](fine), 2) + half)
        return functional.pixel_shuffle(self.ups[2](fine), 2)


def train(bank: list[tuple[Ink, int]], rng: np.random.Generator) -> Network:
    """Fit the network to the class of each pixel."""
    net = Network()
    weights = torch.tensor([1.0] + [INK_WEIGHT] * 10)
    optimizer = torch.optim.AdamW(net.parameters(), LEARNING_RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=STEPS, pct_start=0.1)
    for pictures, classes in batches(bank, rng):
        optimizer.zero_grad()
        functional.cross_entropy(net(pictures), classes, weights).backward()
        optimizer.step()
        schedule.step()
    net.eval()
    return net


def export(net: Network) -> str:
    """Write `model.onnx` and return its SHA-256."""
    layers = {f"conv{i}": fuse_conv_bn_eval(one[0], one[1]) for i, one in enumerate(net.blocks)}
    layers |= {f"up{i}": layer for i, layer in enumerate(net.ups)}
    weights = {f"{name}_weight": layer.weight.detach() for name, layer in layers.items()}
    weights |= {f"{name}_bias": layer.bias.detach() for name, layer in layers.items()}
    return save_onnx(FOLDER / "model.onnx", GRAPH, weights)


def write_examples(held_out: list[Sheet], calibration: list[Sheet]) -> None:
    """Write the sheets to measure on, sheets of training scans for calibration, and what visitors try."""
    uris = [(data_uri(png(one.picture)), data_uri(png(one.classes))) for one in held_out]
    write_jsonl(FOLDER / "evaluation.jsonl", ({"input": picture, "expected": classes} for picture, classes in uris))
    write_jsonl(FOLDER / "calibration.jsonl", ({"input": data_uri(png(one.picture))} for one in calibration))
    for name, index in SAMPLES.items():
        (FOLDER / "samples" / f"{name}.png").write_bytes(png(held_out[index].picture))


def main() -> None:
    """Train, export, write the card's files, and measure."""
    rng, digits = seed(SEED), load()
    bank = tiles(digits[:TRAINING], COPIES, rng)
    print("model.onnx sha256", export(train(bank, rng)))
    held_out = sheets(EVALUATION, tiles(digits[TRAINING:], 1, rng), rng)
    write_examples(held_out, sheets(CALIBRATION, bank, rng))
    for figure in measure(read_card(NAME)):
        print(f"{figure.metric} of {figure.samples} held-out sheets: {figure.value:.4f}, {figure.status}")


if __name__ == "__main__":
    main()
