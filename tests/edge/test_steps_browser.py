from __future__ import annotations

import base64
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageCms

from edge.steps import StepError, run_steps
from tests.conftest import serve
from tests.edge.pictures import BAD, ODD, PHOTO, encoded

pytestmark = pytest.mark.browser

ASSETS = Path(__file__).parents[2] / "site" / "assets"

# Decodes in a worker, as the test-drive does.
START_WORKER = """() => {
  const source = `import { runSteps } from "${location.origin}/steps/index.js";
    onmessage = async ({ data }) => {
      try {
        const file = await (await fetch(data)).blob();
        const { shape, data: bytes } = await runSteps([{ id: "decode_image", kwargs: {} }], file);
        let text = "";
        for (const byte of bytes) text += String.fromCharCode(byte);
        postMessage({ shape, pixels: btoa(text) });
      } catch (error) {
        postMessage({ refused: error.name + " " + error.message });
      }
    };`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  window.decode = (data) => new Promise((resolve) => {
    worker.onmessage = (event) => resolve(event.data);
    worker.postMessage(data);
  });
}"""


@pytest.fixture(scope="module")
def url():
    """The steps, served."""
    yield from serve(ASSETS, isolated=False)


@pytest.fixture
def decode(page, url):
    """A function from a file's bytes to what a worker in Chromium makes of it."""
    page.goto(f"{url}steps/index.js")
    page.evaluate(START_WORKER)

    def of(data: bytes) -> np.ndarray | str:
        answer = page.evaluate("decode", f"data:;base64,{base64.b64encode(data).decode()}")
        if "refused" in answer:
            return answer["refused"]
        return np.frombuffer(base64.b64decode(answer["pixels"]), np.uint8).reshape(answer["shape"])

    return of


def in_python(data: bytes) -> np.ndarray:
    return run_steps([SimpleNamespace(id="decode_image", kwargs={})], data)


def tagged(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def swapped_profile() -> bytes:
    """SRGB with red and green exchanged: a photo that it is applied to looks wrong."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")


TALL = PHOTO.resize((53, 131))
ALPHA = Image.fromarray(np.dstack([np.asarray(PHOTO), np.tile(np.arange(0, 256, 4, dtype=np.uint8), (48, 1))]))
EXACT = {
    "png": encoded(PHOTO, "PNG"),
    "png with alpha": encoded(ALPHA, "PNG"),
    "png with a palette": encoded(PHOTO.quantize(50), "PNG"),
    "png, grey": encoded(PHOTO.convert("L"), "PNG"),
    "png, 16-bit grey": encoded(Image.fromarray(np.arange(48 * 64, dtype=np.uint16).reshape(48, 64) * 21), "PNG"),
    "webp, lossless": encoded(PHOTO, "WEBP", lossless=True),
    "gif": encoded(PHOTO.quantize(100), "GIF"),
    "gif, clear": encoded(PHOTO.quantize(50), "GIF", transparency=7),
    "gif, animated": encoded(PHOTO.quantize(50), "GIF", save_all=True, append_images=[PHOTO.rotate(90).quantize(9)]),
    "gif, an odd size": encoded(TALL.quantize(100), "GIF"),
    "bmp": encoded(PHOTO, "BMP"),
    "bmp, an odd size": encoded(TALL, "BMP"),
    "bmp, one bit": encoded(PHOTO.convert("1"), "BMP"),
}
CLOSE = {
    "webp with alpha, lossless": (encoded(ALPHA, "WEBP", lossless=True), 1),
    "webp": (encoded(PHOTO, "WEBP"), 4),
    "jpeg": (encoded(PHOTO, "JPEG", quality=90), 4),
    "jpeg, grey": (encoded(PHOTO.convert("L"), "JPEG"), 4),
    "jpeg, progressive": (encoded(PHOTO, "JPEG", progressive=True), 4),
    "jpeg, a wrong profile": (encoded(PHOTO, "JPEG", quality=90, icc_profile=swapped_profile()), 4),
    "jpeg, cmyk": (encoded(PHOTO.convert("CMYK"), "JPEG"), 4),
}


@pytest.mark.parametrize("data", EXACT.values(), ids=EXACT.keys())
def test_lossless_files_decode_in_chromium_as_in_python(decode, data):
    """No pixel of the photo differs."""
    np.testing.assert_array_equal(decode(data), in_python(data))


@pytest.mark.parametrize(("data", "levels"), CLOSE.values(), ids=CLOSE.keys())
def test_lossy_files_decode_in_chromium_within_a_few_levels(decode, data, levels):
    """Decoders may round otherwise, but the photo is the same."""
    assert np.abs(decode(data).astype(int) - in_python(data)).max() <= levels


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_photos_come_upright_in_chromium(decode, kind):
    """Each EXIF orientation, though Chromium itself does not turn WebP."""
    for orientation in range(1, 9):
        data = encoded(PHOTO, kind, exif=tagged(orientation))
        assert np.abs(decode(data).astype(int) - in_python(data)).max() <= 4, orientation


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_what_python_refuses_chromium_refuses_too(decode, kind):
    """Too large or cut short: a StepError, and for size the message names the limit."""
    large = encoded(Image.new("1" if kind == "BMP" else "L", (4001, 4000)), kind)  # one bit keeps the BMP small
    cut = encoded(PHOTO, kind)[:-100]
    assert "StepError decode_image: expected at most 16 megapixels" in decode(large)
    assert "StepError decode_image" in decode(cut)
    for data in (large, cut):
        with pytest.raises(StepError):
            in_python(data)


@pytest.mark.parametrize(("data", "words"), BAD.values(), ids=BAD.keys())
def test_chromium_refuses_bad_pictures_in_the_same_words(decode, data, words):
    """A bomb, a liar or half a file is refused before its pixels fill the memory."""
    refused = decode(data)
    assert isinstance(refused, str)
    assert refused.startswith("StepError decode_image: expected ")
    assert words in refused


@pytest.mark.parametrize(("data", "colour"), ODD.values(), ids=ODD.keys())
def test_chromium_understands_unusual_pictures(decode, data, colour):
    """The same pixel as in Python, to a few levels."""
    pixels = decode(data)
    height, width, _ = pixels.shape
    assert np.abs(pixels[min(40, height - 1), min(50, width - 1)].astype(int) - colour).max() <= 12
