"""Cases of the steps of `audio.yaml`."""

from __future__ import annotations

import struct

import numpy as np

from edge.steps.sound import Sound
from tests.golden.steps.cases.common import Case, Cases, noise, scores
from tests.golden.steps.cases.wavs import EXTENSIBLE, FLOAT, PCM, chunk, extensible, header, riff, wav

BYTES = noise(48).tobytes()
FLOATS = np.array([0, -0.0, 0.5, -1, 1.5, 1e-40, 1 / 3, -3e38], np.float64)
WAVE = scores(60) / 9


def wavs() -> list[Case]:
    """Every encoding, odd but valid files, and files that are refused."""
    whole = wav(BYTES, channels=2, rate=44100)
    form = chunk(b"fmt ", header(PCM, 16, 1, 8000))
    files = {
        **{f"PCM, {bits} bits": wav(BYTES, bits=bits, channels=2, rate=44100) for bits in (8, 16, 24, 32)},
        "floats": wav(FLOATS.astype("<f4").tobytes(), tag=FLOAT, bits=32),
        "long floats": wav(FLOATS.tobytes(), tag=FLOAT, bits=64),
        "extensible PCM of 8 channels": extensible(BYTES, tag=PCM, bits=24, channels=8, rate=96000),
        "extensible floats": extensible(FLOATS.astype("<f4").tobytes(), tag=FLOAT, bits=32, channels=2, rate=8000),
        "other chunks of odd size": riff(chunk(b"LIST", b"odd"), form, chunk(b"fact", b"1234"), chunk(b"data", BYTES)),
        **{
            f"a length of {size:#x} for unknown": riff(form) + b"data" + struct.pack("<I", size) + BYTES[:7]
            for size in (0x7FFFF000, 0xFFFFFFFF)
        },
        "half a sample at the end": riff(form, chunk(b"data", BYTES[:7])),
        "one sample": wav(b"\0\x80"),
        "no bytes": b"",
        "header alone": wav(b""),
        "no data": riff(form),
        "no format": riff(chunk(b"data", BYTES)),
        "format cut short": riff(chunk(b"fmt ", header(PCM, 16, 1, 8000)[:10]), chunk(b"data", BYTES)),
        "cut short": whole[:-5],
        "MP3": b"ID3\x03" + bytes(40),
        "MP4": b"\0\0\0\x20ftypM4A " + bytes(20),
        "a text": b"these are no samples",
        "mu-law": wav(BYTES, tag=7, bits=8),
        "unknown GUID": wav(BYTES, tag=EXTENSIBLE),
        "12 bits": wav(BYTES, bits=12, channels=2),
        "no channels": wav(BYTES, channels=0),
        "9 channels": wav(bytes(18), channels=9),
        "too slow": wav(BYTES, rate=999),
        "too fast": wav(BYTES, rate=192001),
        "NaN": wav(np.array([0, np.nan], "<f4").tobytes(), tag=FLOAT, bits=32),
        "too large for float32": wav(np.array([1e39], "<f8").tobytes(), tag=FLOAT, bits=64),
    }
    return [*(Case(name, {}, data) for name, data in files.items()), Case("no bytes at all", {}, "a text")]


