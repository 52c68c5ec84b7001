/** From an encoded sound to frames of numbers. */

import { array, asBytes, choice, DATA, described, numberArray, StepError } from "./errors.js";
import { RealTransform } from "./fft.js";
import { edgesOf, NORMS, SCALES, triangle } from "./filterbank.js";
import { asNumbers } from "./numbers.js";
import { resampled } from "./sinc.js";
import { Sound, sound } from "./sound.js";
import { readWav } from "./wav.js";

const MAX_FRAMED = 64_000_000; // numbers in all frames together

/** Where the sound lies in what is cut or filled → how much of the difference comes before it. */
const ALIGNMENTS = {
  start: () => 0,
  center: (difference) => Math.floor(difference / 2),
  end: (difference) => difference,
};
/** Where the samples before and after the sound are taken from; -1 is a zero. */
const FILLS = {
  zeros: (i, length) => (i < length ? i : -1),
  reflect: (i, length) => (i < 0 ? -i : i < length ? i : 2 * (length - 1) - i),
};
const WINDOWS = { hann: [0.5, 0.5], hamming: [0.54, 0.46] }; // a and b of a - b cos(2 pi n / N)
const LOGARITHMS = { e: Math.log, 2: Math.log2, 10: Math.log10 };

/** Read a WAV file: samples `[T, C] float32` with their rate; PCM is divided by its full scale. */
export async function decodeAudio(value, _, context) {
  context.sound = readWav(await asBytes("decode_audio", value, "a sound file"));
  return context.sound;
}

/** The mean of the channels, `[T]`. */
export function toMono(value) {
  const { samples, rate } = sound("to_mono", value);
  const [length, channels = 1] = samples.shape;
  const mono = array("float32", [length]);
  for (let t = 0, at = 0; t < length; t++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += samples.data[at++];
    mono.data[t] = sum / channels;
  }
  return new Sound(mono, rate);
}

/** Bring a sound to `rate` samples a second: `[T]` or `[T, C] float32`, a plain array from here on. */
export function resample(value, { rate }) {
  const heard = sound("resample", value);
  return resampled(heard.samples, heard.rate, rate);
}

/** Cut `[T, …]` to `[length, …]`, or fill up with zeros; a center that is not whole lies towards the start. */
export function fitLength(value, { length, align = "start" }) {
  const { dtype, shape, data } = numberArray("fit_length", value);
  const before = choice("fit_length", "align", ALIGNMENTS, align);
  if (!shape.length) throw new StepError("fit_length", "[T, …]", described(value), "use it on an array in time");
  const [old, ...rest] = shape;
  const width = rest.reduce((a, b) => a * b, 1);
  const result = array(dtype, [length, ...rest]);
  const start = old >= length ? before(old - length) * width : 0;
  const part = data.subarray(start, start + length * width);
  result.data.set(part, old >= length ? 0 : before(length - old) * width);
  return result;
}

/** Cut `[T]` to the `[length]` samples with the greatest sum of squares; a shorter one lies amid zeros. */
export function cropToLoudest(value, { length }) {
  const x = numberArray("crop_to_loudest", value);
  if (x.shape.length !== 1) {
    throw new StepError("crop_to_loudest", "[T] samples", described(x), "use to_mono and resample");
  }
  if (x.data.length <= length) return fitLength(x, { length, align: "center" });
  const energy = new Float64Array(x.data.length + 1); // of the samples before each place
  asNumbers(x).forEach((e, i) => (energy[i + 1] = energy[i] + e * e));
  let best = 0;
  for (let start = 1; start + length < energy.length; start++) {
    if (energy[start + length] - energy[start] > energy[best + length] - energy[best]) best = start;
  }
  return array(x.dtype, [length], x.data.slice(best, best + length));
}

/** Cut `[T]` into `[F, length]`, each frame `step` after the one before, once `before` and `after` are put around. */
export function frame(value, { length, step, before = 0, after = 0, fill = "zeros", tail = "drop" }) {
  const x = numberArray("frame", value);
  const from = choice("frame", "fill", FILLS, fill);
  const overhang = choice("frame", "tail", { drop: 0, pad: step - 1 }, tail);
  const isReflected = fill === "reflect";
  if (x.shape.length !== 1 || (isReflected && x.data.length <= Math.max(before, after))) {
    const wanted = isReflected ? `[T] with T above ${Math.max(before, after)}, to be reflected` : "[T] samples";
    const cure = "use to_mono and resample, and fit_length where it is too short";
    throw new StepError("frame", wanted, described(x), cure);
  }
  const count = frameCount(x.data.length + before + after, length, step, overhang, tail);
  const result = array(x.dtype, [count, length]);
  const end = x.data.length + (isReflected ? after : 0); // of what is not filled with zeros
  for (let f = 0, to = 0; f < count; f++) {
    for (let n = 0, i = f * step - before; n < length; n++, i++, to++) {
      const source = i < end ? from(i, x.data.length) : -1;
      if (source >= 0) result.data[to] = x.data[source];
    }
  }
  return result;
}

