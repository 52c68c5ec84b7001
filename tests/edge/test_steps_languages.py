from __future__ import annotations

import inspect
import itertools
import json
import random
import struct
import zlib
from pathlib import Path

import numpy as np
import PIL
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from catalog import vocab
from edge.steps import STEPS, Context
from edge.steps.context import Frame
from edge.steps.image import FILTERS
from edge.steps.sound import Sound
from tests.golden.steps.cases.boxes import boxes
from tests.golden.steps.cases.common import scores
from tests.steps.codec import decode, in_node, in_python, job

ROOT = Path(__file__).parents[2]
GOLDEN = {path.stem: json.loads(path.read_text("utf-8")) for path in (ROOT / "tests/golden/steps").glob("*.json")}
CASES = [(step, vector) for step in sorted(GOLDEN) for vector in GOLDEN[step]]
IDS = [f"{step}: {vector['case']}" for step, vector in CASES]


@pytest.fixture(scope="module")
def from_node():
    """What Node makes of every golden vector, in one process."""
    return dict(zip(IDS, in_node([vector["job"] for _, vector in CASES])["results"], strict=True))


def assert_same(outcome, expected):
    """Integers, texts and lists equal; floats within 1e-5; a refusal is a refusal; as many warnings."""
    assert outcome.keys() == expected.keys(), outcome.get("refused") or expected.get("refused")
    assert len(outcome["warnings"]) == len(expected["warnings"])
    assert outcome["frame"] == pytest.approx(expected["frame"])
    if "refused" in expected:
        assert outcome["refused"].partition(":")[0] == expected["refused"].partition(":")[0]
        return
    assert_equal(decode(outcome["value"]), decode(expected["value"]))


def assert_equal(got, wanted):
    """Compare arrays, and lists and mappings of them and of plain values."""
    if isinstance(wanted, dict):
        assert got.keys() == wanted.keys()
        for name, part in wanted.items():
            assert_equal(got[name], part)
        return
    if isinstance(wanted, list):
        assert len(got) == len(wanted)
        for one, other in zip(got, wanted, strict=True):
            assert_equal(one, other)
        return
    if isinstance(wanted, Sound):
        assert got.rate == wanted.rate
        got, wanted = got.samples, wanted.samples
    if not isinstance(wanted, np.ndarray):
        assert got == (pytest.approx(wanted, rel=1e-5, abs=1e-5) if isinstance(wanted, float) else wanted)
        return
    assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape)
    tolerance = 1e-5 if wanted.dtype.kind == "f" else 0
    np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("vector", [vector for _, vector in CASES], ids=IDS)
def test_python_reproduces_the_golden_vector(vector):
    """A change of a step's meaning does not go unnoticed."""
    assert_same(in_python(vector["job"]), vector["outcome"])


@pytest.mark.parametrize(("identity", "vector"), [(i, v) for i, (_, v) in zip(IDS, CASES, strict=True)], ids=IDS)
def test_javascript_reproduces_the_golden_vector(identity, vector, from_node):
    """The test-drive computes what Python computed."""
    assert_same(from_node[identity], vector["outcome"])


def test_vocabulary_python_javascript_and_golden_vectors_have_the_same_steps():
    """A step exists everywhere or nowhere."""
    names = set(vocab.steps())
    assert names == set(STEPS) == set(in_node([])["names"]) == set(GOLDEN)


@pytest.mark.parametrize("step", sorted(STEPS))
def test_parameters_and_defaults_are_the_vocabularys(step):
    """What the card's author reads in the vocabulary is what the code takes."""
    taken = [p for p in list(inspect.signature(STEPS[step]).parameters.values())[1:] if p.name != "context"]
    written = vocab.steps()[step].params
    assert {p.name for p in taken} == set(written)
    defaults = {p.name: p.default for p in taken if p.default is not p.empty}
    assert {name: list(x) if isinstance(x, tuple) else x for name, x in defaults.items()} == {
        name: parameter.default for name, parameter in written.items() if not parameter.required
    }


def random_resizes(count: int) -> list[dict]:
    """Make `count` resizes between random sizes for each filter, one and three channels, noise and hard edges."""
    chance, noise = random.Random(5), np.random.default_rng(5)
    jobs = []
    for filter_, channels, hard, _ in itertools.product(FILTERS, (1, 3), (0, 1), range(count)):
        height, width, new_height, new_width = (chance.randint(1, chance.choice([4, 30, 150])) for _ in range(4))
        pixels = noise.integers(0, 256, (height, width, channels), np.uint8)
        pixels = np.where(pixels > 127, 255, 0).astype(np.uint8) if hard else pixels
        kwargs = {"width": new_width, "height": new_height, "filter": filter_}
        jobs.append(job([{"id": "resize", "kwargs": kwargs}], pixels))
    return jobs


