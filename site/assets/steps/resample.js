/**
 * Pillow's `Image.resize`, bit for bit, for `[H, W, C] uint8`. After libImaging's Resample.c and Geometry.c: weights in
 * double precision, normalised, rounded to 22-bit fixed point; two passes with 8 bits between them, the horizontal one
 * first unless the height shrinks by more than twice as many pixels as the width (so since Pillow 13).
 */

import { array, choice } from "./errors.js";

/** @typedef {import("./errors.js").NumberArray} NumberArray */

const PRECISION_BITS = 32 - 8 - 2; // 8 bits of the result, 2 for the sign and for sums above 1
const HALF = 1 << (PRECISION_BITS - 1);
const [HAMMING_CONSTANT, HAMMING_COSINE] = [Math.fround(0.54), Math.fround(0.46)]; // float literals in the C

/** @param {number} x */
function sinc(x) {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

/** @param {number} x */
function hamming(x) {
  if (x === 0) return 1;
  const angle = Math.abs(x) * Math.PI;
  return Math.abs(x) >= 1 ? 0 : (Math.sin(angle) / angle) * (HAMMING_CONSTANT + HAMMING_COSINE * Math.cos(angle));
}

/** Cubic convolution with a = -0.5. @param {number} signed */
function bicubic(signed) {
  const x = Math.abs(signed);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

/** Filters by name: how far they reach at scale 1, and their weight at a distance. */
const FILTERS = {
  nearest: null,
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(1 - Math.abs(x), 0) },
  hamming: { support: 1, weight: hamming },
  bicubic: { support: 2, weight: bicubic },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/**
 * @param {string} step whose parameter `name` is
 * @param {NumberArray} image `[H, W, C] uint8`
 * @param {number} width
 * @param {number} height
 * @param {string} name of a filter
 * @returns {NumberArray} `[height, width, C] uint8`
 */
export function resample(step, image, width, height, name) {
  const filter = choice(step, "filter", FILTERS, name);
  if (!filter) return nearest(image, width, height);
  const [oldHeight, oldWidth] = image.shape;
  const passes = [width === oldWidth ? asIs : horizontal, height === oldHeight ? asIs : vertical];
  const sizes = [width, height];
  if (oldHeight - height > Math.max(0, 2 * (oldWidth - width))) [passes, sizes].forEach((list) => list.reverse());
  return passes.reduce((result, pass, i) => pass(result, sizes[i], filter), image);
}

/** @param {NumberArray} image */
function asIs(image) {
  return image;
}

/** @param {NumberArray} image @param {number} width @param {number} height */
function nearest(image, width, height) {
  const [oldHeight, oldWidth, channels] = image.shape;
  const [columns, rows] = [positions(oldWidth, width), positions(oldHeight, height)];
  const result = array("uint8", [height, width, channels]);
  let at = 0;
  for (const row of rows) {
    for (const column of columns) {
      const from = (row * oldWidth + column) * channels;
      for (let c = 0; c < channels; c++) result.data[at++] = image.data[from + c];
    }
  }
  return result;
}

/** Source position of each target pixel; added up, since the rounding of the sum is part of the result. */
function positions(oldSize, size) {
  const scale = oldSize / size;
  const found = new Int32Array(size);
  for (let i = 0, position = scale * 0.5; i < size; i++, position += scale) found[i] = position;
  return found;
}

/**
 * @typedef {{starts: Int32Array, counts: Int32Array, taps: Int32Array, stride: number}} Weights
 * Target i is the sum of `counts[i]` sources from `starts[i]`, each times `taps[i * stride + …]` / 2**22.
 */

/** @param {number} oldSize @param {number} size @returns {Weights} */
function weights(oldSize, size, { support, weight }) {
  const scale = oldSize / size;
  const stretch = Math.max(scale, 1);
  const reach = support * stretch;
  const stride = Math.ceil(reach) * 2 + 1;
  const [starts, counts] = [new Int32Array(size), new Int32Array(size)];
  const taps = new Int32Array(size * stride);
  for (let i = 0; i < size; i++) {
    const center = (i + 0.5) * scale;
    starts[i] = Math.max(Math.trunc(center - reach + 0.5), 0);
    counts[i] = Math.min(Math.trunc(center + reach + 0.5), oldSize) - starts[i];
    const inverse = 1 / stretch;
    const row = Array.from({ length: counts[i] }, (_, t) => weight((t + starts[i] - center + 0.5) * inverse));
    taps.set(fixedPoint(row), i * stride);
  }
  return { starts, counts, taps, stride };
}

/** Divide by the sum and round to fixed point, halves away from zero. @param {number[]} row */
function fixedPoint(row) {
  const sum = row.reduce((a, b) => a + b, 0);
  return row.map((w) => {
    const scaled = (sum === 0 ? w : w / sum) * (1 << PRECISION_BITS);
    return Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  });
}

/** @param {number} sum fixed point @returns {number} 0..255 */
function clip8(sum) {
  const value = sum >> PRECISION_BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** @param {NumberArray} image @param {number} width */
function horizontal(image, width, filter) {
  const [height, oldWidth, channels] = image.shape;
  const result = array("uint8", [height, width, channels]);
  const pass = channels === 3 ? rowOfThree : rowOfAny;
  const table = weights(oldWidth, width, filter);
  for (let y = 0; y < height; y++) {
    pass(image.data, y * oldWidth * channels, result.data, y * width * channels, table, channels);
  }
  return result;
}

/** Three sums side by side: twice as fast as one after the other. */
function rowOfThree(source, from, target, to, { starts, counts, taps, stride }) {
  for (let x = 0; x < starts.length; x++) {
    let red = HALF;
    let green = HALF;
    let blue = HALF;
    let at = from + starts[x] * 3;
    for (let t = x * stride, end = t + counts[x]; t < end; t++, at += 3) {
      const tap = taps[t];
      red += Math.imul(source[at], tap);
      green += Math.imul(source[at + 1], tap);
      blue += Math.imul(source[at + 2], tap);
    }
    target[to++] = clip8(red);
    target[to++] = clip8(green);
    target[to++] = clip8(blue);
  }
}

/** The same for any number of channels. */
function rowOfAny(source, from, target, to, { starts, counts, taps, stride }, channels) {
  for (let x = 0; x < starts.length; x++) {
    for (let c = 0; c < channels; c++) {
      let sum = HALF;
      let at = from + starts[x] * channels + c;
      for (let t = x * stride, end = t + counts[x]; t < end; t++, at += channels) sum += Math.imul(source[at], taps[t]);
      target[to++] = clip8(sum);
    }
  }
}

/** @param {NumberArray} image @param {number} height */
function vertical(image, height, filter) {
  const [oldHeight, width, channels] = image.shape;
  const row = width * channels;
  const result = array("uint8", [height, width, channels]);
  const { starts, counts, taps, stride } = weights(oldHeight, height, filter);
  const sums = new Int32Array(row);
  for (let y = 0; y < height; y++) {
    sums.fill(HALF);
    for (let t = 0, at = starts[y] * row; t < counts[y]; t++) {
      const tap = taps[y * stride + t];
      for (let x = 0; x < row; x++) sums[x] += Math.imul(image.data[at++], tap);
    }
    for (let x = 0, to = y * row; x < row; x++) result.data[to++] = clip8(sums[x]);
  }
  return result;
}
