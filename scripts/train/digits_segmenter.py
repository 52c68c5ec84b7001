"""Trains the segmenter of `catalog/models/digits-segmenter` again: `python -m scripts.train.digits_segmenter`.

Data: sheets of 96 × 96 pixels with several digits, put together here from the 1,797 scans that the scikit-learn wheel
ships; nothing is downloaded. Sheets for training use the first 1,347 scans in file order, also bent, the held-out
sheets the last 450. A pixel belongs to a digit where its ink covers at least half of it. One laptop core needs about
eight minutes. Writes `model.onnx`, `evaluation.jsonl`, `calibration.jsonl` and `samples/` into the card's folder,
prints the metrics.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from scripts.train.common import MODELS, data_uri, fit, measure, png, read_card, save_onnx, seed, write_jsonl
from scripts.train.digit_scenes import Ink, as_scanned, bent
from scripts.train.digits_cnn import TRAINING, Pixels, load

NAME = "digits-segmenter"
FOLDER = MODELS / NAME
SIDE = 96  # pixels of the model's sheet
DIGITS = (3, 8)  # tried on a sheet, from and below; those that find no room are left out
HEIGHTS = (30, 47)  # pixels of a digit on a sheet of 96 × 96, from and below
MARGIN = 2  # pixels between a digit and its neighbours or the edge
TRIES = 30  # to find room for a digit
MIDDLE, SHARPNESS = 0.45, 4.0  # ink of a scan at which the pen's edge lies, and how much steeper that edge becomes
COPIES = 6  # of each training scan, bent
EVALUATION, CALIBRATION = 100, 40  # sheets
SAMPLES = {"few": 12, "several": 8, "many": 10}  # a name, and the seed of a held-out sheet
SAMPLE_SIDE = 192
STEPS, BATCH, LEARNING_RATE = 7000, 16, 4e-3
SIZES = [(1, 12, 2), (12, 16), (16, 28, 2), (28, 28), (28, 60, 2), (60, 60), (60, 60), (28, 28), (16, 16)]
UPS = [(60, 28), (28, 16), (16, 11)]  # channels before and after doubling the resolution
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


@dataclass(frozen=True)
class Sheet:
    """A picture `[S, S] uint8`, and per pixel 0 for paper or 1 + the digit, `[S, S] uint8`."""

    picture: Pixels
    classes: Pixels


def sheet(digits: list[tuple[Ink, int]], side: int, rng: np.random.Generator) -> Sheet:
    """Write random digits on a sheet, the largest first, each where it touches none; leave out what finds no room."""
    ink, classes = np.zeros((side, side), np.float32), np.zeros((side, side), np.uint8)
    taken = np.zeros((side, side), bool)
    heights = rng.integers(*HEIGHTS, rng.integers(*DIGITS)) * side // SIDE
    for height in sorted(heights, reverse=True):
        shape, digit = digits[rng.integers(len(digits))]
        written = enlarged(shape, int(height))
        for top, left in rng.integers(MARGIN, np.subtract(side - MARGIN, written.shape), (TRIES, 2)):
            place = np.s_[top : top + written.shape[0], left : left + written.shape[1]]
            if not taken[place].any():
                ink[place] = written
                classes[place] = np.where(written >= 0.5, 1 + digit, 0)
                around = (slice(part.start - MARGIN, part.stop + MARGIN) for part in place)
                taken[tuple(around)] = True
                break
    return Sheet(lit(ink, rng), classes)


def enlarged(ink: Ink, height: int) -> Ink:
    """Enlarge a scan's digit and give it the clear edge of a pen; ink 0..1."""
    width = max(3, round(ink.shape[1] * height / ink.shape[0]))
    smooth = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BICUBIC))
    return np.clip((smooth - MIDDLE) * SHARPNESS + 0.5, 0, 1)