def test_javascript_resizes_as_pillow_does_bit_for_bit():
    """960 random resizes: no pixel differs between Node, Python, and (from 13 on) Pillow's own resize."""
    jobs = random_resizes(40)
    pillow_decides = int(PIL.__version__.split(".")[0]) >= 13  # before, the order of the passes was another
    for one, outcome in zip(jobs, in_node(jobs)["results"], strict=True):
        kwargs, pixels = one["steps"][0]["kwargs"], decode(one["value"])
        expected = in_python(one)
        assert outcome == expected, (pixels.shape, kwargs)
        if pillow_decides:
            image = Image.fromarray(pixels.squeeze(axis=2) if pixels.shape[2] == 1 else pixels)
            direct = np.asarray(image.resize((kwargs["width"], kwargs["height"]), FILTERS[kwargs["filter"]]))
            np.testing.assert_array_equal(decode(expected["value"]), direct.reshape(decode(expected["value"]).shape))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_pictures_fit_and_come_back_alike_in_both_languages(data):
    """Any crop, letterbox and colour space: the same pixels and the same way back to the original."""
    size = st.integers(1, 40)
    pixels = np.random.default_rng(data.draw(size)).integers(0, 256, (data.draw(size), data.draw(size), 3), np.uint8)
    box = {"width": data.draw(size), "height": data.draw(size)}
    fitted = {
        "filter": data.draw(st.sampled_from(sorted(FILTERS))),
        "align": data.draw(st.sampled_from(["center", "start"])),
    }
    chain = [
        {"id": "letterbox", "kwargs": box | fitted},
        {"id": "resize_short_side", "kwargs": {"size": data.draw(size)}},
        {"id": "center_crop", "kwargs": {"width": 1, "height": 1}},
        {"id": "to_color_space", "kwargs": {"space": "y"}},
        {"id": "recolor", "kwargs": {}},
        {"id": "image_to_original", "kwargs": {}},
    ]
    start = Context()
    start.decoded(pixels)
    jobs = [job(chain[:end], pixels, start) for end in (1, 2, 3)]
    jobs += [job([chain[0], *chain[3:]], pixels, start), job([*chain[:2], chain[5]], pixels, start)]
    for one, outcome in zip(jobs, in_node(jobs)["results"], strict=True):
        assert_same(outcome, in_python(one))


def test_javascript_makes_pillows_ycbcr_of_every_colour():
    """A million colours there and back: no value differs."""
    colours = np.random.default_rng(8).integers(0, 256, (1000, 1000, 3), np.uint8)
    context = Context()
    context.decoded(colours)
    there, luma = ({"id": "to_color_space", "kwargs": {"space": space}} for space in ("ycbcr", "y"))
    jobs = [job([there], colours, context), job([luma, {"id": "recolor", "kwargs": {}}], colours, context)]
    forth, back = (decode(result["value"]) for result in in_node(jobs)["results"])
    ycbcr = Image.fromarray(colours).convert("YCbCr")
    np.testing.assert_array_equal(forth, np.asarray(ycbcr))
    np.testing.assert_array_equal(back, np.asarray(ycbcr.convert("RGB")))