CASES: Cases = {
    "decode_audio": wavs,
    "to_mono": lambda: [
        Case("stereo", {}, Sound(scores(7, 2), 8000)),
        Case("8 channels", {}, Sound(scores(5, 8), 96000)),
        Case("one channel", {}, Sound(scores(5, 1), 96000)),
        Case("no sound", {}, scores(7, 2)),
    ],
    "resample": lambda: [
        *[
            Case(f"{old} to {new}", {"rate": new}, Sound(WAVE, old))
            for old, new in ((44100, 16000), (8000, 16000), (48000, 16000), (16000, 22050), (11025, 16000))
        ],
        Case("stereo", {"rate": 8000}, Sound(scores(30, 2), 12000)),
        Case("one sample", {"rate": 16000}, Sound(WAVE[:1], 44100)),
        Case("a far lower rate", {"rate": 1000}, Sound(np.tile(WAVE, 8), 96000)),
        Case("the same rate", {"rate": 8000}, Sound(WAVE, 8000)),
        Case("no sound", {"rate": 8000}, WAVE),
    ],
    "fit_length": lambda: [
        *[
            Case(f"{size} at the {align}", {"length": size, "align": align}, WAVE[:8])
            for size in (3, 13)
            for align in ("start", "center", "end")
        ],
        Case("the same", {"length": 8}, WAVE[:8]),
        Case("rows", {"length": 5, "align": "end"}, noise(3, 4)),
        Case("rows cut", {"length": 2, "align": "center"}, noise(5, 4)),
        Case("unknown alignment", {"length": 2, "align": "middle"}, WAVE),
        Case("a sound", {"length": 2}, Sound(WAVE, 8000)),
        Case("no axis", {"length": 2}, np.array(1.0, np.float32)),
    ],
    "crop_to_loudest": lambda: [
        Case("a word in noise", {"length": 9}, WAVE * np.where(np.arange(60) // 7 == 4, 5, 1).astype(np.float32)),
        Case("at the end", {"length": 5}, np.arange(20, dtype=np.float32)),
        Case("the first of equals", {"length": 3}, np.tile(np.array([1, 0, 2, 0], np.float32), 4)),
        Case("integers", {"length": 4}, noise(30)),
        Case("shorter", {"length": 9}, WAVE[:6]),
        Case("silence", {"length": 3}, np.zeros(8, np.float32)),
        Case("two axes", {"length": 3}, scores(4, 2)),
    ],
    "frame": lambda: [
        Case("side by side", {"length": 5, "step": 5}, WAVE[:21]),
        Case("overlapping", {"length": 8, "step": 3}, WAVE[:21]),
        Case("apart", {"length": 2, "step": 7}, WAVE[:21]),
        Case("the last filled", {"length": 8, "step": 3, "tail": "pad"}, WAVE[:21]),
        Case("nothing left to fill", {"length": 6, "step": 5, "tail": "pad"}, WAVE[:21]),
        Case("shorter than a frame", {"length": 8, "step": 3, "tail": "pad"}, WAVE[:3]),
        Case("chunks with context", {"length": 9, "step": 6, "before": 3, "tail": "pad"}, WAVE[:20]),
        Case("reflected", {"length": 8, "step": 4, "before": 4, "after": 4, "fill": "reflect"}, WAVE[:21]),
        Case("reflected and filled", {"length": 8, "step": 5, "before": 4, "fill": "reflect", "tail": "pad"}, WAVE[:9]),
        Case("integers", {"length": 4, "step": 2}, noise(9)),
        Case("too short", {"length": 8, "step": 3}, WAVE[:7]),
        Case("too short to reflect", {"length": 2, "step": 3, "before": 3, "fill": "reflect"}, WAVE[:3]),
        Case("too many", {"length": 1_048_576, "step": 1, "before": 1_048_576, "after": 1_048_576}, WAVE),
        Case("two axes", {"length": 2, "step": 1}, scores(4, 2)),
        Case("unknown fill", {"length": 2, "step": 1, "fill": "edge"}, WAVE),
        Case("unknown tail", {"length": 2, "step": 1, "tail": "keep"}, WAVE),
    ],
    "window": lambda: [
        *[Case(kind, {"kind": kind}, scores(3, 10)) for kind in ("hann", "hamming")],
        Case("an odd length", {"kind": "hann"}, scores(2, 5)),
        Case("unknown kind", {"kind": "hanning"}, scores(2, 5)),
        Case("one axis", {"kind": "hann"}, scores(5)),
    ],
    "spectrum": lambda: [
        Case("power", {"fft": 16}, scores(3, 16)),
        Case("magnitude", {"fft": 16, "power": 1}, scores(3, 16)),
        Case("zeros behind", {"fft": 32}, scores(2, 20)),
        *[Case(f"{fft} points", {"fft": fft}, scores(2, fft)) for fft in (2, 3, 7, 12, 50)],
        Case("silence", {"fft": 8}, np.zeros((2, 8), np.float32)),
        Case("too long a frame", {"fft": 8}, scores(2, 9)),
        Case("no frames", {"fft": 8}, scores(0, 8)),
        Case("one axis", {"fft": 8}, scores(8)),
    ],
    "mel": lambda: [
        *[
            Case(
                f"{scale}, norm {norm}",
                {"bands": 12, "rate": 16000, "low": 20, "high": 7600, "scale": scale, "norm": norm},
                np.abs(scores(2, 65)),
            )
            for scale in ("htk", "slaney")
            for norm in ("none", "slaney")
        ],
        Case("HTK unless said", {"bands": 5, "rate": 8000, "low": 0, "high": 4000}, np.abs(scores(3, 33))),
        Case("bands between two bins", {"bands": 40, "rate": 8000, "low": 0, "high": 4000}, np.abs(scores(2, 9))),
        Case("above half the rate", {"bands": 5, "rate": 8000, "low": 0, "high": 4001}, np.abs(scores(3, 33))),
        Case("low above high", {"bands": 5, "rate": 8000, "low": 400, "high": 300}, np.abs(scores(3, 33))),
        Case("unknown scale", {"bands": 5, "rate": 8000, "low": 0, "high": 300, "scale": "bark"}, scores(3, 33)),
        Case("unknown norm", {"bands": 5, "rate": 8000, "low": 0, "high": 300, "norm": "l1"}, scores(3, 33)),
    ],
    "log": lambda: [
        *[Case(f"base {base}", {"base": base, "offset": 0.01}, np.abs(scores(2, 6))) for base in ("e", "2", "10")],
        Case("floor unless said", {}, np.array([0, -3, 1e-11, 1e-10, 1, np.inf], np.float32)),
        Case("a floor", {"floor": 0.1}, np.abs(scores(2, 6)) / 9),
        Case("bytes", {"offset": 1}, noise(5)),
        Case("NaN", {}, np.array([np.nan], np.float32)),
        Case("unknown base", {"base": "1"}, scores(3)),
        Case("no array", {}, "text"),
    ],
}