function frameCount(total, length, step, overhang, tail) {
  const count = total >= length ? Math.floor((total - length + overhang) / step) + 1 : Number(tail === "pad");
  if (!count) {
    throw new StepError("frame", `at least ${length} samples`, `${total}`, "use `tail: pad`, or fit_length before it");
  }
  if (count * length > MAX_FRAMED) {
    const [expected, got] = [`at most ${MAX_FRAMED} numbers in all frames`, `${count} frames of ${length}`];
    throw new StepError("frame", expected, got, "use a shorter sound, or a larger step");
  }
  return count;
}

/** Multiply each row of `[F, N]` by a periodic window of N points, in double precision, rounded to float32. */
export function window(value, { kind }) {
  const x = rows("window", value);
  const [a, b] = choice("window", "kind", WINDOWS, kind);
  const size = x.shape[1];
  const factors = Float64Array.from({ length: size }, (_, n) => a - b * Math.cos((2 * Math.PI * n) / size));
  return array("float32", x.shape, Float32Array.from(asNumbers(x), (e, i) => e * factors[i % size]));
}

/** `|X|` or `|X|²` of the real Fourier transform of each row: `[F, N]` to `[F, fft // 2 + 1] float32`. */
export function spectrum(value, { fft, power = 2 }) {
  const x = rows("spectrum", value);
  const [frames, size] = x.shape;
  if (size > fft) {
    const cure = "use a larger `fft`, or shorter frames";
    throw new StepError("spectrum", `frames of at most ${fft}`, described(x), cure);
  }
  const [data, transform, bins] = [asNumbers(x), new RealTransform(fft), Math.floor(fft / 2) + 1];
  const result = array("float32", [frames, bins]);
  for (let f = 0; f < frames; f++) {
    const row = Float64Array.from({ length: size }, (_, n) => data[f * size + n]);
    transform.squares(row, (bin, square) => {
      result.data[f * bins + bin] = power === 2 ? square : Math.sqrt(square);
    });
  }
  return result;
}

/** Sum a spectrum `[F, fft // 2 + 1]` of sound at `rate` under triangles: `[F, bands] float32`, in double precision. */
export function mel(value, { bands, rate, low, high, scale = "htk", norm = "none" }) {
  const x = rows("mel", value);
  if (!(low < high && high <= rate / 2)) {
    throw new StepError("mel", `low < high <= ${rate / 2}`, `${low} and ${high}`, "stay below half the rate");
  }
  const edges = edgesOf(bands, low, high, choice("mel", "scale", SCALES, scale));
  const factor = choice("mel", "norm", NORMS, norm);
  const [frames, bins] = x.shape;
  const [data, result] = [asNumbers(x), array("float32", [frames, bands])];
  for (let band = 0; band < bands; band++) {
    const around = edges.slice(band, band + 3);
    const { start, weights } = triangle(bins, rate, around);
    for (let f = 0; f < frames; f++) {
      const sum = weights.reduce((total, weight, i) => total + weight * data[f * bins + start + i], 0);
      result.data[f * bands + band] = sum * factor(around[0], around[2]);
    }
  }
  return result;
}

/** The logarithm of `max(x + offset, floor)` of any shape, in double precision, rounded to float32. */
export function log(value, { floor = 1e-10, offset = 0, base = "e" }) {
  const x = numberArray("log", value);
  const data = asNumbers(x);
  const logarithm = choice("log", "base", LOGARITHMS, base);
  if (Array.prototype.some.call(data, Number.isNaN)) {
    throw new StepError("log", "numbers", "NaN", "check the steps before it");
  }
  return array("float32", x.shape, DATA.float32.from(data, (e) => logarithm(Math.max(e + offset, floor))));
}

/** @param {string} step @param {any} value @returns {import("./errors.js").NumberArray} */
function rows(step, value) {
  const x = numberArray(step, value);
  if (x.shape.length !== 2 || !x.data.length) {
    throw new StepError(step, "[F, N]", described(x), "put `frame` before it");
  }
  return x;
}

export const STEPS = {
  decode_audio: decodeAudio,
  to_mono: toMono,
  resample,
  fit_length: fitLength,
  crop_to_loudest: cropToLoudest,
  frame,
  window,
  spectrum,
  mel,
  log,
};
