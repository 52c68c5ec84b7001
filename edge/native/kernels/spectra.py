"""From frames of samples to what the ear hears in them; see `catalog/vocab/steps/audio.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edge.native.kernels.arrays import refuse_nan
from edge.native.language import PI, Doubles, cos, exp, f32, f64, fail, log, new_doubles, new_floats, sin, sqrt
from edge.native.records import Tensor

BREAK = 1000.0  # hertz where Slaney's scale turns logarithmic
BREAK_MEL = 15.0
LOG_STEP = 0.06875177742094912  # ln 6.4 / 27


def refuse_no_rows(step: str, x: Tensor) -> None:
    """Refuse what is not `[F, N]`."""
    if len(x.shape) != 2 or len(x.data) == 0:
        fail(step, "[F, N]", f"{len(x.shape)} axes, {len(x.data)} numbers")


def window(x: Tensor, kind: str) -> Tensor:
    """Each row times a periodic window."""
    refuse_no_rows("window", x)
    length = x.shape[1]
    a = 0.5 if kind == "hann" else 0.54
    weights = new_doubles(length)
    for i in range(length):
        weights[i] = a - (1.0 - a) * cos(2.0 * PI * i / length)
    data = new_floats(len(x.data))
    for i in range(len(x.data)):
        data[i] = f32(f64(x.data[i]) * weights[i % length])
    return Tensor(x.shape, data)


def spectrum(x: Tensor, fft: int, power: int) -> Tensor:
    """The magnitude of the Fourier transform of each row, or its square."""
    refuse_no_rows("spectrum", x)
    length = x.shape[1]
    if length > fft:
        fail("spectrum", f"frames of at most {fft}", f"{length}")
    bins = fft // 2 + 1
    data = new_floats(x.shape[0] * bins)
    turns = circle(fft)
    for row in range(x.shape[0]):
        numbers = new_doubles(2 * fft)
        for i in range(length):
            numbers[2 * i] = f64(x.data[row * length + i])
        found = transformed(numbers, turns)
        for i in range(bins):
            square = found[2 * i] * found[2 * i] + found[2 * i + 1] * found[2 * i + 1]
            data[row * bins + i] = f32(square if power == 2 else sqrt(square))
    return Tensor([x.shape[0], bins], data)


def circle(points: int) -> Doubles:
    """Cosine and, after it, sine of so many steps once round."""
    turns = new_doubles(2 * points)
    for i in range(points):
        turns[2 * i] = cos(2.0 * PI * i / points)
        turns[2 * i + 1] = sin(2.0 * PI * i / points)
    return turns


def transformed(x: Doubles, turns: Doubles) -> Doubles:
    """The discrete Fourier transform of complex numbers: halved while even, then summed up."""
    count = len(x) // 2
    found = new_doubles(2 * count)
    apart = len(turns) // 2 // count
    if count % 2 == 1:
        for k in range(count):
            angle = 0
            for i in range(count):
                c = turns[2 * apart * angle]
                s = turns[2 * apart * angle + 1]
                found[2 * k] += x[2 * i] * c + x[2 * i + 1] * s
                found[2 * k + 1] += x[2 * i + 1] * c - x[2 * i] * s
                angle = (angle + k) % count
        return found
    even = transformed(every_other(x, 0), turns)
    odd = transformed(every_other(x, 1), turns)
    for k in range(count // 2):
        c = turns[2 * apart * k]
        s = turns[2 * apart * k + 1]
        re = odd[2 * k] * c + odd[2 * k + 1] * s
        im = odd[2 * k + 1] * c - odd[2 * k] * s
        found[2 * k] = even[2 * k] + re
        found[2 * k + 1] = even[2 * k + 1] + im
        found[2 * k + count] = even[2 * k] - re
        found[2 * k + count + 1] = even[2 * k + 1] - im
    return found


def every_other(x: Doubles, first: int) -> Doubles:
    """Every other complex number."""
    found = new_doubles(len(x) // 2)
    for i in range(len(x) // 4):
        found[2 * i] = x[4 * i + 2 * first]
        found[2 * i + 1] = x[4 * i + 2 * first + 1]
    return found


def mel(x: Tensor, bands: int, rate: int, low: float, high: float, scale: str, norm: str) -> Tensor:
    """The sum over a spectrum under triangles evenly spaced in mel."""
    refuse_no_rows("mel", x)
    if low >= high or high > rate / 2.0:
        fail("mel", f"low < high <= {rate / 2.0}", f"{low} and {high}")
    bins = x.shape[1]
    edges = edges_of(bands, low, high, scale == "slaney")
    weights = new_doubles(bands * bins)
    for band in range(bands):
        factor = 2.0 / (edges[band + 2] - edges[band]) if norm == "slaney" else 1.0
        for i in range(bins):
            hertz = f64(i) * rate / (2.0 * (bins - 1))
            rising = (hertz - edges[band]) / (edges[band + 1] - edges[band])
            falling = (edges[band + 2] - hertz) / (edges[band + 2] - edges[band + 1])
            weights[band * bins + i] = max(0.0, min(rising, falling)) * factor
    data = new_floats(x.shape[0] * bands)
    for row in range(x.shape[0]):
        for band in range(bands):
            total = 0.0
            for i in range(bins):
                total += f64(x.data[row * bins + i]) * weights[band * bins + i]
            data[row * bands + band] = f32(total)
    return Tensor([x.shape[0], bands], data)


def edges_of(bands: int, low: float, high: float, is_slaney: bool) -> Doubles:
    """Where the triangles begin, peak and end, in hertz: three neighbours make one."""
    first = mel_of(low, is_slaney)
    last = mel_of(high, is_slaney)
    edges = new_doubles(bands + 2)
    for i in range(bands + 2):
        edges[i] = hertz_of(first + (last - first) * i / (bands + 1), is_slaney)
    return edges


def mel_of(hertz: float, is_slaney: bool) -> float:
    """Hertz to mel, on Slaney's scale or HTK's."""
    if not is_slaney:
        return f64(2595.0 * log(1.0 + hertz / 700.0) / log(10.0))
    return f64(hertz * BREAK_MEL / BREAK if hertz < BREAK else BREAK_MEL + log(hertz / BREAK) / LOG_STEP)


def hertz_of(mel: float, is_slaney: bool) -> float:
    """Mel to hertz, on Slaney's scale or HTK's."""
    if not is_slaney:
        return f64(700.0 * (exp(mel / 2595.0 * log(10.0)) - 1.0))
    return f64(mel * BREAK / BREAK_MEL if mel < BREAK_MEL else BREAK * exp(LOG_STEP * (mel - BREAK_MEL)))


def logarithm(x: Tensor, floor: float, offset: float, base: str) -> Tensor:
    """The logarithm of max(x + offset, floor)."""
    refuse_nan("log", x)
    of_base = 1.0
    if base != "e":
        of_base = log(2.0 if base == "2" else 10.0)
    data = new_floats(len(x.data))
    for i in range(len(x.data)):
        data[i] = f32(log(max(f64(x.data[i]) + offset, floor)) / of_base)
    return Tensor(x.shape, data)


KERNELS: Mapping[str, tuple[Callable[..., Any], ...]] = {
    "window": (window,),
    "spectrum": (spectrum,),
    "mel": (mel,),
    "log": (logarithm,),
}
