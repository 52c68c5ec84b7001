"""Detectors and landmark models that others publish, through their cards alone: what was found with them elsewhere."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image

from catalog.card import Step
from catalog.source import fetch
from edge.pipeline import Pipeline
from edge.runtimes import RUNTIMES, UnsupportedError
from tests.shared import SHARED, sample

pytestmark = pytest.mark.shared

WITHIN = 0.02  # how exactly scores were written down


def near(score: float, within: float = WITHIN) -> Any:
    return pytest.approx(score, abs=within)


def found(result: Sequence[Mapping[str, Any]]) -> list[tuple[str, float]]:
    return [(row["label"], row["score"]) for row in result]


def resize(width: int, height: int, resampling: str = "bilinear") -> Step:
    """A step that squeezes the picture, as the scores that are compared with were found."""
    return Step(id="resize", kwargs={"width": width, "height": height, "filter": resampling})


@pytest.mark.parametrize(
    ("name", "photo", "expected"),
    [
        ("yolox-nano", "pets.jpg", [("dog", 0.90), ("dog", 0.84)]),
        ("yolox-nano", "jockey.jpg", [("horse", 0.92), ("person", 0.65)]),
        ("yolox-nano", "laptop.jpg", [("laptop", 0.96)]),
        ("yolox-nano", "astronaut.png", [("person", 0.93)]),
        ("nanodet-m", "pets.jpg", [("dog", 0.85), ("dog", 0.84)]),
        ("nanodet-m", "jockey.jpg", [("horse", 0.77)]),
        ("nanodet-m", "car.jpg", [("car", 0.51)]),
        ("nanodet-m", "laptop.jpg", [("laptop", 0.57)]),
    ],
)
def test_things_are_found_as_surely_as_elsewhere(model, name, photo, expected):
    """Grids through a letterbox, and distances as distributions: the surest things, with their scores."""
    result = model(name)(sample(photo))
    assert found(result)[: len(expected)] == [(label, near(best)) for label, best in expected]


@pytest.mark.parametrize(
    ("photo", "expected"),
    [
        ("pets.jpg", [("dog", 0.78), ("dog", 0.74)]),
        ("jockey.jpg", [("horse", 0.82)]),
        ("car.jpg", [("car", 0.82)]),
        ("laptop.jpg", [("laptop", 0.79)]),
    ],
)
def test_ssd_keeps_what_its_own_postprocessing_selected(model, photo, expected):
    """A quantised detector with its own last operator; elsewhere pictures were made smaller by a bicubic filter."""
    ssd = model("ssd-mobilenet-v1")
    result = ssd(sample(photo), ssd.with_step("resize", resize(300, 300, "bicubic")))
    assert found(result)[: len(expected)] == [(label, near(best)) for label, best in expected]


def test_the_astronaut_is_one_person_from_hair_to_lap(model):
    """A box comes back through the letterbox to where it belongs in the picture."""
    top, left, bottom, right = model("yolox-nano")(sample("astronaut.png"))[0]["box"]
    assert top < 0.1
    assert bottom > 0.95
    assert left < 0.2
    assert 0.7 < right < 0.8


def test_litert_in_a_browser_says_that_it_cannot_read_the_boxes_of_ssd(model, tmp_path):
    """The file fixes no sizes for what its last operator gives; that is no fault of the file."""
    ssd = model("ssd-mobilenet-v1")
    runtime = RUNTIMES["litert-js"]
    if runtime.missing():
        pytest.skip(runtime.missing())
    file = tmp_path / "ssd.tflite"
    file.write_bytes(fetch(ssd.card.source, ssd.folder, offline=True).read_bytes())
    blank = {"normalized_input_image_tensor": np.zeros((1, 300, 300, 3), np.uint8)}
    with pytest.raises(UnsupportedError, match="outputs of fixed sizes only"):
        runtime.load(file)(blank)


def test_ultraface_finds_the_faces(model):
    """The astronaut's face at its place, four faces of four people, none in a coffee, and one in a cat."""
    faces = model("ultraface-320")
    [face] = faces(sample("astronaut.png"))
    assert face["score"] == near(1, 0.005)
    top, left, bottom, right = np.array(face["box"]) * 512
    assert [left, top, right, bottom] == pytest.approx([179, 61, 268, 173], abs=2)
    scores = [row["score"] for row in faces(sample("face.jpg"))]
    assert scores == [near(score, 0.001) for score in (1, 1, 0.999, 0.996)]
    assert faces(sample("coffee.png")) == []
    [cat] = faces(sample("chelsea.png"), faces.with_step("resize", resize(320, 240, "bicubic")))
    assert cat["score"] == near(0.94, 0.005)


