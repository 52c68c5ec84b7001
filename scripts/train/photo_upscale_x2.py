"""Trains the photo enlarger of `catalog/models/photo-upscale-x2` again: `python -m scripts.train.photo_upscale_x2`.

Data: the photos that the scikit-image and scikit-learn wheels ship with a stated free licence; nothing is downloaded.
Nine are for training, each also at reduced sizes, and three (`HELD_OUT`) are only ever measured on. The low-resolution
twin of a photo is its halving by Pillow's bicubic filter. One laptop core needs about five minutes. Writes into the
card's folder `model.onnx`, `evaluation.jsonl` with its crops, `calibration.jsonl` and `samples/`, prints the metrics.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage
import sklearn
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from edge.pipeline import Pipeline
from edge.runtimes import RUNTIMES
from scripts.train.common import MODELS, data_uri, measure, png, read_card, save_onnx, seed, write_jsonl

NAME = "photo-upscale-x2"
FOLDER = MODELS / NAME
SKIMAGE = Path(skimage.__file__).parent / "data"
SKLEARN = Path(sklearn.__file__).parent / "datasets" / "images"
TRAINING: list[tuple[Path, tuple[float, ...]]] = [  # a photo, and the scales it is trained at
    (SKLEARN / "china.jpg", (1, 0.75, 0.5)),
    (SKLEARN / "flower.jpg", (1, 0.75, 0.5)),
    (SKIMAGE / "rocket.jpg", (1, 0.75, 0.5)),
    (SKIMAGE / "camera.png", (1, 0.7)),
    (SKIMAGE / "brick.png", (1, 0.7)),
    (SKIMAGE / "grass.png", (1, 0.7)),
    (SKIMAGE / "gravel.png", (1, 0.7)),
    (SKIMAGE / "hubble_deep_field.jpg", (0.5,)),
    (SKIMAGE / "retina.jpg", (0.4, 0.25)),
]
HELD_OUT = [SKIMAGE / name for name in ("astronaut.png", "chelsea.png", "coffee.png")]
SAMPLES = {  # left, top, width, height in the halved photo
    "astronaut": (56, 0, 144, 144),
    "chelsea": (40, 0, 144, 144),
    "coffee": (80, 40, 160, 128),
}
CHANNELS = 16
STEPS, BATCH, PATCH = 12_000, 16, 40  # the patch in low-resolution pixels
LEARNING_RATE = 2e-3
SEED = 7
GRAPH = """
photo_upscale_x2 (float[1,3,y,x] image) => (float[1,3,y2,x2] upscaled) {
  conv0 = Conv <pads = [1,1,1,1]> (image, conv0_weight, conv0_bias)
  relu0 = Relu (conv0)
  conv1 = Conv <pads = [1,1,1,1]> (relu0, conv1_weight, conv1_bias)
  relu1 = Relu (conv1)
  conv2 = Conv <pads = [1,1,1,1]> (relu1, conv2_weight, conv2_bias)
  relu2 = Relu (conv2)
  conv3 = Conv <pads = [1,1,1,1]> (relu2, conv3_weight, conv3_bias)
  relu3 = Relu (conv3)
  residual = Conv <pads = [1,1,1,1]> (relu3, conv4_weight, conv4_bias)
  nearest = Concat <axis = 1> (image, image, image, image)
  corrected = Add (nearest, residual)
  upscaled = DepthToSpace <blocksize = 2> (corrected)
}
"""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Pair:
    """A photo `[2H, 2W, 3] uint8` and its halving `[H, W, 3] uint8`."""

    low: Pixels
    high: Pixels

    def crop(self, left: int, top: int, width: int, height: int) -> Pair:
        """Cut the same part out of both; in low-resolution pixels."""
        low = self.low[top : top + height, left : left + width]
        return Pair(low, self.high[2 * top : 2 * (top + height), 2 * left : 2 * (left + width)])


def load(path: Path, scale: float = 1) -> Pair:
    """Read a photo, reduce it to `scale`, cut it to even sides, and halve it."""
    with Image.open(path) as file:
        photo = file.convert("RGB")
    width, height = (round(side * scale) // 2 * 2 for side in photo.size)
    if scale != 1:
        photo = photo.resize((width, height), Image.Resampling.LANCZOS)
    photo = photo.crop((0, 0, width, height))
    low = photo.resize((width // 2, height // 2), Image.Resampling.BICUBIC)
    return Pair(np.asarray(low), np.asarray(photo))


def random_place(pair: Pair, size: int, rng: np.random.Generator) -> Pair:
    """Cut out a square of `size` low-resolution pixels."""
    height, width, _ = pair.low.shape
    return pair.crop(int(rng.integers(width - size + 1)), int(rng.integers(height - size + 1)), size, size)


def random_crop(pair: Pair, rng: np.random.Generator) -> Pair:
    """Cut out a patch, turned, mirrored, and with its colour channels in a random order."""
    patch = random_place(pair, PATCH, rng)
    turns, step, order = int(rng.integers(4)), int(rng.choice([-1, 1])), rng.permutation(3)
    low, high = (np.rot90(pixels, turns)[:, ::step, order] for pixels in (patch.low, patch.high))
    return Pair(low, high)


def batches(pairs: list[Pair], rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield `STEPS` batches of patches, `[BATCH, 3, y, x] float32 in 0..1`; large photos come more often."""
    areas = np.array([pair.low.size for pair in pairs], np.float64)
    for _ in range(STEPS):
        patches = [random_crop(pairs[index], rng) for index in rng.choice(len(pairs), BATCH, p=areas / areas.sum())]
        yield tensor([patch.low for patch in patches]), tensor([patch.high for patch in patches])