def lit(ink: Ink, rng: np.random.Generator) -> Pixels:
    """Turn ink into dark on light paper that is brighter at one side, with a little noise."""
    across, down = np.meshgrid(*[np.linspace(-1, 1, len(ink))] * 2)
    paper = rng.uniform(0.75, 1) + rng.uniform(-0.12, 0.12) * across + rng.uniform(-0.12, 0.12) * down
    picture = paper * (1 - ink * rng.uniform(0.65, 1)) + rng.normal(0, rng.uniform(0, 0.03), ink.shape)
    return np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def batches(digits: list[tuple[Ink, int]], rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield `STEPS` batches, `[BATCH, 1, SIDE, SIDE] float32 in 0..1` and `[BATCH, SIDE, SIDE] int64`."""
    for _ in range(STEPS):
        made = [sheet(digits, SIDE, rng) for _ in range(BATCH)]
        pictures, classes = np.stack([one.picture for one in made]), np.stack([one.classes for one in made])
        yield torch.from_numpy(pictures[:, None] / np.float32(255)), torch.from_numpy(classes.astype(np.int64))


def block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Return a convolution of 3 × 3 with its normalisation, which `export` folds into one."""
    convolution = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


class Network(nn.Module):  # type: ignore[misc] # torch is not there to check
    """The network of `GRAPH`: down to an eighth of the size and up again, past the finer features."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(block(*size) for size in SIZES)
        self.ups = nn.ModuleList(nn.Conv2d(inputs, 4 * outputs, 1) for inputs, outputs in UPS)

    def forward(self, image: Tensor) -> Tensor:
        """Map `[N, 1, SIDE, SIDE]` to scores `[N, 11, SIDE, SIDE]`."""
        half = self.blocks[1](self.blocks[0](image))
        quarter = self.blocks[3](self.blocks[2](half))
        deep = self.blocks[6](self.blocks[5](self.blocks[4](quarter)))
        fine = self.blocks[7](functional.pixel_shuffle(self.ups[0](deep), 2) + quarter)
        fine = self.blocks[8](functional.pixel_shuffle(self.ups[1](fine), 2) + half)
        return functional.pixel_shuffle(self.ups[2](fine), 2)


def train(rng: np.random.Generator) -> Network:
    """Fit the network to the class of each pixel, on new sheets in every step."""
    scans, net = load()[:TRAINING], Network()
    digits = as_scanned(scans) + bent(scans, COPIES, rng)

    def loss(pictures: Tensor, classes: Tensor) -> Tensor:
        return functional.cross_entropy(net(pictures), classes)

    fit(net, batches(digits, rng), loss, steps=STEPS, learning_rate=LEARNING_RATE)
    return net


def export(net: Network) -> str:
    """Write `model.onnx` and return its SHA-256."""
    layers = {f"conv{i}": fuse_conv_bn_eval(one[0], one[1]) for i, one in enumerate(net.blocks)}
    layers |= {f"up{i}": layer for i, layer in enumerate(net.ups)}
    weights = {f"{name}_weight": layer.weight.detach() for name, layer in layers.items()}
    weights |= {f"{name}_bias": layer.bias.detach() for name, layer in layers.items()}
    return save_onnx(FOLDER / "model.onnx", GRAPH, weights)


def write_examples(rng: np.random.Generator) -> None:
    """Write held-out sheets, sheets of training scans for calibration, and larger held-out sheets that visitors try."""
    scans = load()
    training, held_out = as_scanned(scans[:TRAINING]), as_scanned(scans[TRAINING:])
    made = [sheet(held_out, SIDE, rng) for _ in range(EVALUATION)]
    uris = [(data_uri(png(one.picture)), data_uri(png(one.classes))) for one in made]
    write_jsonl(FOLDER / "evaluation.jsonl", ({"input": picture, "expected": classes} for picture, classes in uris))
    calibration = [sheet(training, SIDE, rng).picture for _ in range(CALIBRATION)]
    write_jsonl(FOLDER / "calibration.jsonl", ({"input": data_uri(png(picture))} for picture in calibration))
    (FOLDER / "samples").mkdir(exist_ok=True)
    for name, number in SAMPLES.items():
        picture = sheet(held_out, SAMPLE_SIDE, np.random.default_rng(number)).picture
        (FOLDER / "samples" / f"{name}.png").write_bytes(png(picture))


def main() -> None:
    """Train, export, write the card's files, and measure."""
    rng = seed(SEED)
    FOLDER.mkdir(exist_ok=True)
    print("model.onnx sha256", export(train(rng)))
    write_examples(np.random.default_rng(SEED + 1))
    for figure in measure(read_card(NAME)):
        print(f"{figure.metric} of {figure.samples} held-out sheets: {figure.value:.4f}, {figure.status}")


if __name__ == "__main__":
    main()
