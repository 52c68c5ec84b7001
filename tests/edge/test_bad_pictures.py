from __future__ import annotations

import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageOps

from edge.steps import Context, StepError, run_steps
from tests.edge.pictures import BAD, ODD, PHOTO, encoded
from tests.steps.codec import decode, in_node, in_python, job

DECODE = {"id": "decode_image", "kwargs": {}}


@pytest.mark.parametrize(("data", "words"), BAD.values(), ids=BAD.keys())
def test_what_is_no_whole_picture_of_a_fair_size_is_refused_in_words(data, words):
    """The message names the limit or says what to do; nothing hangs, nothing is guessed."""
    with pytest.raises(StepError, match="decode_image: expected ") as caught:
        run_steps([SimpleNamespace(**DECODE)], data)
    assert words in str(caught.value)


@pytest.mark.parametrize(("data", "colour"), ODD.values(), ids=ODD.keys())
def test_what_is_only_unusual_is_understood(data, colour):
    """One pixel, 16 bits, ink colours and animations give the picture that a viewer shows, to a few levels."""
    pixels = run_steps([SimpleNamespace(**DECODE)], data)
    height, width, _ = pixels.shape
    assert np.abs(pixels[min(40, height - 1), min(50, width - 1)].astype(int) - colour).max() <= 12


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_photo_on_its_side_goes_through_a_letterbox_and_comes_back_upright(orientation):
    """In both languages: what returns from the model's square is the upright photo, and the frame is of that."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(PHOTO, "PNG", exif=exif)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
    letterbox = {"id": "letterbox", "kwargs": {"width": 256, "height": 256, "filter": "nearest"}}
    back = {"id": "image_to_original", "kwargs": {"filter": "nearest"}}
    one = job([DECODE, letterbox, back], data, Context())
    for outcome in (in_python(one), in_node([one])["results"][0]):
        np.testing.assert_array_equal(decode(outcome["value"]), upright)
        expected = {"height": 64, "width": 48, "scale_y": 0.25, "scale_x": 0.25, "offset_y": 0, "offset_x": -8}
        assert expected.items() <= outcome["frame"].items()
