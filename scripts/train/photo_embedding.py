"""Trains the embedding of `catalog/models/photo-embedding` again: `python -m scripts.train.photo_embedding`.

Data: the photos of `photo_upscale_x2.py`, which the scikit-image and scikit-learn wheels ship with a stated free
licence; nothing is downloaded. Nobody labels anything: two cuts of about the same place in a photo, mirrored,
brightened, tinted and faded, shall lie close together, cuts of other places apart (SimCLR, arXiv 2002.05709). The three
photos of `HELD_OUT` are only ever measured on: is the nearest of all their disguised cuts one of the same place? One
laptop core needs about five minutes. Writes `model.onnx`, `evaluation.jsonl`, `calibration.jsonl` and `samples/` into
the card's folder, prints the metrics, and what simpler vectors get.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from catalog import vocab
from edge.examples import of_file
from edge.metrics import recall_at_1
from edge.steps import run_steps
from scripts.train.common import MODELS, data_uri, fit, measure, png, read_card, save_onnx, seed, write_jsonl
from scripts.train.photo_upscale_x2 import HELD_OUT, TRAINING

NAME = "photo-embedding"
FOLDER = MODELS / NAME
SIDE = 64  # pixels of an input
WIDEST = 700  # pixels of a photo
SMALLEST, LARGEST = 72, 176  # pixels of the cuts that are reduced to an input
DIMENSIONS, CHANNELS, STRIDES = 64, (24, 40, 40, 56, 56, 80), (2, 2, 1, 2, 1, 2)
STEPS, BATCH, LEARNING_RATE, TEMPERATURE = 1600, 64, 3e-3, 0.1
PLACE, VIEWS = 128, 3  # side of the places in the held-out photos, and cuts of each
CALIBRATION = 48  # cuts
SAMPLES = {  # places in the held-out photos: photo, left, top, side
    "face": ("astronaut", 160, 40, 130),
    "badge": ("astronaut", 70, 330, 130),
    "helmet": ("astronaut", 360, 340, 150),
    "eye": ("chelsea", 90, 60, 130),
    "nose": ("chelsea", 150, 120, 140),
    "saucer": ("coffee", 40, 200, 150),
    "cup": ("coffee", 260, 100, 170),
}
SEED = 13
GRAPH = """
photo_embedding (float[1,3,64,64] photo) => (float[1,64] embedding) {
  even = InstanceNormalization <epsilon = 0.00001> (photo, ones, zeros)
  conv0 = Conv <pads = [1,1,1,1], strides = [2,2]> (even, conv0_weight, conv0_bias)
  relu0 = Relu (conv0)
  conv1 = Conv <pads = [1,1,1,1], strides = [2,2]> (relu0, conv1_weight, conv1_bias)
  relu1 = Relu (conv1)
  conv2 = Conv <pads = [1,1,1,1]> (relu1, conv2_weight, conv2_bias)
  relu2 = Relu (conv2)
  conv3 = Conv <pads = [1,1,1,1], strides = [2,2]> (relu2, conv3_weight, conv3_bias)
  relu3 = Relu (conv3)
  conv4 = Conv <pads = [1,1,1,1]> (relu3, conv4_weight, conv4_bias)
  relu4 = Relu (conv4)
  conv5 = Conv <pads = [1,1,1,1], strides = [2,2]> (relu4, conv5_weight, conv5_bias)
  relu5 = Relu (conv5)
  pooled = GlobalAveragePool (relu5)
  flat = Flatten (pooled)
  embedding = Gemm (flat, dense_weight, dense_bias)
}
"""

Pixels = NDArray[np.uint8]
Square = tuple[int, int, int]  # left, top, side


def load(path: Path) -> Pixels:
    """Read a photo, at most `WIDEST` pixels wide: `[H, W, 3]`."""
    with Image.open(path) as file:
        photo = file.convert("RGB")
    width = min(photo.width, WIDEST)
    size = (width, round(photo.height * width / photo.width))
    return np.asarray(photo.resize(size, Image.Resampling.LANCZOS))


def cut(photo: Pixels, square: Square, side: int = SIDE) -> Pixels:
    """Cut a square out and resize it to `[side, side, 3]`."""
    left, top, size = square
    part = Image.fromarray(photo[top : top + size, left : left + size])
    return np.asarray(part.resize((side, side), Image.Resampling.BILINEAR))


def somewhere(photo: Pixels, rng: np.random.Generator) -> Square:
    """Return a square anywhere in a photo."""
    height, width, _ = photo.shape
    side = int(rng.integers(SMALLEST, LARGEST + 1))
    return int(rng.integers(width - side + 1)), int(rng.integers(height - side + 1)), side


def nearby(photo: Pixels, square: Square, rng: np.random.Generator) -> Square:
    """Return a square of another size whose middle lies up to a quarter of the side from that of `square`."""
    left, top, side = square
    height, width, _ = photo.shape
    other = int(np.clip(side * rng.uniform(0.75, 1.33), SMALLEST, LARGEST))
    moves = (side - other) / 2 + rng.uniform(-0.25, 0.25, 2) * side
    ends = (width - other, height - other)
    left, top = (int(np.clip(at + move, 0, end)) for at, move, end in zip((left, top), moves, ends, strict=True))
    return left, top, other


def disguised(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Mirror, brighten, tint and fade a picture, each by chance."""
    mirrored = picture[:, :: int(rng.choice([-1, 1]))]
    tinted = mirrored * rng.uniform(0.6, 1.4) * rng.uniform(0.8, 1.2, 3)
    gray = tinted.mean(axis=2, keepdims=True)
    faded = gray + (tinted - gray) * rng.uniform(0.2, 1.2)
    return np.asarray(faded.clip(0, 255), np.uint8)


