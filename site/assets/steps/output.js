/** From a model's tensors to the task's result. */

import { inside, seen } from "./context.js";
import { array, choice, described, imageArray, numberArray, StepError } from "./errors.js";
import { cropped, pasted } from "./image.js";
import { asNumbers, floats, transposed } from "./numbers.js";
import { resample } from "./resample.js";
import { fromYcbcr, plane, toYcbcr } from "./ycbcr.js";

/** [C, H, W] or [H, W, C] → order of the axes that gives [H, W, C]. */
const LAYOUTS = { nchw: [1, 2, 0], nhwc: [0, 1, 2] };

const CHECK_INPUT = "check the model's input";

/** `exp(x - max(x)) / sum` along the last axis, in double precision, then float32: `[…, C]` in 0..1. */
export function softmax(value) {
  const x = numberArray("softmax", value);
  const classes = x.shape.at(-1) ?? 0;
  if (!classes) {
    throw new StepError("softmax", "[…, C] with C of at least 1", described(x), "give it the model's scores");
  }
  const scores = Float64Array.from(asNumbers(x));
  for (let start = 0; start < scores.length; start += classes) softmaxRow(scores.subarray(start, start + classes));
  return array("float32", x.shape, Float32Array.from(scores));
}

/** Replace the scores of one row. @param {Float64Array} row */
function softmaxRow(row) {
  const largest = row.reduce((a, b) => Math.max(a, b)); // NaN if there is one
  if (!Number.isFinite(largest)) {
    throw new StepError("softmax", "scores with a finite maximum", "NaN or infinity", CHECK_INPUT);
  }
  for (let i = 0; i < row.length; i++) row[i] = Math.exp(row[i] - largest);
  const sum = row.reduce((a, b) => a + b);
  for (let i = 0; i < row.length; i++) row[i] /= sum;
}

/** `1 / (1 + exp(-x))` of any shape, in double precision, then float32. */
export function sigmoid(value) {
  const x = numberArray("sigmoid", value);
  return floats(x, (e) => 1 / (1 + Math.exp(-e)));
}

/** The `k` highest of `[1, C]` scores as `{label, score}`, best first; equal scores keep label order. */
export function topK(value, { k = 5 }, { labels }) {
  const x = numberArray("top_k", value);
  if (!labels) throw new StepError("top_k", "labels", "none", "give the output tensor its labels in the card");
  if (x.shape.length !== 2 || x.shape[0] !== 1 || x.shape[1] !== labels.length) {
    const expected = `[1, ${labels.length}] scores, one a label`;
    throw new StepError("top_k", expected, described(x), "check the labels");
  }
  const scores = Array.from(asNumbers(x));
  if (scores.some(Number.isNaN)) throw new StepError("top_k", "scores", "NaN", CHECK_INPUT);
  const best = scores.map((score, index) => ({ label: labels[index], score }));
  // Not b - a, which is NaN for two infinities; the sort is stable.
  return best.sort((a, b) => Number(b.score > a.score) - Number(b.score < a.score)).slice(0, k);
}

/** `[1, C, H, W]` or `[1, H, W, C]` (C 1 or 3), limited to 0..1, to `[H, W, C] uint8`. */
export function toImage(value, { layout }) {
  const x = numberArray("to_image", value);
  const order = choice("to_image", "layout", LAYOUTS, layout);
  const [batch, ...shape] = x.shape;
  if (shape.length !== 3 || batch !== 1 || ![1, 3].includes(shape[order[2]])) {
    throw new StepError("to_image", `one image of 1 or 3 channels, ${layout}`, described(x), "check the layout");
  }
  const moved = transposed(array("float32", shape, Float32Array.from(asNumbers(x))), order);
  const result = array("uint8", moved.shape);
  for (let i = 0; i < moved.data.length; i++) result.data[i] = toByte(moved.data[i]);
  return result;
}

/** `floor(255 * x + 0.5)` in float32. @param {number} x @returns {number} */
function toByte(x) {
  if (Number.isNaN(x)) throw new StepError("to_image", "numbers", "NaN", CHECK_INPUT);
  const limited = Math.min(Math.max(x, 0), 1);
  return Math.floor(Math.fround(Math.fround(255 * limited) + 0.5));
}