@given(st.integers(0, 2**32), st.integers(1, 4), st.sampled_from([16, 24, 31]), st.sampled_from([8, 17]))
@settings(max_examples=40, deadline=None)
def test_boxes_are_decoded_and_kept_alike_in_both_languages(seed, classes, width, height):
    """Random outputs of each kind of detector: the same boxes in the same order, wherever they end."""
    size, strides = {"width": width, "height": height}, [4, 8]
    small, large = (-(-width // stride) * -(-height // stride) for stride in strides)
    outputs = {
        name: scores(1, *shape, seed=seed % 1000 + i)
        for i, (name, shape) in enumerate(
            {
                "cells": (small + large, 5 + classes),
                "c4": (small, classes), "c8": (large, classes), "d4": (small, 32), "d8": (large, 32),
                "offsets": (2 * small + large, 4), "classes": (2 * small + large, classes),
            }.items()
        )
    }  # fmt: skip
    grids = size | {"strides": strides}
    priors = {"boxes": "offsets", "scores": "classes", "sizes": [3, 5.5, 7], "counts": [2, 1]}
    decoders = {
        "decode_grid_boxes": grids | {"output": "cells"},
        "decode_dfl_boxes": grids | {"scores": ["c4", "c8"], "distances": ["d4", "d8"]},
        "decode_prior_boxes": grids | priors,
        "take_boxes": size | {"boxes": "offsets", "scores": "classes", "order": "cxcywh"},
    }
    context = Context(labels=list("abcd"), frame=Frame(300, 200, 16, 16, 20.0, 20.0, -10.0, -60.0))
    behind = [{"id": "nms", "kwargs": {"iou": 0.4}}, {"id": "place_boxes", "kwargs": {}}]
    jobs = [job([{"id": step, "kwargs": kwargs}, *behind], outputs, context) for step, kwargs in decoders.items()]
    for one, outcome in zip(jobs, in_node(jobs)["results"], strict=True):
        assert_same(outcome, in_python(one))


@given(st.integers(0, 2**32), st.booleans(), st.sampled_from([0.1, 0.5, 0.9]))
@settings(max_examples=60, deadline=None)
def test_boxes_are_kept_alike_in_both_languages(seed, class_wise, iou):
    """Random detections, many with equal scores and much overlap: the same boxes, order and places."""
    start = boxes(50, 4, seed)
    context = Context(labels=list("abcd"), frame=Frame(300, 200, 16, 16, 20.0, 20.0, -10.0, -60.0))
    steps = [{"id": "nms", "kwargs": {"iou": iou, "class_wise": class_wise}}, {"id": "place_boxes", "kwargs": {}}]
    jobs = [job(steps[:1], start), job(steps, start, context)]
    for one, outcome in zip(jobs, in_node(jobs)["results"], strict=True):
        assert_same(outcome, in_python(one))


def test_an_unknown_category_is_refused_in_the_same_words_in_both_languages():
    """500 random choices and texts: what was expected, what came and which was meant differ in no letter."""
    chance, jobs = random.Random(8), []
    for _ in range(500):
        known = sorted({"".join(chance.choices("abcé😀", k=chance.randint(1, 6))) for _ in range(chance.randint(1, 6))})
        meant, at = chance.choice(known), chance.randint(0, 6)
        typed = meant[:at] + "".join(chance.choices("abcé😀'\"\\", k=chance.randint(0, 3))) + meant[at + 1 :]
        kwargs = {"columns": [{"name": "kind", "categories": known}]}
        jobs.append(job([{"id": "columns", "kwargs": kwargs}], {"kind": typed}))
    expected = [in_python(one).get("refused") for one in jobs]
    assert sum("did you mean" in str(words) for words in expected) > 100
    assert [outcome.get("refused") for outcome in in_node(jobs)["results"]] == expected


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
KINDS = {0: (1, (1, 2, 4, 8, 16)), 2: (3, (8, 16)), 3: (1, (1, 2, 4, 8)), 4: (2, (8, 16)), 6: (4, (8, 16))}
TRANSPARENCY_BYTES = {0: 2, 2: 6, 3: 2}


def random_png(chance: random.Random, color_type: int, depth: int, *, interlaced: bool, transparent: bool) -> bytes:
    """Write a PNG of any kind, also those that Pillow cannot write: every row has a random filter and random bytes."""
    width, height = chance.randint(1, 12), chance.randint(1, 12)
    rows = b""
    for left, top, step_x, step_y in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        columns, lines = -(-(width - left) // step_x), -(-(height - top) // step_y)
        stride = -(-columns * KINDS[color_type][0] * depth // 8)
        rows += b"".join(
            bytes([chance.randrange(5)]) + chance.randbytes(stride) for _ in range(lines if columns > 0 else 0)
        )
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, interlaced))]
    chunks += [(b"PLTE", chance.randbytes(3 << depth))] if color_type == 3 else []
    chunks += [(b"tRNS", chance.randbytes(TRANSPARENCY_BYTES[color_type]))] if transparent else []
    chunks += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    packed = (struct.pack(">I", len(b)) + t + b + struct.pack(">I", zlib.crc32(t + b)) for t, b in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def test_javascript_decodes_every_kind_of_png_as_pillow_does():
    """Each colour type, depth, interlacing and transparency, every filter: no pixel differs."""
    chance = random.Random(6)
    kinds = [
        (color, depth, i, t) for color, (_, depths) in KINDS.items() for depth in depths for i in (0, 1) for t in (0, 1)
    ]
    jobs = [
        job([{"id": "decode_image", "kwargs": {}}], random_png(chance, c, d, interlaced=bool(i), transparent=bool(t)))
        for c, d, i, t in kinds * 5
        if not t or c in TRANSPARENCY_BYTES
    ]
    for one, outcome in zip(jobs, in_node(jobs)["results"], strict=True):
        assert outcome == in_python(one)


def test_javascript_encodes_any_text_as_python_does():
    """Emoji, combining marks and lone surrogates, cut anywhere."""
    chance = random.Random(7)
    alphabet = ["a", "é", "€", "😀", "\ud83d", "\ude00", "\u0301", "\0"]
    texts = ["".join(chance.choices(alphabet, k=chance.randint(0, 9))) for _ in range(300)]
    jobs = [job([{"id": "encode_bytes", "kwargs": {"length": chance.randint(1, 20)}}], text) for text in texts]
    assert in_node(jobs)["results"] == [in_python(one) for one in jobs]
