/**
 * Changing the rate of a sound by a windowed sinc.
 *
 * Source: the filter `sinc_interp_hann` of torchaudio.functional.resample, after J. O. Smith, Digital Audio Resampling,
 * https://ccrma.stanford.edu/~jos/resample/.
 */

import { array } from "./errors.js";

/** @typedef {import("./errors.js").NumberArray} NumberArray */

const CROSSINGS = 32; // zero crossings of the sinc on each side
const ROLLOFF = 0.95; // cutoff as a fraction of the lower of the two Nyquist frequencies

/**
 * `[ceil(T * next / old), …] float32` at the rate `next` for `[T, …]` at `old`; zeros lie around the sound.
 *
 * With L/M = next/old in lowest terms and c = ROLLOFF * min(1, L/M), sample n of the result is the sum over k of
 * x[k] * h(k - n M/L), where h(u) = c sinc(c u) cos²(pi c u / (2 CROSSINGS)) for |c u| < CROSSINGS and 0 beyond,
 * and sinc(v) = sin(pi v) / (pi v). Sums are in double precision.
 * @param {NumberArray} samples
 * @param {number} old
 * @param {number} next
 * @returns {NumberArray}
 */
export function resampled(samples, old, next) {
  if (old === next) return samples;
  const divisor = greatestCommonDivisor(old, next);
  const [up, down] = [next / divisor, old / divisor];
  const [length, channels = 1] = samples.shape;
  const count = Math.ceil((length * up) / down);
  const reach = Math.ceil(CROSSINGS / (ROLLOFF * Math.min(1, up / down)));
  const result = array("float32", [count, ...samples.shape.slice(1)]);
  for (let phase = 0; phase < Math.min(up, count); phase++) {
    const taps = kernel(((phase * down) % up) / up, up / down, reach);
    for (let n = phase; n < count; n += up) {
      const first = Math.floor((n * down) / up) - reach;
      for (let channel = 0; channel < channels; channel++) {
        result.data[n * channels + channel] = weighted(samples.data, length, channels, channel, first, taps);
      }
    }
  }
  return result;
}

/** The sum of the taps times one channel's samples from `first` on. */
function weighted(data, length, channels, channel, first, taps) {
  const end = Math.min(taps.length, length - first);
  let sum = 0;
  for (let tap = Math.max(0, -first); tap < end; tap++) sum += data[(first + tap) * channels + channel] * taps[tap];
  return sum;
}

/** h at the 2 reach + 1 input samples around a place `fraction` of a sample after the middle one. */
function kernel(fraction, ratio, reach) {
  const cutoff = ROLLOFF * Math.min(1, ratio);
  return Float64Array.from({ length: 2 * reach + 1 }, (_, i) => {
    const v = cutoff * (i - reach - fraction);
    if (Math.abs(v) >= CROSSINGS) return 0;
    const sinc = v === 0 ? 1 : Math.sin(Math.PI * v) / (Math.PI * v);
    return cutoff * sinc * Math.cos((Math.PI * v) / (2 * CROSSINGS)) ** 2;
  });
}

const greatestCommonDivisor = (a, b) => (b ? greatestCommonDivisor(b, a % b) : a);
