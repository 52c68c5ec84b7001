"""Trains the page finder of `catalog/models/document-corners` again: `python -m scripts.train.document_corners`.

Data: scenes that `page_scenes.py` makes; nothing is downloaded. Around the pages lie photos that the scikit-image and
scikit-learn wheels ship with a stated free licence; those of the held-out scenes, and their pages, are never trained
on. One laptop core needs about five minutes. Writes into the card's folder `model.onnx`, `evaluation.jsonl`,
`calibration.jsonl` and `samples/`, prints the metrics.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import skimage
import sklearn
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from scripts.train.common import MODELS, measure, png, read_card, save_onnx, seed, write_jsonl
from scripts.train.page_scenes import Corners, Pixels, Scene, page, scene

NAME = "document-corners"
FOLDER = MODELS / NAME
SKIMAGE = Path(skimage.__file__).parent / "data"
SKLEARN = Path(sklearn.__file__).parent / "datasets" / "images"
TRAINING = [
    *(SKLEARN / name for name in ("china.jpg", "flower.jpg")),
    *(SKIMAGE / f"{name}.png" for name in ("camera", "brick", "grass", "gravel")),
    *(SKIMAGE / f"{name}.jpg" for name in ("rocket", "hubble_deep_field", "retina")),
]
HELD_OUT = [SKIMAGE / f"{name}.png" for name in ("astronaut", "chelsea", "coffee")]
LABELS = ("top left", "top right", "bottom right", "bottom left")
SIZE, CELLS = 128, 32  # pixels of the model's picture, cells of a map
SPREAD = 1.1  # cells; of the bell round a corner that a map shall show
PAGES = {"training": 400, "held out": 60}
POOL = 6000  # scenes, each seen many times, mirrored and in other colours
STEPS, BATCH, LEARNING_RATE = 4500, 24, 4e-3
TINTS = ((0.8, 1.2), (-0.08, 0.08))  # gain and shift of each colour channel in training
SCENES, CALIBRATION = 100, 20
SAMPLES = {
    "photographed-page": 1,
    "on-a-saucer": 1,
    "on-green": 14,
    "no-page": 12,
}  # a name, and a held-out scene's seed
REAL_PAGE = "photographed-page"  # the sample whose page is scikit-image's photo of a printed one
SAMPLE_SIZE = 320
SEED = 21
GRAPH = """
document_corners (float[1,3,128,128] image) => (float[1,4,32,32] maps) {
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
  conv5 = Conv <pads = [1,1,1,1], strides = [2,2]> (relu4, conv5_weight, conv5_bias)
  relu5 = Relu (conv5)
  conv6 = Conv <pads = [1,1,1,1]> (relu5, conv6_weight, conv6_bias)
  relu6 = Relu (conv6)
  conv7 = Conv <pads = [1,1,1,1]> (relu6, conv7_weight, conv7_bias)
  relu7 = Relu (conv7)
  conv8 = Conv (relu7, conv8_weight, conv8_bias)
  wide8 = Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor">
    (conv8, , twice)
  sum8 = Add (wide8, relu4)
  conv9 = Conv <pads = [1,1,1,1]> (sum8, conv9_weight, conv9_bias)
  relu9 = Relu (conv9)
  conv10 = Conv (relu9, conv10_weight, conv10_bias)
  wide10 = Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor">
    (conv10, , twice)
  sum10 = Add (wide10, relu2)
  conv11 = Conv <pads = [1,1,1,1]> (sum10, conv11_weight, conv11_bias)
  relu11 = Relu (conv11)
  maps = Conv (relu11, conv12_weight, conv12_bias)
}
"""


def block(before: int, behind: int, stride: int = 1) -> nn.Sequential:
    """Return a convolution of 3 × 3 with batch normalisation and ReLU."""
    return nn.Sequential(nn.Conv2d(before, behind, 3, stride, padding=1), nn.BatchNorm2d(behind), nn.ReLU())


class Network(nn.Module):  # type: ignore[misc] # torch is not installed where types are checked
    """The network of `GRAPH`, with batch normalisation: down to 8 × 8, and up again to 32 × 32."""

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Sequential(block(3, 16, 2), block(16, 24, 2), block(24, 24))
        self.middle = nn.Sequential(block(24, 32, 2), block(32, 32))
        self.coarse = nn.Sequential(block(32, 36, 2), block(36, 36), block(36, 36), nn.Conv2d(36, 32, 1))
        self.up = nn.Sequential(block(32, 32), nn.Conv2d(32, 24, 1))
        self.last = nn.Sequential(block(24, 24), nn.Conv2d(24, len(LABELS), 1))
        with torch.no_grad():
            self.last[-1].bias.fill_(-4.0)  # most cells are no corner

    def forward(self, image: Tensor) -> Tensor:
        """Map `[N, 3, 128, 128]` in 0..1 to `[N, 4, 32, 32]`, logits of each corner."""
        fine = self.fine(image)
        middle = self.middle(fine)
        up = self.up(functional.interpolate(self.coarse(middle), scale_factor=2) + middle)
        return self.last(functional.interpolate(up, scale_factor=2) + fine)

    def convolutions(self) -> list[nn.Conv2d]:
        """Return the convolutions in the order of `GRAPH`, each with the normalisation behind it."""
        parts = [part for stage in self.children() for part in stage.children()]
        return [fuse_conv_bn_eval(part[0], part[1]) if isinstance(part, nn.Sequential) else part for part in parts]


def bells(corners: Corners | None) -> NDArray[np.float32]:
    """Return the maps that a scene shall give, `[4, 32, 32]`: a bell round each corner."""
    if corners is None:
        return np.zeros((len(LABELS), CELLS, CELLS), np.float32)
    cells = np.arange(CELLS) + 0.5
    y, x = (np.exp(-(((cells - places[:, None] * CELLS) / SPREAD) ** 2) / 2) for places in corners.T)
    return np.asarray(y[:, :, None] * x[:, None, :], np.float32)


def mirrored(picture: Tensor, maps: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Mirror a batch in one or both directions, or not; a mirrored upper left corner is an upper right one."""
    if rng.random() < 0.5:
        picture, maps = picture.flip(3), maps.flip(3)[:, [1, 0, 3, 2]]
    if rng.random() < 0.5:
        picture, maps = picture.flip(2), maps.flip(2)[:, [3, 2, 1, 0]]
    return picture, maps


