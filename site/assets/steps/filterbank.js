/**
 * Mel filters: triangles over the frequencies of a spectrum, evenly spaced as the ear hears pitch.
 *
 * Source: librosa.filters.mel. HTK's scale is 2595 log10(1 + f / 700) (The HTK Book 3.4, 5.6); Slaney's is linear below
 * 1000 Hz, 3 / 200 a hertz, and logarithmic above, 27 / ln 6.4 (M. Slaney, Auditory Toolbox, 1998).
 */

const [BREAK, BREAK_MEL] = [1000, 15]; // where Slaney's scale turns logarithmic
const LOG_STEP = Math.log(6.4) / 27;

/** Hertz to mel, and back. @type {Record<string, {toMel: (f: number) => number, toHertz: (m: number) => number}>} */
export const SCALES = {
  htk: { toMel: (f) => 2595 * Math.log10(1 + f / 700), toHertz: (m) => 700 * (10 ** (m / 2595) - 1) },
  slaney: {
    toMel: (f) => (f < BREAK ? (f * BREAK_MEL) / BREAK : BREAK_MEL + Math.log(f / BREAK) / LOG_STEP),
    toHertz: (m) => (m < BREAK_MEL ? (m * BREAK) / BREAK_MEL : BREAK * Math.exp(LOG_STEP * (m - BREAK_MEL))),
  },
};

/** The factor of a band from `low` to `high` hertz. @type {Record<string, (low: number, high: number) => number>} */
export const NORMS = { none: () => 1, slaney: (low, high) => 2 / (high - low) };

/** Where the triangles begin, peak and end, in hertz, `bands + 2` of them: three neighbours make one. */
export function edgesOf(bands, low, high, { toMel, toHertz }) {
  const [first, last] = [toMel(low), toMel(high)];
  return Array.from({ length: bands + 2 }, (_, i) => toHertz(first + ((last - first) * i) / (bands + 1)));
}

/**
 * The weights of one band that are not 0, of which the first belongs to the bin `start`; bin i lies at
 * i rate / (2 (bins - 1)) hertz.
 * @param {number} bins
 * @param {number} rate
 * @param {number[]} edges of the triangle: begin, peak, end
 * @returns {{start: number, weights: number[]}}
 */
export function triangle(bins, rate, [low, peak, high]) {
  const weights = Array.from({ length: bins }, (_, i) => {
    const frequency = (i * rate) / (2 * (bins - 1));
    return Math.max(0, Math.min((frequency - low) / (peak - low), (high - frequency) / (high - peak)));
  });
  const start = Math.max(0, weights.findIndex((weight) => weight > 0));
  return { start, weights: weights.slice(start, weights.findLastIndex((weight) => weight > 0) + 1) };
}