def tensor(images: list[Pixels]) -> Tensor:
    """Stack `[H, W, 3] uint8` images to `[N, 3, H, W] float32 in 0..1`."""
    return torch.from_numpy(np.stack(images).transpose(0, 3, 1, 2).astype(np.float32) / 255)


def network() -> nn.Sequential:
    """Return the convolutions, which map `[N, 3, y, x]` to the `[N, 12, y, x]` that is added to nearest neighbour."""
    layers: list[nn.Module] = [nn.Conv2d(3, CHANNELS, 3, padding=1), nn.ReLU()]
    for _ in range(3):
        layers += [nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(CHANNELS, 12, 3, padding=1))


def upscale(net: nn.Sequential, low: Tensor) -> Tensor:
    """Map `[N, 3, y, x]` to `[N, 3, 2y, 2x]`; channels in the order of ONNX DepthToSpace, mode DCR."""
    blocks = net(low) + torch.cat([low] * 4, 1)
    count, _, y, x = blocks.shape
    return blocks.view(count, 2, 2, 3, y, x).permute(0, 3, 4, 1, 5, 2).reshape(count, 3, 2 * y, 2 * x)


def train(pairs: list[Pair], rng: np.random.Generator) -> nn.Sequential:
    """Fit the network to the least squared error."""
    net = network()
    optimizer = torch.optim.Adam(net.parameters(), LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=STEPS, pct_start=0.05)
    for low, high in batches(pairs, rng):
        optimizer.zero_grad()
        nn.functional.mse_loss(upscale(net, low), high).backward()
        optimizer.step()
        schedule.step()
    return net


def export(net: nn.Sequential) -> str:
    """Write `model.onnx` and return its SHA-256."""
    convolutions = [layer for layer in net if isinstance(layer, nn.Conv2d)]
    weights = {f"conv{i}_weight": layer.weight.detach() for i, layer in enumerate(convolutions)}
    weights |= {f"conv{i}_bias": layer.bias.detach() for i, layer in enumerate(convolutions)}
    return save_onnx(FOLDER / "model.onnx", GRAPH, weights)


def evaluation_crops(held_out: dict[str, Pair]) -> dict[str, Pair]:
    """Cut two squares out of each photo, left and right of its middle, 96 low-resolution pixels wide."""
    return {
        f"{name}-{side}": pair.crop(int(share * (pair.low.shape[1] - 96)), (pair.low.shape[0] - 96) // 2, 96, 96)
        for name, pair in held_out.items()
        for side, share in (("left", 0.25), ("right", 0.75))
    }


def write_examples(training: list[Pair], held_out: dict[str, Pair], rng: np.random.Generator) -> None:
    """Write what the build measures on, what visitors try, and what the quantiser calibrates on."""
    rows = []
    for name, crop in evaluation_crops(held_out).items():
        row = {"input": f"evaluation/{name}.png", "expected": f"evaluation/{name}_high.png"}
        (FOLDER / row["input"]).write_bytes(png(crop.low))
        (FOLDER / row["expected"]).write_bytes(png(crop.high))
        rows.append(row)
    write_jsonl(FOLDER / "evaluation.jsonl", rows)
    for name, place in SAMPLES.items():
        (FOLDER / "samples" / f"{name}.png").write_bytes(png(held_out[name].crop(*place).low))
    crops = [random_place(pair, 64, rng).low for pair in training[:8]]
    write_jsonl(FOLDER / "calibration.jsonl", ({"input": data_uri(png(crop))} for crop in crops))


def psnr(image: Pixels, truth: Pixels) -> float:
    """Return 10 log10(255² / MSE) in dB."""
    return float(10 * np.log10(255**2 / np.mean((image.astype(np.float64) - truth) ** 2)))


def bicubic(pair: Pair) -> float:
    """Return the PSNR in dB of Pillow's bicubic enlargement, the baseline."""
    height, width, _ = pair.high.shape
    return psnr(np.asarray(Image.fromarray(pair.low).resize((width, height), Image.Resampling.BICUBIC)), pair.high)


def report(held_out: dict[str, Pair]) -> None:
    """Print the PSNR of whole photos and of the evaluation crops, beside the baseline's."""
    card = read_card(NAME)
    pipeline, session = Pipeline(card, FOLDER), RUNTIMES["onnxruntime"].load(FOLDER / "model.onnx")
    for name, pair in held_out.items():
        value = psnr(pipeline.predict(session, png(pair.low)), pair.high)
        print(f"{name}: {value:.2f} dB, bicubic {bicubic(pair):.2f} dB")
    baseline = np.mean([bicubic(crop) for crop in evaluation_crops(held_out).values()])
    print(f"bicubic, mean of the crops: {baseline:.4f} dB")
    for figure in measure(card):
        print(f"{figure.metric} of {figure.samples} crops: {figure.value:.4f} dB, {figure.status}")


def main() -> None:
    """Train, export, write the card's files, and measure."""
    rng = seed(SEED)
    training = [load(path, scale) for path, scales in TRAINING for scale in scales]
    held_out = {path.stem: load(path) for path in HELD_OUT}
    print("model.onnx sha256", export(train(training, rng)))
    write_examples(training, held_out, rng)
    report(held_out)


if __name__ == "__main__":
    main()
