"""WAV files of every kind, and some that are none."""

from __future__ import annotations

import struct

import numpy as np

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")


def chunk(name: bytes, body: bytes) -> bytes:
    """Return a RIFF chunk, whose size is made even."""
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def header(tag: int, bits: int, channels: int, rate: int) -> bytes:
    """Return the body of a `fmt ` chunk."""
    align = channels * bits // 8
    return struct.pack("<HHIIHH", tag, channels, rate, rate * align, align, bits)


def riff(*chunks: bytes) -> bytes:
    """Put chunks into a WAV file."""
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def wav(data: bytes, *, tag: int = PCM, bits: int = 16, channels: int = 1, rate: int = 8000) -> bytes:
    """Return a WAV file of samples that are encoded already."""
    return riff(chunk(b"fmt ", header(tag, bits, channels, rate)), chunk(b"data", data))


def extensible(data: bytes, *, tag: int, bits: int, channels: int, rate: int) -> bytes:
    """Return a WAV file that names its format by a GUID."""
    tail = struct.pack("<HHI", 22, bits, 0) + struct.pack("<H", tag) + GUID_TAIL
    return riff(chunk(b"fmt ", header(EXTENSIBLE, bits, channels, rate) + tail), chunk(b"data", data))


def of(samples: np.ndarray, rate: int) -> bytes:
    """Return a WAV file of 16-bit samples `[T]` or `[T, C]` in -1..1."""
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    data = np.clip(np.rint(samples * 32767), -32768, 32767).astype("<i2").tobytes()
    return wav(data, channels=channels, rate=rate)
