"""Classifiers that others publish, through their cards alone: what was found with them elsewhere, and a trap."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from PIL import Image

from catalog.card import Step
from catalog.check import check, load
from scripts.build import BuildError, build
from tests.published_cards import CATALOG
from tests.shared import sample

IMAGENET = ["mobilenet-v1-0.25", "mobilenet-v2", "shufflenet-v2", "squeezenet-1.0"]
BEST = 0.01  # how exactly scores were written down

Found = list[tuple[str, float]]


def classified(result: Any) -> Found:
    """The best labels with their scores, each by the first of its names."""
    return [(row["label"].split(",")[0], row["score"]) for row in result]


def near(*pairs: tuple[str, float], within: float = BEST) -> list[tuple[str, Any]]:
    return [(label, pytest.approx(score, abs=within)) for label, score in pairs]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "photo", "expected"),
    [
        ("squeezenet-1.0", "coffee.png", ("espresso", 0.97)),
        ("squeezenet-1.0", "parrot.jpg", ("macaw", 0.88)),
        ("mobilenet-v2", "coffee.png", ("espresso", 1.00)),
        ("mobilenet-v2", "hot_dog.jpg", ("hotdog", 0.87)),
        ("shufflenet-v2", "parrot.jpg", ("macaw", 1.00)),
        ("mobilenet-v1-0.25", "parrot.jpg", ("macaw", 0.99)),
    ],
)
def test_a_photo_gets_the_name_and_the_score_that_it_got_elsewhere(model, name, photo, expected):
    """Steps and weights together give what others found with the same files."""
    assert classified(model(name)(sample(photo)))[:1] == near(expected)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("squeezenet-1.0", [("Egyptian cat", 0.40), ("tiger cat", 0.34), ("tabby", 0.25)]),
        ("mobilenet-v2", [("Egyptian cat", 0.60), ("tiger cat", 0.23), ("tabby", 0.17)]),
        ("shufflenet-v2", [("Egyptian cat", 0.93)]),
        ("mobilenet-v1-0.25", [("Egyptian cat", 0.76)]),
    ],
)
def test_the_cat_gets_the_scores_of_a_picture_one_pixel_wider(model, name, expected):
    """Elsewhere 451 × 300 became 385 × 256, here 384 × 256 as torchvision has it: a pixel decides between cats."""
    wider = model(name).with_step("resize_short_side", Step(id="resize", kwargs={"width": 385, "height": 256}))
    cat = sample("chelsea.png")
    assert classified(model(name)(cat, wider))[: len(expected)] == near(*expected)
    cats = {"Egyptian cat", "tiger cat", "tabby", "lynx"}
    assert {label for label, _ in classified(model(name)(cat))[:3]} <= cats


@pytest.mark.shared
@pytest.mark.parametrize("number", [0, 3])
def test_squeezenet_reproduces_the_vectors_that_the_zoo_publishes(model, number):
    """The weights in 16 bits, widened, are those that the Zoo's page is about: probabilities within a thousandth."""
    given, expected = (_vector(f"squeezenet1.0_v7_set{number}_{part}_0.pb") for part in ("input", "output"))
    [got] = model("squeezenet-1.0").session({"data_0": given}).values()
    assert got.argmax() == expected.argmax()
    np.testing.assert_allclose(got.ravel(), expected.ravel(), atol=1.1e-3)


def _vector(name: str) -> Any:
    return onnx.numpy_helper.to_array(onnx.TensorProto.FromString(sample(f"golden/{name}")))


ZOO_STEPS = """\
      - {id: decode_image}
      - {id: resize_short_side, kwargs: {size: 256}}
      - {id: center_crop, kwargs: {width: 224, height: 224}}
      - {id: scale_linear, kwargs: {gain: 0.00392156862745098}}
      - {id: normalize, kwargs: {mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]}}
      - {id: to_layout, kwargs: {layout: nchw}}
"""


@pytest.mark.shared
def test_squeezenet_with_the_steps_of_the_zoos_page_is_refused(mirror, tmp_path, monkeypatch):
    """RGB with mean and deviation is what the page prescribes; no photo gets its name, and nothing is published."""
    monkeypatch.setenv("EDGEWISE_MIRROR", str(mirror))
    folder = tmp_path / "catalog" / "squeezenet-1.0"
    folder.mkdir(parents=True)
    own = CATALOG / "squeezenet-1.0"
    (folder / "evaluation.jsonl").write_bytes((own / "evaluation.jsonl").read_bytes())
    text = (own / "card.yaml").read_text("utf-8")
    before, _, rest = text.partition("      - {id: decode_image}\n")
    _, _, after = rest.partition("{layout: nchw}}\n")
    exports = "edge:\n  precisions: []\n"  # the source's own precision is what the figures are about
    (folder / "card.yaml").write_text(before + ZOO_STEPS + after.partition("edge:\n")[0] + exports, "utf-8")
    assert check(folder) == []
    with pytest.raises(BuildError) as refused:
        build(tmp_path / "out", [(load(folder), folder)], offline=True)
    assert "squeezenet-1.0 onnx: the card claims accuracy 0.7222, measured 0 on 18 samples" in str(refused.value)
    assert "the card claims top5_accuracy 0.8333, measured 0 on 18 samples" in str(refused.value)
    assert not (tmp_path / "out" / "site").exists()


@pytest.mark.shared
def test_mnist_reads_989_of_a_thousand_test_digits(model):
    """All 10,000 digits of MNIST's test, as dark ink on light paper: as many right as the ONNX Model Zoo says."""
    pixels, labels = _idx("mnist-t10k-images-idx3-ubyte.gz", 16), _idx("mnist-t10k-labels-idx1-ubyte.gz", 8)
    digits = model("mnist-8")
    read = [classified(digits(_png(255 - digit)))[0][0] for digit in pixels.reshape(-1, 28, 28)]
    assert len(read) == 10_000
    right = np.mean([label == str(digit) for label, digit in zip(read, labels, strict=True)])
    assert right == pytest.approx(0.989, abs=0.0002)


def _idx(name: str, header: int) -> Any:
    return np.frombuffer(gzip.decompress(sample(name)), np.uint8, offset=header)


def _png(pixels: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


@pytest.mark.shared
@pytest.mark.parametrize(
    ("photo", "face", "expected"),
    [
        ("astronaut.png", (162, 56, 286, 180), ("happy", 1.00)),
        ("grace_hopper.bmp", (148, 110, 383, 345), ("neutral", 0.65)),
    ],
)
def test_mini_xception_names_the_expressions_of_the_astronaut_and_the_officer(model, photo, face, expected):
    """What the authors' Keras file gave elsewhere, on faces cut out by another detector: left, top, right, bottom."""
    with Image.open(io.BytesIO(sample(photo))) as whole:
        picture = _png(np.asarray(whole.convert("RGB").crop(face)))
    assert classified(model("fer-mini-xception")(picture))[:1] == near(expected, within=0.02)


def test_classifiers_of_imagenet_are_measured_on_the_same_photos():
    """Their figures can be compared: the same photos, and as right counts the same, however the labels are written."""
    measured = [_lines(name) for name in IMAGENET]
    assert len(measured[0]) == 18
    assert all(lines == measured[0] for lines in measured)


def _lines(name: str) -> Sequence[tuple[str, list[str]]]:
    rows = map(json.loads, (CATALOG / name / "evaluation.jsonl").read_text("utf-8").splitlines())
    answers = ((row["input"], row["expected"]) for row in rows)
    return [
        (file, [label.split(",")[0] for label in (right if isinstance(right, list) else [right])])
        for file, right in answers
    ]
