"""Cards of the ONNX Model Zoo against the Zoo's own manifest, also where an ordinary build does not fetch the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from catalog.card import Card, Tensor
from catalog.check import card_folders, load
from tests.shared import SHARED

pytestmark = pytest.mark.shared

CATALOG = Path(__file__).parents[2] / "catalog" / "models"
ZOO = "https://media.githubusercontent.com/media/onnx/models/"
TYPES = {"float32": "tensor(float)", "int32": "tensor(int32)"}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """The Zoo's entries by the path of their file."""
    path = SHARED / "reference" / "ONNX_HUB_MANIFEST.json"
    if not path.is_file():
        pytest.skip(f"no {path.name} in {SHARED}")
    return {row["model_path"]: row["metadata"] for row in json.loads(path.read_text("utf-8"))}


def zoo_cards() -> list[Card]:
    return [card for card in map(load, card_folders(CATALOG)) if str(card.source.url).startswith(ZOO)]


def test_the_models_that_modelhub_lists_are_there():
    """Whoever looks for one of the classics of the Zoo finds its card."""
    wanted = {"resnet-50", "vgg-19", "densenet-121", "inception-v1", "inception-v2", "alexnet", "emotion-ferplus",
              "arcface-resnet100", "duc", "yolo-v3"}  # fmt: skip
    assert wanted <= {card.id for card in zoo_cards()}


@pytest.mark.parametrize("card", zoo_cards(), ids=lambda card: card.id)
def test_a_card_of_the_zoo_says_what_the_manifest_says(card: Card, manifest: dict[str, Any]):
    """Digest, size, and the names, types and sizes of all tensors; a size that the Zoo leaves open may be any."""
    _, _, path = str(card.source.url).removeprefix(ZOO).partition("/")
    told = manifest[path]
    assert (card.source.sha256, card.source.bytes) == (told["model_sha"], told["model_bytes"])
    for side, tensors in (("inputs", card.inputs), ("outputs", card.outputs)):
        ports = told["io_ports"][side]
        assert [(tensor.id, TYPES[tensor.dtype]) for tensor in tensors] == [(p["name"], p["type"]) for p in ports]
        assert [_fixed(tensor, port["shape"]) for tensor, port in zip(tensors, ports, strict=True)] == [
            [size for size in port["shape"] if isinstance(size, int)] for port in ports
        ]


def _fixed(tensor: Tensor, told: list[Any]) -> list[Any]:
    """The card's sizes of the axes whose size the Zoo tells."""
    return [axis.size for axis, size in zip(tensor.axes, told, strict=True) if isinstance(size, int)]