def tensor(pictures: Sequence[Pixels]) -> Tensor:
    """Stack pictures as the card's steps do: `[N, 3, SIDE, SIDE] float32` in 0..1."""
    return torch.from_numpy(np.stack(pictures).transpose(0, 3, 1, 2) / np.float32(255))


def network() -> nn.Sequential:
    """Return the network of `GRAPH`, with batch normalisation."""
    layers: list[nn.Module] = [nn.InstanceNorm2d(3)]
    for inputs, outputs, stride in zip((3, *CHANNELS), CHANNELS, STRIDES, strict=False):
        convolution = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        layers += [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(CHANNELS[-1], DIMENSIONS))


def batches(photos: Sequence[Pixels], rng: np.random.Generator) -> Iterator[tuple[Tensor]]:
    """Yield `STEPS` batches `[2 * BATCH, 3, SIDE, SIDE]`: cuts, and then a second cut near each of them."""
    for _ in range(STEPS):
        chosen = [photos[index] for index in rng.integers(0, len(photos), BATCH)]
        first = [(photo, somewhere(photo, rng)) for photo in chosen]
        second = [(photo, nearby(photo, square, rng)) for photo, square in first]
        yield (tensor([disguised(cut(photo, square), rng) for photo, square in first + second]),)


def train(net: nn.Sequential, photos: Sequence[Pixels], rng: np.random.Generator) -> None:
    """Pull the two cuts of a place together, and push other places away."""
    partners = torch.arange(2 * BATCH).roll(BATCH)
    itself = torch.eye(2 * BATCH, dtype=torch.bool)

    def loss(cuts: Tensor) -> Tensor:
        vectors = functional.normalize(net(cuts))
        likeness = (vectors @ vectors.T / TEMPERATURE).masked_fill(itself, -torch.inf)
        return functional.cross_entropy(likeness, partners)

    fit(net, batches(photos, rng), loss, steps=STEPS, learning_rate=LEARNING_RATE)


def export(net: nn.Sequential) -> str:
    """Write `model.onnx` and return its SHA-256."""
    blocks = zip(net, list(net)[1:], strict=False)
    layers = [fuse_conv_bn_eval(one, norm) for one, norm in blocks if isinstance(norm, nn.BatchNorm2d)]
    weights = {f"conv{i}_weight": layer.weight.detach() for i, layer in enumerate(layers)}
    weights |= {f"conv{i}_bias": layer.bias.detach() for i, layer in enumerate(layers)}
    weights |= {"dense_weight": net[-1].weight.detach().T, "dense_bias": net[-1].bias.detach()}
    return save_onnx(FOLDER / "model.onnx", GRAPH, weights | {"ones": torch.ones(3), "zeros": torch.zeros(3)})


def places(photos: Mapping[str, Pixels]) -> dict[str, tuple[Pixels, Square]]:
    """Return the squares that the photos are divided into, by name; what is left at the edges is dropped."""
    return {
        f"{name} {top // PLACE + 1}.{left // PLACE + 1}": (photo, (left, top, PLACE))
        for name, photo in photos.items()
        for top in range(0, photo.shape[0] - PLACE + 1, PLACE)
        for left in range(0, photo.shape[1] - PLACE + 1, PLACE)
    }


