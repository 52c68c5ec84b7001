"""WAV files: a RIFF header, a `fmt ` chunk that says how the samples are written, a `data` chunk that holds them.

Sources: Multimedia Programming Interface and Data Specifications 1.0 (IBM and Microsoft, 1991), and
WAVEFORMATEXTENSIBLE in Microsoft's mmreg.h.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.steps.errors import StepError
from edge.steps.sound import Sound

MAX_CHANNELS, MAX_SECONDS, MAX_SAMPLES = 8, 600, 32_000_000
RATES = (1_000, 192_000)
EXTENSIBLE = 0xFFFE
EXTENSIBLE_TAIL = bytes.fromhex("000000001000800000aa00389b71")  # of the GUIDs that begin with a format's number
OPEN_END = 0x7FFFF000  # the least size that programs write while they do not yet know the length
CURE = "convert it to a WAV file of 16-bit samples, and use a whole, undamaged file"
OTHER_FORMATS = {
    b"ID3": "MP3",
    b"\xff\xfb": "MP3",
    b"\xff\xf3": "MP3",
    b"\xff\xf2": "MP3",
    b"fLaC": "FLAC",
    b"OggS": "Ogg",
    b"FORM": "AIFF",
    b"RF64": "RF64, for files above 4 GB",
    b"RIFX": "RIFX, with the bytes the other way round",
    b"\x1a\x45\xdf\xa3": "WebM or Matroska",
}
FORMAT_NAMES = {1: "PCM", 2: "ADPCM", 3: "float", 6: "A-law", 7: "mu-law", 17: "IMA ADPCM", 85: "MP3"}


@dataclass(frozen=True)
class Format:
    """What the `fmt ` chunk says; `align` is the size of one sample of all channels in bytes."""

    tag: int
    channels: int
    rate: int
    align: int
    bits: int


Numbers = NDArray[np.float32]
ENCODINGS: Mapping[tuple[int, int], Callable[[bytes], Numbers]] = {
    (1, 8): lambda data: _scaled(np.frombuffer(data, "u1").astype(np.int16) - 128, 2**7),
    (1, 16): lambda data: _scaled(np.frombuffer(data, "<i2"), 2**15),
    (1, 24): lambda data: _scaled(_widened(data), 2**31),
    (1, 32): lambda data: _scaled(np.frombuffer(data, "<i4"), 2**31),
    (3, 32): lambda data: np.frombuffer(data, "<f4").astype(np.float32),
    (3, 64): lambda data: _narrowed(np.frombuffer(data, "<f8")),
}


def _scaled(integers: NDArray[Any], full_scale: int) -> Numbers:
    """Divide by a power of two: exact, but for 32-bit samples, which are rounded to float32 first."""
    return integers.astype(np.float32) / np.float32(full_scale)


def _widened(data: bytes) -> NDArray[Any]:
    """Turn 24-bit samples into 32-bit ones, whose lowest byte is 0."""
    wide = np.zeros((len(data) // 3, 4), "u1")
    wide[:, 1:] = np.frombuffer(data, "u1").reshape(-1, 3)
    return wide.view("<i4")[:, 0]


def _narrowed(numbers: NDArray[Any]) -> Numbers:
    with np.errstate(over="ignore"):
        return numbers.astype(np.float32)


def read(data: bytes) -> Sound:
    """Return the sound of a WAV file, `[T, C]`; raises `StepError` for what is none, is damaged, or is too large."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise _unreadable(data, _other_format(data))
    chunks = _chunks(data)
    if b"fmt " not in chunks or len(chunks[b"fmt "]) < 16:
        raise _unreadable(data, "it does not say how its samples are written")
    form = _format(chunks[b"fmt "])
    decode = ENCODINGS.get((form.tag, form.bits))
    if decode is None or form.align != form.channels * form.bits // 8:
        expected = "samples as PCM of 8, 16, 24 or 32 bits or as floats of 32 or 64"
        got = f"{form.bits}-bit {FORMAT_NAMES.get(form.tag, f'format {form.tag}')}"
        raise StepError("decode_audio", expected, got, CURE)
    samples = _samples(data, chunks.get(b"data"), form)
    numbers = decode(samples)
    if not np.isfinite(numbers).all():
        raise StepError("decode_audio", "samples that are numbers", "NaN or infinity", "record or export it again")
    return Sound(numbers.reshape(-1, form.channels), form.rate)


def _other_format(data: bytes) -> str:
    if not data:
        return "an empty file"
    named = (name for start, name in OTHER_FORMATS.items() if data.startswith(start))
    inside = "MP4 or M4A" if data[4:8] == b"ftyp" else None
    found = next(named, inside)
    return f"it looks like {found}" if found else "it does not begin as WAV files do"


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """Return the chunks by name up to the samples, which come last that matter."""
    chunks: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= len(data) and b"data" not in chunks:
        name, size = struct.unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + size]
        if len(body) < size and not (name == b"data" and size >= OPEN_END):
            raise _unreadable(data, f"cut short: {size - len(body)} bytes are missing")
        chunks[name] = body
        at += 8 + size + size % 2
    return chunks


def _format(body: bytes) -> Format:
    tag, channels, rate, _, align, bits = struct.unpack_from("<HHIIHH", body)
    if tag == EXTENSIBLE and body[26:40] == EXTENSIBLE_TAIL:
        tag = struct.unpack_from("<H", body, 24)[0]
    return Format(tag, channels, rate, align, bits)


def _samples(data: bytes, body: bytes | None, form: Format) -> bytes:
    """Return the bytes of the samples once they are known to fit the limits."""
    if not 1 <= form.channels <= MAX_CHANNELS:
        raise StepError("decode_audio", f"1 to {MAX_CHANNELS} channels", f"{form.channels}", CURE)
    if not RATES[0] <= form.rate <= RATES[1]:
        expected = f"{RATES[0]} to {RATES[1]} samples a second"
        raise StepError("decode_audio", expected, f"{form.rate}", CURE)
    count = len(body or b"") // form.align
    if body is None or not count:
        raise _unreadable(data, "a header without samples")
    if count > MAX_SECONDS * form.rate or count * form.channels > MAX_SAMPLES:
        expected = f"at most {MAX_SECONDS} seconds and {MAX_SAMPLES} samples in all channels together"
        got = f"{count / form.rate:.1f} seconds and {count * form.channels} samples"
        raise StepError("decode_audio", expected, got, "cut it into shorter pieces")
    return body[: count * form.align]


def _unreadable(data: bytes, reason: str) -> StepError:
    return StepError("decode_audio", "a WAV file", f"{len(data)} bytes that cannot be read ({reason})", CURE)
