"""Trains the digit detector of `catalog/models/digits-detector` again: `python -m scripts.train.digits_detector`.

Data: scenes that `digit_scenes.py` makes from the 1,797 scans of the scikit-learn wheel; nothing is downloaded. Scenes
for training use the first 1,347 scans in file order, also bent, the held-out scenes the last 450. One laptop core needs
about six minutes. Writes `model.onnx`, `evaluation.jsonl`, `calibration.jsonl` and `samples/` into the card's folder,
prints the metrics.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from scripts.train.common import MODELS, data_uri, measure, png, read_card, save_onnx, seed, write_jsonl
from scripts.train.digit_scenes import Scene, as_scanned, bent, scene
from scripts.train.digits_cnn import TRAINING, load

NAME = "digits-detector"
FOLDER = MODELS / NAME
SIZE, STRIDE = 96, 8  # pixels of the model's picture, and of a cell
CELLS = SIZE // STRIDE
CHANNELS = (1, 12, 24, 24, 40, 40, 40, 40)
STRIDES = (2, 2, 1, 2, 1, 1, 1)
NEAR = 0.75  # cells whose middle is nearer than that to a digit's middle shall find it
COPIES = 6  # of each training scan, bent
STEPS, BATCH, LEARNING_RATE = 6000, 32, 4e-3
SCENES, CALIBRATION = 120, 24
SAMPLES = {"few": 3, "many": 11, "mixed": 23}  # a name, and the seed of a held-out scene
SAMPLE_SIZE = 192
SEED = 11
GRAPH = """
digits_detector (float[1,1,96,96] image) => (float[1,144,15] cells) {
  conv0 = Conv <pads = [1,1,1,1], strides = [2,2]> (image, conv0_weight, conv0_bias)
  relu0 = Relu (conv0)
  conv1 = Conv <pads = [1,1,1,1], strides = [2,2]> (relu0, conv1_weight, conv1_bias)
  relu1 = Relu (conv1)
  conv2 = Conv <pads = [1,1,1,1]> (relu1, conv2_weight, conv2_bias)
  relu2 = Relu (conv2)
  conv3 = Conv <pads = [1,1,1,1], strides = [2,2]> (relu2, conv3_weight, conv3_bias)
  relu3 = Relu (conv3)
  conv4 = Conv <pads = [1,1,1,1]> (relu3, conv4_weight, conv4_bias)
  relu4 = Relu (conv4)
  conv5 = Conv <pads = [1,1,1,1]> (relu4, conv5_weight, conv5_bias)
  relu5 = Relu (conv5)
  conv6 = Conv <pads = [1,1,1,1]> (relu5, conv6_weight, conv6_bias)
  relu6 = Relu (conv6)
  conv7 = Conv (relu6, conv7_weight, conv7_bias)
  last = Transpose <perm = [0,2,3,1]> (conv7)
  rows = Reshape (last, rows_shape)
  boxes, logits = Split <axis = 2> (rows, parts)
  scores = Sigmoid (logits)
  cells = Concat <axis = 2> (boxes, scores)
}
"""


def network() -> nn.Sequential:
    """Return the network of `GRAPH` up to `rows`, with batch normalisation; `[N, 1, 96, 96]` to `[N, 15, 12, 12]`."""
    layers: list[nn.Module] = []
    for before, behind, stride in zip(CHANNELS[:-1], CHANNELS[1:], STRIDES, strict=True):
        layers += [nn.Conv2d(before, behind, 3, stride, padding=1), nn.BatchNorm2d(behind), nn.ReLU()]
    head = nn.Conv2d(CHANNELS[-1], 15, 1)
    with torch.no_grad():
        head.bias[4:] = -4.0  # most cells hold nothing
    return nn.Sequential(*layers, head)


def targets(one: Scene) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
    """Return the cells that shall find a digit, and for each its `(x, y, log width, log height)` and its label."""
    middles = (one.boxes[:, :2] + one.boxes[:, 2:]) / 2 / STRIDE  # y, x in cells
    cells, boxes, labels = [], [], []
    for (y, x), box, label in zip(middles, one.boxes, one.labels, strict=True):
        height, width = np.log((box[2:] - box[:2]) / STRIDE)
        for cell in range(CELLS * CELLS):
            row, column = divmod(cell, CELLS)
            if max(abs(row + 0.5 - y), abs(column + 0.5 - x)) < NEAR:
                cells.append(cell)
                boxes.append((x - column, y - row, width, height))
                labels.append(label)
    return np.array(cells), np.array(boxes, np.float32).reshape(-1, 4), np.array(labels)


def overlap(a: Tensor, b: Tensor) -> Tensor:
    """Return the intersection over union of boxes `[N, 4]` (x, y, log width, log height)."""
    (a_size, b_size) = a[:, 2:].exp(), b[:, 2:].exp()
    low = torch.maximum(a[:, :2] - a_size / 2, b[:, :2] - b_size / 2)
    high = torch.minimum(a[:, :2] + a_size / 2, b[:, :2] + b_size / 2)
    common = (high - low).clamp(min=0).prod(1)
    return common / (a_size.prod(1) + b_size.prod(1) - common)


def loss(rows: Tensor, scenes: list[Scene]) -> Tensor:
    """Return what is wrong with `[N, 144, 15]`: objectness of all cells, class and box of those that have a digit."""
    told = [targets(one) for one in scenes]
    number = torch.from_numpy(np.repeat(np.arange(len(told)), [len(cells) for cells, _, _ in told]))
    cells, boxes, labels = (torch.from_numpy(np.concatenate(parts)) for parts in zip(*told, strict=True))
    found = rows[number, cells]
    there = torch.zeros(rows.shape[:2])
    there[number, cells] = 1
    objectness = functional.binary_cross_entropy_with_logits(rows[..., 4], there, reduction="sum")
    classes = functional.binary_cross_entropy_with_logits(
        found[:, 5:], functional.one_hot(labels, 10).float(), reduction="sum"
    )
    places = functional.smooth_l1_loss(found[:, :4], boxes, beta=0.1, reduction="sum")
    overlaps = (1 - overlap(found[:, :4], boxes)).sum()
    return (objectness + classes + places + 2 * overlaps) / len(cells)


def as_rows(maps: Tensor) -> Tensor:
    """Turn `[N, 15, 12, 12]` into `[N, 144, 15]`."""
    return maps.permute(0, 2, 3, 1).reshape(len(maps), CELLS * CELLS, 15)


def train(rng: np.random.Generator) -> nn.Sequential:
    """Fit the network to new scenes in every step."""
    scans = load()[:TRAINING]
    digits = as_scanned(scans) + bent(scans, COPIES, rng)
    net = network()
    optimizer = torch.optim.AdamW(net.parameters(), LEARNING_RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=STEPS, pct_start=0.1)
    for step in range(STEPS):
        scenes = [scene(digits, SIZE, rng) for _ in range(BATCH)]
        pictures = torch.from_numpy(np.stack([one.picture for one in scenes])[:, None]).float() / 255
        optimizer.zero_grad()
        error = loss(as_rows(net(pictures)), scenes)
        error.backward()
        optimizer.step()
        schedule.step()
        if step % 250 == 0:
            print(f"step {step}: {error.item():.3f}", flush=True)
    return net.eval()


def export(net: nn.Sequential) -> str:
    """Write `model.onnx` and return its SHA-256."""
    layers = [fuse_conv_bn_eval(one, norm) for one, norm in pairwise(net) if isinstance(norm, nn.BatchNorm2d)] + [
        net[-1]
    ]
    weights = {f"conv{i}_weight": layer.weight.detach() for i, layer in enumerate(layers)}
    weights |= {f"conv{i}_bias": layer.bias.detach() for i, layer in enumerate(layers)}
    shapes = {"rows_shape": np.array([1, CELLS * CELLS, 15]), "parts": np.array([4, 11])}
    return save_onnx(FOLDER / "model.onnx", GRAPH, weights | shapes)


def expected(one: Scene) -> list[dict[str, object]]:
    """Return the boxes as fractions of the picture, with their labels."""
    rows = zip((one.boxes / len(one.picture)).tolist(), one.labels, strict=True)
    return [{"box": [round(place, 5) for place in box], "label": str(label)} for box, label in rows]


def write_examples(rng: np.random.Generator) -> None:
    """Write held-out scenes, training scenes for calibration, and larger held-out scenes that visitors try."""
    digits = load()
    training, held_out = as_scanned(digits[:TRAINING]), as_scanned(digits[TRAINING:])
    scenes = [scene(held_out, SIZE, rng) for _ in range(SCENES)]
    rows = [{"input": data_uri(png(one.picture)), "expected": expected(one)} for one in scenes]
    write_jsonl(FOLDER / "evaluation.jsonl", rows)
    calibration = [scene(training, SIZE, rng).picture for _ in range(CALIBRATION)]
    write_jsonl(FOLDER / "calibration.jsonl", ({"input": data_uri(png(picture))} for picture in calibration))
    (FOLDER / "samples").mkdir(exist_ok=True)
    for name, number in SAMPLES.items():
        picture = scene(held_out, SAMPLE_SIZE, np.random.default_rng(number)).picture
        (FOLDER / "samples" / f"{name}.png").write_bytes(png(picture))


def main() -> None:
    """Train, export, write the card's files, and measure."""
    rng = seed(SEED)
    FOLDER.mkdir(exist_ok=True)
    print("model.onnx sha256", export(train(rng)))
    write_examples(np.random.default_rng(SEED + 1))
    for figure in measure(read_card(NAME)):
        print(f"{figure.metric} of {figure.samples} held-out scenes: {figure.value:.4f}, {figure.status}")


if __name__ == "__main__":
    main()