def train(scenes: list[Scene], rng: np.random.Generator) -> Network:
    """Fit the network to the maps."""
    pictures = torch.from_numpy(np.stack([one.picture for one in scenes]).transpose(0, 3, 1, 2))
    wanted = torch.from_numpy(np.stack([bells(one.corners) for one in scenes]))
    net = Network()
    optimizer = torch.optim.AdamW(net.parameters(), LEARNING_RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=STEPS, pct_start=0.1)
    for step in range(STEPS):
        rows = torch.from_numpy(rng.integers(len(scenes), size=BATCH))
        gain, shift = (torch.from_numpy(rng.uniform(*ends, (BATCH, 3, 1, 1))).float() for ends in TINTS)
        picture, maps = mirrored(pictures[rows].float() / 255, wanted[rows], rng)
        logits = net((picture * gain + shift).clamp(0, 1))
        error = functional.binary_cross_entropy_with_logits(logits, maps, weight=1 + 9 * maps)
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        schedule.step()
        if step % 250 == 0:
            print(f"step {step}: {error.item():.4f}", flush=True)
    net.eval()
    return net


def export(net: Network) -> str:
    """Write `model.onnx` and return its SHA-256."""
    layers = net.convolutions()
    weights = {f"conv{i}_weight": layer.weight.detach() for i, layer in enumerate(layers)}
    weights |= {f"conv{i}_bias": layer.bias.detach() for i, layer in enumerate(layers) if layer.bias is not None}
    return save_onnx(FOLDER / "model.onnx", GRAPH, weights | {"twice": np.array([1, 1, 2, 2], np.float32)})


def photos(paths: list[Path]) -> list[Image.Image]:
    """Read photos."""
    return [Image.open(path).convert("RGB") for path in paths]


def jpeg(picture: Pixels) -> str:
    """Return a photo as a `data:` address; PNG would take six times the room."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def expected(corners: Corners) -> list[dict[str, object]]:
    """Return the corners as key points."""
    return [{"label": label, "y": round(y, 5), "x": round(x, 5)} for label, (y, x) in zip(LABELS, corners, strict=True)]


def write_examples(training: list[Scene], pages: list[Image.Image], rng: np.random.Generator) -> None:
    """Write held-out scenes, training scenes for calibration, and larger held-out scenes that visitors try."""
    around = photos(HELD_OUT)
    scenes = (scene(pages, around, SIZE, rng) for _ in range(2 * SCENES))
    told = [one for one in scenes if one.corners is not None][:SCENES]
    rows = [{"input": jpeg(one.picture), "expected": expected(one.corners)} for one in told if one.corners is not None]
    write_jsonl(FOLDER / "evaluation.jsonl", rows)
    write_jsonl(FOLDER / "calibration.jsonl", ({"input": jpeg(one.picture)} for one in training[:CALIBRATION]))
    (FOLDER / "samples").mkdir(exist_ok=True)
    for name, number in SAMPLES.items():
        shown = photos([SKIMAGE / "page.png"]) if name == REAL_PAGE else pages
        picture = scene(shown, around, SAMPLE_SIZE, np.random.default_rng(number)).picture
        (FOLDER / "samples" / f"{name}.png").write_bytes(png(picture))


def main() -> None:
    """Train, export, write the card's files, and measure."""
    rng = seed(SEED)
    FOLDER.mkdir(exist_ok=True)
    pages = [page(rng) for _ in range(PAGES["training"])]
    around = photos(TRAINING)
    scenes = [scene(pages, around, SIZE, rng) for _ in range(POOL)]
    print("model.onnx sha256", export(train(scenes, rng)))
    own = np.random.default_rng(SEED + 1)
    write_examples(scenes, [page(own) for _ in range(PAGES["held out"])], own)
    for figure in measure(read_card(NAME)):
        print(f"{figure.metric} of {figure.samples} held-out scenes: {figure.value:.4f}, {figure.status}")


if __name__ == "__main__":
    main()