def test_movenet_finds_the_joints_of_the_squatting_man(model):
    """Seventeen points where its publisher lists them: within 2.5 % of the picture in LiteRT, 4 % once imported."""
    movenet = model("movenet-lightning")
    text = (SHARED / "samples" / "golden" / "movenet_lightning_squat_reference.csv").read_text("utf-8")
    rows = [line.split(",") for line in text.split()[1:]]
    reference = np.array([[float(row[5]), float(row[4])] for row in rows])  # the columns keypoint_y and keypoint_x
    litert = RUNTIMES["litert"].load(fetch(movenet.card.source, movenet.folder, offline=True))
    for session, furthest in ((litert, 0.025), (movenet.session, 0.04)):
        pose = Pipeline(movenet.card, movenet.folder).predict(session, sample("squat.bmp"))
        assert len(pose) == 17
        assert np.mean([point["score"] for point in pose]) > 0.69
        places = np.array([[point["y"], point["x"]] for point in pose])
        assert np.abs(places - reference).max() <= furthest


def test_movenet_is_unsure_of_joints_in_a_coffee(model):
    """It gives seventeen points for every picture; the scores say that there is nobody."""
    pose = model("movenet-lightning")(sample("coffee.png"))
    assert np.mean([point["score"] for point in pose]) < 0.3


def left_half(photo: str) -> bytes:
    picture = Image.open(io.BytesIO(sample(photo)))
    file = io.BytesIO()
    picture.crop((0, 0, picture.width // 2, picture.height)).save(file, "PNG")
    return file.getvalue()


def test_a_hand_is_a_hand_and_a_coffee_is_none(model):
    """The probability of a hand beside its points, in the photo that others took and in a drawing."""
    hands = model("hand-landmark")
    squeezed = hands.with_step("letterbox", resize(224, 224))
    assert hands.outputs(left_half("hands.jpg"), squeezed)["Identity_1"].item() == near(0.997, 0.001)
    assert hands.outputs(sample("coffee.png"), squeezed)["Identity_1"].item() == near(0.001, 0.001)
    for drawn in hands.card.samples:
        assert hands.outputs((hands.folder / drawn.file).read_bytes())["Identity_1"].item() > 0.9


def test_the_points_of_a_photographed_hand_lie_on_it(model):
    """The tips of the left hand are above its wrist, the middle finger's highest, the thumb's on the right."""
    points = {row["label"]: row for row in model("hand-landmark")(left_half("hands.jpg"))}
    assert len(points) == 21
    assert all(0 < row["y"] < 1 and 0 < row["x"] < 1 and row["score"] is None for row in points.values())
    tips = {name: row for name, row in points.items() if name.endswith("_tip")}
    assert min(tips, key=lambda name: tips[name]["y"]) == "middle_finger_tip"
    assert max(tips, key=lambda name: tips[name]["x"]) == "thumb_tip"
    assert max(row["y"] for row in tips.values()) < points["wrist"]["y"]


def test_a_face_is_a_face_and_a_coffee_is_none(model):
    """The file gives a logit, here turned into the probability of a face, on the cut-out face and on a cup."""
    faces = model("face-landmark")
    squeezed = faces.with_step("letterbox", resize(192, 192))
    cut_out = (faces.folder / "samples" / "collins.png").read_bytes()
    logits = [faces.outputs(picture, squeezed)["conv2d_31"].item() for picture in (cut_out, sample("coffee.png"))]
    assert [1 / (1 + np.exp(-logit)) for logit in logits] == [near(1, 0.001), near(0.17)]
    assert faces.outputs(sample("coffee.png"))["conv2d_31"].item() < -3
    points = faces(cut_out)
    assert len(points) == 468
    assert all(0 < row["y"] < 1 and 0 < row["x"] < 1 for row in points)
