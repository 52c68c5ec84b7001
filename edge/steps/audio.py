"""From an encoded sound to frames of numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.steps import filterbank, sinc, wav
from edge.steps.context import Context
from edge.steps.errors import Array, StepError, choice, described, number_array
from edge.steps.sound import Sound, sound

MAX_FRAMED = 64_000_000  # numbers in all frames together
BLOCK = 4096  # frames whose spectrum is taken at once: a bound on the memory between

# where the sound lies in what is cut or filled → how much of the difference comes before it
ALIGNMENTS: Mapping[str, Callable[[int], int]] = {
    "start": lambda _: 0,
    "center": lambda difference: difference // 2,
    "end": lambda difference: difference,
}
FILLS = {"zeros": "constant", "reflect": "reflect"}  # → numpy's name
WINDOWS = {"hann": (0.5, 0.5), "hamming": (0.54, 0.46)}  # a and b of a - b cos(2 pi n / N)
LOGARITHMS: Mapping[str, Callable[[Array], Array]] = {"e": np.log, "2": np.log2, "10": np.log10}


def decode_audio(value: object, context: Context) -> Sound:
    """Read a WAV file: samples `[T, C] float32` with their rate; PCM is divided by its full scale."""
    if not isinstance(value, bytes):
        raise StepError("decode_audio", "the bytes of a sound file", described(value), "read the file as bytes")
    context.sound = wav.read(value)
    return context.sound


def to_mono(value: object) -> Sound:
    """Return the mean of the channels, `[T]`."""
    heard = sound("to_mono", value)
    if heard.samples.ndim == 1:
        return heard
    channels = heard.samples.shape[1]
    total = sum(heard.samples[:, channel].astype(np.float64) for channel in range(channels))
    return Sound(np.asarray(total / channels, np.float32), heard.rate)


def resample(value: object, rate: int) -> NDArray[np.float32]:
    """Bring a sound to `rate` samples a second: `[T]` or `[T, C] float32`, a plain array from here on."""
    heard = sound("resample", value)
    return sinc.resampled(heard.samples, heard.rate, rate)


def fit_length(value: object, length: int, align: str = "start") -> Array:
    """Cut `[T, …]` to `[length, …]`, or fill up with zeros; a center that is not whole lies towards the start."""
    x = number_array("fit_length", value)
    before = choice("fit_length", "align", ALIGNMENTS, align)
    if not x.ndim:
        raise StepError("fit_length", "[T, …]", described(x), "use it on an array in time")
    if len(x) >= length:
        start = before(len(x) - length)
        return x[start : start + length]
    start = before(length - len(x))
    result = np.zeros((length, *x.shape[1:]), x.dtype)
    result[start : start + len(x)] = x
    return result


def crop_to_loudest(value: object, length: int) -> Array:
    """Cut `[T]` to the `[length]` samples with the greatest sum of squares; a shorter one lies amid zeros."""
    x = number_array("crop_to_loudest", value)
    if x.ndim != 1:
        raise StepError("crop_to_loudest", "[T] samples", described(x), "use to_mono and resample")
    if len(x) <= length:
        return fit_length(x, length, "center")
    energy = np.concatenate([[0.0], np.cumsum(x.astype(np.float64) ** 2)])
    start = int((energy[length:] - energy[:-length]).argmax())
    return x[start : start + length]


def frame(
    value: object, length: int, step: int, before: int = 0, after: int = 0, fill: str = "zeros", tail: str = "drop"
) -> Array:
    """Cut `[T]`, with `before` and `after` put around it, into `[F, length]`, a frame every `step` samples."""
    x = number_array("frame", value)
    mode = choice("frame", "fill", FILLS, fill)
    overhang = choice("frame", "tail", {"drop": 0, "pad": step - 1}, tail)
    if x.ndim != 1 or (mode == "reflect" and len(x) <= max(before, after)):
        wanted = "[T] samples" if mode != "reflect" else f"[T] with T above {max(before, after)}, to be reflected"
        raise StepError("frame", wanted, described(x), "use to_mono and resample, and fit_length where it is too short")
    total = len(x) + before + after
    count = (total - length + overhang) // step + 1 if total >= length else int(tail == "pad")
    if not count:
        raise StepError("frame", f"at least {length} samples", f"{total}", "use `tail: pad`, or fit_length before it")
    if count * length > MAX_FRAMED:
        expected, got = f"at most {MAX_FRAMED} numbers in all frames", f"{count} frames of {length}"
        raise StepError("frame", expected, got, "use a shorter sound, or a larger step")
    padded = np.pad(x, (before, after), mode=mode)  # type: ignore[call-overload]
    padded = np.pad(padded, (0, max(0, (count - 1) * step + length - total)))
    return np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(padded, length)[::step][:count])


def window(value: object, kind: str) -> NDArray[np.float32]:
    """Multiply each row of `[F, N]` by a periodic window of N points, in float64, rounded to float32."""
    x = _rows("window", value)
    a, b = choice("window", "kind", WINDOWS, kind)
    return np.asarray(x * (a - b * np.cos(2 * np.pi * np.arange(x.shape[1]) / x.shape[1])), np.float32)


def spectrum(value: object, fft: int, power: int = 2) -> NDArray[np.float32]:
    """Return `|X|` or `|X|²` of the real Fourier transform of each row: `[F, N]` to `[F, fft // 2 + 1] float32`."""
    x = _rows("spectrum", value)
    if x.shape[1] > fft:
        raise StepError("spectrum", f"frames of at most {fft}", described(x), "use a larger `fft`, or shorter frames")
    blocks = (np.fft.rfft(x[start : start + BLOCK].astype(np.float64), fft) for start in range(0, len(x), BLOCK))
    squares = np.concatenate([block.real**2 + block.imag**2 for block in blocks])
    return np.asarray(squares if power == 2 else np.sqrt(squares), np.float32)


def mel(
    value: object, bands: int, rate: int, low: float, high: float, scale: str = "htk", norm: str = "none"
) -> NDArray[np.float32]:
    """Sum a spectrum `[F, fft // 2 + 1]` of sound at `rate` under triangles: `[F, bands] float32`, in float64."""
    x = _rows("mel", value)
    if not low < high <= rate / 2:
        raise StepError("mel", f"low < high <= {rate / 2:g}", f"{low:g} and {high:g}", "stay below half the rate")
    edges = filterbank.edges(bands, low, high, choice("mel", "scale", filterbank.SCALES, scale))
    weights = filterbank.triangles(x.shape[1], rate, edges) * choice("mel", "norm", filterbank.NORMS, norm)(edges)
    return np.asarray(x.astype(np.float64) @ weights, np.float32)


def log(value: object, floor: float = 1e-10, offset: float = 0.0, base: str = "e") -> NDArray[np.float32]:
    """Return the logarithm of `max(x + offset, floor)` of any shape, in float64, rounded to float32."""
    x = number_array("log", value).astype(np.float64)
    if np.isnan(x).any():
        raise StepError("log", "numbers", "NaN", "check the steps before it")
    return np.asarray(choice("log", "base", LOGARITHMS, base)(np.maximum(x + offset, floor)), np.float32)


def _rows(step: str, value: object) -> Array:
    x = number_array(step, value)
    if x.ndim != 2 or not x.size:
        raise StepError(step, "[F, N]", described(x), "put `frame` before it")
    return x


STEPS: Mapping[str, Callable[..., Any]] = {
    "decode_audio": decode_audio,
    "to_mono": to_mono,
    "resample": resample,
    "fit_length": fit_length,
    "crop_to_loudest": crop_to_loudest,
    "frame": frame,
    "window": window,
    "spectrum": spectrum,
    "mel": mel,
    "log": log,
}