/** Without the borders of the input steps, as large as in the original: `[h, w, C] uint8` to `[H, W, C]`. */
export function imageToOriginal(value, { filter = "bilinear" }, context) {
  const image = imageArray("image_to_original", value);
  const frame = context.framed("image_to_original");
  const { top, left, bottom, right } = seen(frame);
  const part = cropped(image, inside(frame, image.shape[0], image.shape[1]));
  return resample("image_to_original", part, right - left, bottom - top, filter);
}

/**
 * Luma `[h, w, 1] uint8` with the Cb and Cr of what the model saw of the original: `[h, w, 3] uint8`, RGB. Borders that
 * input steps put around the picture stay without colour.
 */
export function recolor(value, _, context) {
  const luma = imageArray("recolor", value, [1]);
  const frame = context.framed("recolor");
  const inner = inside(frame, luma.shape[0], luma.shape[1]);
  const colours = toYcbcr(cropped(/** @type {any} */ (context.picture), seen(frame)));
  const planes = [1, 2].map((channel) => {
    const whole = array("uint8", luma.shape);
    whole.data.fill(NO_COLOUR);
    const size = [inner.right - inner.left, inner.bottom - inner.top];
    return pasted(whole, resample("recolor", plane(colours, channel), ...size, "bicubic"), inner);
  });
  return fromYcbcr([luma, ...planes]);
}

const NO_COLOUR = 128; // Cb and Cr of grey

const POOLS = { mean: (sum, count) => sum / count, max: (largest) => largest };
const POOLED = { ...LAYOUTS, rows: null };

/**
 * The mean or the largest value of each channel, `[1, C]`, of one picture `[1, C, h, w]` or `[1, h, w, C]`, or with
 * `rows` of vectors `[…, C]`.
 */
export function pool(value, { layout, kind = "mean" }) {
  const x = numberArray("pool", value);
  const order = choice("pool", "layout", POOLED, layout);
  const finish = choice("pool", "kind", POOLS, kind);
  const [batch, ...shape] = x.shape;
  const fits = order ? shape.length === 3 && batch === 1 : x.shape.length >= 2;
  if (!fits || !x.data.length) {
    throw new StepError("pool", `channels, ${layout}`, described(x), "check the layout");
  }
  const numbers = array("float32", order ? shape : x.shape, Float32Array.from(asNumbers(x)));
  const { data, shape: moved } = order ? transposed(numbers, order) : numbers;
  const channels = moved.at(-1);
  const totals = new Float64Array(channels).fill(kind === "max" ? -Infinity : 0);
  const join = kind === "max" ? Math.max : (a, b) => a + b;
  data.forEach((number, i) => (totals[i % channels] = join(totals[i % channels], number)));
  return array("float32", [1, channels], Float32Array.from(totals, (total) => finish(total, data.length / channels)));
}

/** Each row of `[…, D]` divided by its length; a row of zeros stays. */
export function l2Normalize(value) {
  const x = numberArray("l2_normalize", value);
  const numbers = asNumbers(x);
  const width = x.shape.at(-1) ?? 0;
  if (!width || !Array.prototype.every.call(numbers, Number.isFinite)) {
    throw new StepError("l2_normalize", "[…, D] finite numbers", described(x), "check the model's output");
  }
  const result = new Float32Array(numbers.length);
  for (let start = 0; start < result.length; start += width) {
    let squares = 0;
    for (let i = start; i < start + width; i++) squares += numbers[i] ** 2;
    for (let i = start; i < start + width; i++) result[i] = numbers[i] / (Math.sqrt(squares) || 1);
  }
  return array("float32", x.shape, result);
}

/** The numbers of `[1, N]` by name, with their units. */
export function toNumbers(value, { columns }) {
  const x = numberArray("to_numbers", value);
  const numbers = Array.from(asNumbers(x));
  if (x.shape.join() !== `1,${columns.length}` || !numbers.every(Number.isFinite)) {
    const expected = `[1, ${columns.length}] finite numbers, one a column`;
    throw new StepError("to_numbers", expected, described(x), "check the columns");
  }
  return columns.map(({ name, unit = null }, i) => ({ name, value: numbers[i], unit }));
}

export const STEPS = {
  softmax,
  sigmoid,
  top_k: topK,
  to_image: toImage,
  image_to_original: imageToOriginal,
  recolor,
  pool,
  l2_normalize: l2Normalize,
  to_numbers: toNumbers,
};
