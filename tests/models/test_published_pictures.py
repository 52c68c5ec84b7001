"""Models that give pictures and masks, through their cards alone: what was found with them elsewhere."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.published import model as run_alone
from tests.shared import sample

pytestmark = pytest.mark.shared

CLOSE = 0.01  # of the picture: how exactly the shares were written down


def shares(mask: Mapping[str, Any]) -> dict[str, float]:
    """The share of the picture that each class has, without those that have less than a hundredth."""
    parts = np.bincount(mask["classes"].ravel(), minlength=len(mask["labels"])) / mask["classes"].size
    return {label: float(part) for label, part in zip(mask["labels"], parts, strict=True) if part >= CLOSE}


@pytest.mark.parametrize(
    ("photo", "expected"),
    [
        ("chelsea.png", {"cat": 0.76}),
        ("jockey.jpg", {"horse": 0.13, "person": 0.06}),
        ("car.jpg", {"car": 0.24}),
        ("astronaut.png", {"person": 0.47}),
    ],
)
def test_deeplab_finds_the_cat_the_horse_with_its_rider_the_car_and_the_astronaut(model, photo: str, expected: dict):
    """The classes that were found before, over as much of the photo, no others."""
    found = shares(model("deeplab-v3")(sample(photo)))
    assert found.pop("background") == pytest.approx(1 - sum(expected.values()), abs=2 * CLOSE)
    assert found == pytest.approx(expected, abs=CLOSE)


def test_deeplab_finds_the_bird_where_people_drew_it(model):
    """The mask has the photo's size, and shares more than four fifths of its union with the ground truth."""
    with Image.open(io.BytesIO(sample("bird_segmentation_mask.bmp"))) as drawn:
        expected = np.asarray(drawn) == 3
    mask = model("deeplab-v3")(sample("bird_segmentation.bmp"))
    found = mask["classes"] == mask["labels"].index("bird")
    assert found.shape == expected.shape
    assert (found & expected).sum() / (found | expected).sum() > 0.8


@pytest.mark.parametrize(
    ("photo", "share"), [("astronaut.png", 0.565), ("portrait.jpg", 0.513), ("grace_hopper.bmp", 0.577)]
)
def test_people_are_told_from_what_is_behind_them(model, photo: str, share: float):
    """One opacity a pixel: a person covers as much of the photo as was found before."""
    mask = model("selfie-segmentation")(sample(photo))
    assert shares(mask)["person"] == pytest.approx(share, abs=CLOSE)
    assert mask["opacity"].shape == mask["classes"].shape


def test_a_third_party_converted_the_same_person(model):
    """The ONNX file that the card names as a second source gives the same opacities, to one level of 255."""
    before = ["decode_image", ("resize", {"width": 256, "height": 144}), ("scale_linear", {"gain": 1 / 255}),
              ("to_layout", {"layout": "nhwc"})]  # fmt: skip
    labels = ["background", "person"]
    twin = run_alone("selfie-segmentation-landscape-onnx", before, [("place_opacity", {})], labels)
    ours = model("selfie-segmentation")(sample("astronaut.png"))["opacity"].astype(int)
    assert np.abs(ours - twin("astronaut.png")["opacity"]).max() <= 1


def luma(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("YCbCr"))[..., 0].astype(float)


def decibels(got: np.ndarray, wanted: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((got - wanted) ** 2)))


@pytest.mark.parametrize(
    ("photo", "better", "bicubic"), [("astronaut", 30.61, 30.3), ("coffee", 33.88, 33.6), ("chelsea", 37.87, 37.9)]
)
def test_the_luma_of_photos_is_a_little_sharper_than_bicubic(model, photo: str, better: float, bicubic: float):
    """The figures that the card tells, in decibels, and the size that it promises."""
    with Image.open(io.BytesIO(sample(f"{photo}.png"))) as whole:
        side = min(whole.size)
        left, top = (whole.width - side) // 2, (whole.height - side) // 2
        wanted = whole.crop((left, top, left + side, top + side)).resize((672, 672), Image.Resampling.BICUBIC)
    small, file = wanted.resize((224, 224), Image.Resampling.BICUBIC), io.BytesIO()
    small.save(file, "PNG")
    upscaler = model("sub-pixel-cnn-3x")
    assert upscaler(file.getvalue()).shape == (672, 672, 3)
    got = 255 * np.clip(upscaler.outputs(file.getvalue())["output"][0, 0], 0, 1)
    assert decibels(got, luma(wanted)) == pytest.approx(better, abs=0.05)
    plain = luma(small.resize((672, 672), Image.Resampling.BICUBIC))
    assert decibels(plain, luma(wanted)) == pytest.approx(bicubic, abs=0.1)
