"""From a sound to frames of numbers; see `catalog/vocab/steps/audio.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edge.native.kernels.arrays import size_of, with_rows
from edge.native.kernels.resampling import sinc
from edge.native.language import PI, Doubles, ceil, cos, f32, f64, fail, new_doubles, new_floats
from edge.native.records import Sound, Tensor

CROSSINGS = 32.0  # zero crossings of the sinc on each side
ROLLOFF = 0.95  # cutoff as a fraction of the lower of the two Nyquist frequencies
MAX_FRAMED = 64000000  # numbers in all frames together


def to_mono(x: Sound) -> Sound:
    """The mean of the channels, `[T]`."""
    frames = x.samples.shape[0]
    channels = x.samples.shape[1] if len(x.samples.shape) > 1 else 1
    data = new_floats(frames)
    for t in range(frames):
        total = 0.0
        for channel in range(channels):
            total += f64(x.samples.data[t * channels + channel])
        data[t] = f32(total / channels)
    return Sound(Tensor([frames], data), x.rate)


def resample(x: Sound, rate: int) -> Tensor:
    """The sound at so many samples a second, by a windowed sinc."""
    if x.rate == rate:
        return x.samples
    divisor = common_divisor(x.rate, rate)
    up = rate // divisor
    down = x.rate // divisor
    ratio = up / down
    frames = x.samples.shape[0]
    channels = x.samples.shape[1] if len(x.samples.shape) > 1 else 1
    count = int(ceil(f64(frames) * up / down))
    reach = int(ceil(CROSSINGS / (ROLLOFF * min(1.0, ratio))))
    data = new_floats(count * channels)
    place = 0
    rest = 0
    for phase in range(min(up, count)):
        taps = taps_at(rest / up, ratio, reach)
        middle = place
        for n in range(phase, count, up):
            for channel in range(channels):
                total = 0.0
                for t in range(max(0, middle - reach), min(frames, middle + reach + 1)):
                    total += f64(x.samples.data[t * channels + channel]) * taps[t - middle + reach]
                data[n * channels + channel] = f32(total)
            middle += down
        rest += down
        place += rest // up
        rest = rest % up
    return Tensor(with_rows(x.samples.shape, count), data)


def common_divisor(a: int, b: int) -> int:
    """The greatest common divisor."""
    larger = a
    smaller = b
    while smaller != 0:
        rest = larger % smaller
        larger = smaller
        smaller = rest
    return larger


def taps_at(fraction: float, ratio: float, reach: int) -> Doubles:
    """The weights of the samples around a place so far after the middle one."""
    cutoff = ROLLOFF * min(1.0, ratio)
    taps = new_doubles(2 * reach + 1)
    for i in range(len(taps)):
        v = cutoff * (i - reach - fraction)
        window = cos(PI * v / (2.0 * CROSSINGS))
        taps[i] = cutoff * sinc(v) * window * window if abs(v) < CROSSINGS else 0.0
    return taps


def fit_length(x: Tensor, length: int, align: str) -> Tensor:
    """So many samples or rows, cut or filled up with zeros."""
    if len(x.shape) == 0:
        fail("fit_length", "[T, …]", "one number")
    width = size_of(with_rows(x.shape, 1))
    difference = abs(x.shape[0] - length)
    before = 0 if align == "start" else (difference if align == "end" else difference // 2)
    moved = before if x.shape[0] >= length else -before
    data = new_floats(length * width)
    for i in range(len(data)):
        source = i + moved * width
        if source >= 0 and source < len(x.data):
            data[i] = x.data[source]
    return Tensor(with_rows(x.shape, length), data)


def crop_to_loudest(x: Tensor, length: int) -> Tensor:
    """The so many samples with the greatest sum of squares; a shorter sound lies amid zeros."""
    if len(x.shape) != 1:
        fail("crop_to_loudest", "[T] samples", f"{len(x.shape)} axes")
    if len(x.data) <= length:
        return fit_length(x, length, "center")
    energy = new_doubles(len(x.data) + 1)
    for i in range(len(x.data)):
        energy[i + 1] = energy[i] + f64(x.data[i]) * f64(x.data[i])
    start = 0
    for i in range(len(x.data) - length + 1):
        if energy[i + length] - energy[i] > energy[start + length] - energy[start]:
            start = i
    data = new_floats(length)
    for i in range(length):
        data[i] = x.data[start + i]
    return Tensor([length], data)


def cut_frames(x: Tensor, length: int, step: int, before: int, after: int, fill: str, tail: str) -> Tensor:
    """Frames of so many samples, each some samples after the one before."""
    if len(x.shape) != 1 or (fill == "reflect" and len(x.data) <= max(before, after)):
        fail("frame", "[T] samples, enough of them to be reflected", f"{len(x.data)}")
    total = len(x.data) + before + after
    overhang = step - 1 if tail == "pad" else 0
    count = 1 if tail == "pad" else 0
    if total >= length:
        count = (total - length + overhang) // step + 1
    if count == 0:
        fail("frame", f"at least {length} samples", f"{total}")
    if count > MAX_FRAMED // length:
        fail("frame", f"at most {MAX_FRAMED} numbers in all frames", f"{count} frames of {length}")
    data = new_floats(count * length)
    for i in range(len(data)):
        place = i // length * step + i % length
        source = place - before
        if fill == "reflect" and place < total:
            source = reflected(source, len(x.data))
        if source >= 0 and source < len(x.data):
            data[i] = x.data[source]
    return Tensor([count, length], data)


def reflected(place: int, count: int) -> int:
    """A place before or behind so many samples, mirrored without repeating their end."""
    return 2 * (count - 1) - abs(place) if abs(place) >= count else abs(place)


KERNELS: Mapping[str, tuple[Callable[..., Any], ...]] = {
    "to_mono": (to_mono,),
    "resample": (resample,),
    "fit_length": (fit_length,),
    "crop_to_loudest": (crop_to_loudest,),
    "frame": (cut_frames,),
}
