"""Published segmentation models through steps alone: their real weights find what was measured on them before."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.published import label_file, model
from tests.shared import sample

pytestmark = pytest.mark.shared

CLOSE = 0.01  # of the picture: how exactly the shares were written down
SELFIE = ["selfie-segmentation-landscape", "selfie-segmentation-landscape-onnx"]
PEOPLE = ("photo", "share"), [("astronaut.png", 0.565), ("portrait.jpg", 0.513), ("grace_hopper.bmp", 0.577)]


def segmenter(name: str, size: tuple[int, int], gain: float, offset: float, behind: Sequence[Any], labels: list[str]):
    """A function from a photo to its mask, for a model that takes the whole photo squeezed to a width and height."""
    scale = ("scale_linear", {"gain": gain, "offset": offset})
    shrunk = ("resize", {"width": size[0], "height": size[1]})
    return model(name, ["decode_image", shrunk, scale, ("to_layout", {"layout": "nhwc"})], behind, labels)


def deeplab():
    name = "deeplabv3-257-float"
    behind = [("argmax_mask", {"layout": "nhwc"}), ("place_mask", {})]
    return segmenter(name, (257, 257), 1 / 127.5, -1, behind, label_file(name))


def selfie(name: str):
    return segmenter(name, (256, 144), 1 / 255, 0, [("place_opacity", {})], ["background", "person"])


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
def test_deeplab_finds_the_cat_the_horse_with_its_rider_the_car_and_the_astronaut(photo: str, expected: dict):
    """Twenty-one scores a pixel in LiteRT: the classes that were found before, over as much of the photo, no others."""
    found = shares(deeplab()(photo))
    assert found.pop("background") == pytest.approx(1 - sum(expected.values()), abs=2 * CLOSE)
    assert found == pytest.approx(expected, abs=CLOSE)


def test_deeplab_finds_the_bird_where_people_drew_it():
    """The mask has the photo's size, and shares more than four fifths of its union with the ground truth."""
    with Image.open(io.BytesIO(sample("bird_segmentation_mask.bmp"))) as drawn:
        expected = np.asarray(drawn) == 3
    mask = deeplab()("bird_segmentation.bmp")
    found = mask["classes"] == mask["labels"].index("bird")
    assert found.shape == expected.shape
    assert (found & expected).sum() / (found | expected).sum() > 0.8


@pytest.mark.parametrize("name", SELFIE)
@pytest.mark.parametrize(*PEOPLE)
def test_people_are_told_from_what_is_behind_them(name: str, photo: str, share: float):
    """One opacity a pixel, in LiteRT and in onnxruntime: a person covers as much of the photo as was found before."""
    mask = selfie(name)(photo)
    assert shares(mask)["person"] == pytest.approx(share, abs=CLOSE)
    assert mask["opacity"].shape == mask["classes"].shape


def test_the_converted_twin_cuts_out_the_same_person():
    """The ONNX file that a third party made from the LiteRT one gives the same opacities, to one level of 255."""
    original, twin = (selfie(name)("astronaut.png")["opacity"].astype(int) for name in SELFIE)
    assert np.abs(original - twin).max() <= 1