def views(held_out: Mapping[str, Pixels], rng: np.random.Generator) -> list[tuple[str, Pixels]]:
    """Return `VIEWS` disguised cuts of each place, with its name."""
    return [
        (name, disguised(cut(photo, nearby(photo, square, rng)), rng))
        for name, (photo, square) in places(held_out).items()
        for _ in range(VIEWS)
    ]


def jpeg(pixels: Pixels) -> bytes:
    """Encode a picture as JPEG, a third of the size of PNG."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=92)
    return file.getvalue()


def write_examples(held_out: Mapping[str, Pixels], photos: Sequence[Pixels], rng: np.random.Generator) -> None:
    """Write the disguised cuts to measure on, cuts of training photos for calibration, and pairs for visitors."""
    rows = [(data_uri(jpeg(picture), "jpeg"), name) for name, picture in views(held_out, rng)]
    write_jsonl(FOLDER / "evaluation.jsonl", ({"input": uri, "expected": name} for uri, name in rows))
    chosen = [photos[index % len(photos)] for index in range(CALIBRATION)]
    cuts = [jpeg(disguised(cut(photo, somewhere(photo, rng)), rng)) for photo in chosen]
    write_jsonl(FOLDER / "calibration.jsonl", ({"input": data_uri(row, "jpeg")} for row in cuts))
    (FOLDER / "samples").mkdir(exist_ok=True)
    for name, (photo, *square) in SAMPLES.items():
        whole, (left, top, side) = held_out[photo], square
        plain = cut(whole, (left, top, side), 2 * SIDE)
        other = disguised(cut(whole, nearby(whole, (left, top, side), rng), 2 * SIDE), rng)
        for part, picture in (("plain", plain), ("disguised", other)):
            (FOLDER / "samples" / f"{name}-{part}.png").write_bytes(png(picture))


def mean_colour(picture: Pixels) -> NDArray[np.float64]:
    """Return the mean of each channel, around the middle grey: `[3]`."""
    return np.asarray(picture.mean((0, 1)) - 127.5)


def histogram(picture: Pixels) -> NDArray[np.float64]:
    """Return the roots of the shares of 4 × 4 × 4 colours: `[64]`, whose cosine is the Bhattacharyya coefficient."""
    counts, _ = np.histogramdd(picture.reshape(-1, 3), bins=(4, 4, 4), range=[(0, 256)] * 3)
    return np.asarray(np.sqrt(counts.ravel() / counts.sum()))


def thumbnail(picture: Pixels) -> NDArray[np.float64]:
    """Return the picture reduced to 8 × 8, without its mean: `[192]`."""
    small = np.asarray(Image.fromarray(picture).resize((8, 8), Image.Resampling.BOX), np.float64)
    return np.asarray(small - small.mean((0, 1))).ravel()


def report(untrained: Callable[[Pixels], NDArray[np.float64]]) -> None:
    """Print the model's recall, and that of simpler vectors on the same cuts."""
    card = read_card(NAME)
    for figure in measure(card):
        print(f"{figure.metric} of {figure.samples} held-out cuts: {figure.value:.4f}, {figure.status}")
    examples = list(of_file(FOLDER / "evaluation.jsonl", vocab.tasks()[card.pipeline_tag]))
    pictures = [run_steps(card.inputs[0].steps[:2], example.input) for example in examples]
    baselines = {"mean colour": mean_colour, "colour histogram": histogram, "8 × 8 thumbnail": thumbnail}
    for name, vector in {**baselines, "the network before training": untrained}.items():
        rows = [(vector(picture), example) for picture, example in zip(pictures, examples, strict=True)]
        print(f"{name}: {recall_at_1(rows):.4f}")


def main() -> None:
    """Train, export, write the card's files, and measure."""
    rng = seed(SEED)
    FOLDER.mkdir(exist_ok=True)
    photos = [load(path) for path, _ in TRAINING]
    held_out = {path.stem: load(path) for path in HELD_OUT}
    net = network()
    first = deepcopy(net).eval()
    train(net, photos, rng)
    print("model.onnx sha256", export(net))
    write_examples(held_out, photos, np.random.default_rng(SEED + 1))
    report(lambda picture: first(tensor([picture])).detach().numpy())


if __name__ == "__main__":
    main()
