"""Published detectors and landmark models through steps alone: their real weights give what their authors found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from tests.published import label_file, model
from tests.shared import SHARED

pytestmark = pytest.mark.shared

GRIDS = {"width": 416, "height": 416, "strides": [8, 16, 32]}
PLACED = [("nms", {"score": 0.5, "iou": 0.45}), ("place_boxes", {})]


def found(result: Sequence[Mapping[str, Any]]) -> list[tuple[str, float]]:
    return [(row["label"], round(row["score"], 2)) for row in result]


def test_yolox_finds_the_pets_the_jockey_and_the_astronaut():
    """Anchor-free grids through a letterbox: two dogs, a horse with its rider, a person, where they are."""
    before = ["decode_image", ("to_color_space", {"space": "bgr"}),
              ("letterbox", {"width": 416, "height": 416, "align": "start"}), ("cast", {"dtype": "float32"}),
              ("to_layout", {"layout": "nchw"})]  # fmt: skip
    behind = [("decode_grid_boxes", {"output": "output", **GRIDS}), *PLACED]
    detect = model("yolox-nano", before, behind, label_file("yolox-nano"))
    pets = detect("pets.jpg")
    assert [label for label, _ in found(pets)] == ["dog", "dog"]
    assert [score for _, score in found(pets)] == pytest.approx([0.90, 0.84], abs=0.02)
    assert found(detect("jockey.jpg"))[0] == ("horse", pytest.approx(0.92, abs=0.02))
    assert ("laptop", pytest.approx(0.96, abs=0.02)) in found(detect("laptop.jpg"))
    [person, *_] = detect("astronaut.png")
    assert person["label"] == "person"
    top, left, bottom, right = person["box"]
    assert top < 0.1
    assert bottom > 0.95
    assert left < 0.2
    assert right > 0.7


def test_nanodet_finds_the_pets_and_the_horse():
    """Distances as distributions, three outputs of each kind: the scores that were measured before."""
    before = ["decode_image", ("to_color_space", {"space": "bgr"}), ("resize", {"width": 416, "height": 416}),
              ("normalize", {"mean": [103.53, 116.28, 123.675], "std": [57.375, 57.12, 58.395]}),
              ("to_layout", {"layout": "nchw"})]  # fmt: skip
    names = {"scores": ["792", "814", "836"], "distances": ["795", "817", "839"]}
    detect = model(
        "nanodet-m-416", before, [("decode_dfl_boxes", {**names, **GRIDS}), *PLACED], label_file("yolox-nano")
    )
    assert found(detect("pets.jpg")) == [("dog", pytest.approx(0.85, abs=0.02)), ("dog", pytest.approx(0.84, abs=0.02))]
    assert found(detect("jockey.jpg"))[0] == ("horse", pytest.approx(0.77, abs=0.02))


def test_ssd_keeps_what_its_own_postprocessing_selected():
    """A quantised detector in LiteRT whose last operator selects the boxes."""
    shrunk = {"width": 300, "height": 300, "filter": "bicubic"}
    before = ["decode_image", ("resize", shrunk), ("to_layout", {"layout": "nhwc"})]
    start = "TFLite_Detection_PostProcess"
    names = {"boxes": start, "classes": f"{start}:1", "scores": f"{start}:2", "width": 300, "height": 300}
    name = "ssd-mobilenet-v1-coco-quant"
    detect = model(name, before, [("take_detections", names), *PLACED], label_file(name))
    assert found(detect("pets.jpg")) == [("dog", pytest.approx(0.78, abs=0.02)), ("dog", pytest.approx(0.74, abs=0.02))]
    assert found(detect("jockey.jpg"))[0] == ("horse", pytest.approx(0.82, abs=0.02))


def test_ultraface_finds_the_faces():
    """Boxes in fractions with a background class: the astronaut's face at its place, four faces, none in a coffee."""
    scale = {"mean": [127, 127, 127], "std": [128, 128, 128]}
    shrunk = ("resize", {"width": 320, "height": 240})
    before = ["decode_image", shrunk, ("normalize", scale), ("to_layout", {"layout": "nchw"})]
    names = {"boxes": "boxes", "scores": "scores", "width": 320, "height": 240}
    behind = [("take_boxes", names), ("drop_class", {}), ("nms", {"score": 0.7, "iou": 0.3}), ("place_boxes", {})]
    detect = model("ultraface-rfb-320", before, behind, ["face"])
    [face] = detect("astronaut.png")
    assert face["score"] == pytest.approx(1, abs=0.005)
    top, left, bottom, right = np.array(face["box"]) * 512
    assert [left, top, right, bottom] == pytest.approx([179, 61, 268, 173], abs=3)
    assert found(detect("face.jpg")) == [("face", pytest.approx(1, abs=0.005))] * 4
    assert detect("coffee.png") == []


def test_movenet_finds_the_joints_of_the_squatting_man():
    """Seventeen points within 2.5 % of the picture of those that its publisher lists, and surer of them."""
    boxed = {"width": 192, "height": 192, "fill": 0, "align": "start"}
    before = ["decode_image", ("letterbox", boxed), ("to_layout", {"layout": "nhwc"})]
    behind = [("take_points", {"columns": 3, "order": "yx", "width": 192, "height": 192}), ("place_points", {})]
    name = "movenet-lightning-int8"
    pose = model(name, before, behind, label_file(name))("squat.bmp")
    assert np.mean([point["score"] for point in pose]) > 0.69
    text = (SHARED / "samples" / "golden" / "movenet_lightning_squat_reference.csv").read_text("utf-8")
    rows = [line.split(",") for line in text.split()[1:]]
    reference = np.array([[float(row[5]), float(row[4])] for row in rows])  # the columns keypoint_y and keypoint_x
    places = np.array([[point["y"], point["x"]] for point in pose])
    assert np.abs(places - reference).max() <= 0.025


@pytest.mark.parametrize(
    ("name", "size", "photo", "least"),
    [("face-landmark-468", 192, "portrait.jpg", 0), ("hand-landmark-lite", 224, "hands.jpg", 0)],
)
def test_landmarks_come_in_pixels_with_depth(name: str, size: int, photo: str, least: int):
    """Points of a face and of a hand: as many as published, finite, and nearly all inside the picture."""
    before = ["decode_image", ("resize", {"width": size, "height": size}), ("scale_linear", {"gain": 1 / 255}),
              ("to_layout", {"layout": "nhwc"})]  # fmt: skip
    count = 468 if "face" in name else 21
    behind = [("take_points", {"columns": 3, "third": "depth"}), ("place_points", {})]
    points = model(name, before, behind, [str(i) for i in range(count)])(photo)
    assert len(points) == count
    inside = [least <= point["y"] <= 1 and least <= point["x"] <= 1 for point in points]
    assert np.mean(inside) > 0.9
