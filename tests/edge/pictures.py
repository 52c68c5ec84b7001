"""Picture files that a person may give by mistake or by malice, and what must come of each."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image

Y, X = np.mgrid[0:48, 0:64]
PHOTO = Image.fromarray(np.dstack([X * 4, Y * 5, (X + Y) * 2]).astype(np.uint8))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """Write a picture."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_bomb(side: int = 20_000) -> bytes:
    """A valid PNG of `side` × `side` grey pixels, a thousandth of its size."""
    deflate = zlib.compressobj(9)
    rows = b"".join([deflate.compress(bytes(side + 1)) for _ in range(side)]) + deflate.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")]
    packed = (struct.pack(">I", len(b)) + t + b + struct.pack(">I", zlib.crc32(t + b)) for t, b in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def gif_that_lies() -> bytes:
    """A GIF whose header says 1 × 1, and whose first picture has 20 megapixels."""
    data = bytearray(encoded(Image.new("P", (5000, 4000)), "GIF"))
    data[6:10] = struct.pack("<HH", 1, 1)
    return bytes(data)


JPEG = encoded(PHOTO, "JPEG", quality=90)
TOO_LARGE, UNREADABLE = "at most 16 megapixels (16000000 pixels)", "use a whole, undamaged file"
BAD = {  # what is wrong → the file, and what the message must say
    "truncated.jpg": (JPEG[: len(JPEG) // 2], UNREADABLE),
    "broken off in its head.jpg": (JPEG[:300], UNREADABLE),
    "without its last bytes.jpg": (JPEG[:-30], UNREADABLE),
    "bomb.png": (png_bomb(), TOO_LARGE),
    "liar.gif": (gif_that_lies(), TOO_LARGE),
    "empty.png": (b"", UNREADABLE),
    "text.png": (b"Dear reader, this is no picture.\n" * 9, UNREADABLE),
}
FRAMES = {"save_all": True, "append_images": [PHOTO.rotate(90).quantize(9)] * 5}
ODD = {  # unusual → the file, and a pixel at row 40, column 50 (where there is one) that shows it was understood
    "one pixel.png": (encoded(Image.new("RGB", (1, 1), "red"), "PNG"), (255, 0, 0)),
    "16 bits.png": (encoded(Image.fromarray((X * 1000).astype(np.uint16)), "PNG"), (195, 195, 195)),
    "cmyk.jpg": (encoded(PHOTO.convert("CMYK"), "JPEG", quality=95), (200, 200, 180)),
    "animated.gif": (encoded(PHOTO.quantize(256), "GIF", **FRAMES), (200, 200, 180)),
}
