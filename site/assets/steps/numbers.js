/** Arithmetic on arrays of numbers. What is float32 here is rounded to float32 after each operation. */

import { array, choice, DATA, described, numberArray, StepError } from "./errors.js";
import { fromHalf, halfToEven, toHalf } from "./half.js";

/** @typedef {import("./errors.js").NumberArray} NumberArray */

const { fround } = Math;

/** Lowest and highest value of the integer types. */
const LIMITS = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  bool: [0, 1],
};

/** Dtypes that `cast` makes. */
const TARGETS = Object.fromEntries(Object.entries(DATA).filter(([dtype]) => dtype !== "bool"));

/** [H, W, C] → order of the axes after the batch dimension. */
const LAYOUTS = { nchw: [2, 0, 1], nhwc: [0, 1, 2] };

/** The elements as JavaScript numbers. @param {NumberArray} x @returns {ArrayLike<number>} */
export function asNumbers(x) {
  if (x.dtype === "float16") return Float32Array.from(x.data, fromHalf);
  return x.dtype === "int64" ? Float64Array.from(x.data, Number) : x.data;
}

/** What `element` makes of each number and its index, as float32; `Float32Array.from` takes several times as long. */
export function floats(/** @type {NumberArray} */ x, /** @type {(e: number, i: number) => number} */ element) {
  const numbers = asNumbers(x);
  const result = array("float32", x.shape);
  for (let i = 0; i < numbers.length; i++) result.data[i] = element(numbers[i], i);
  return result;
}

/** `x * gain + offset` of any shape, float32. */
export function scaleLinear(value, { gain = 1, offset = 0 }) {
  const x = numberArray("scale_linear", value);
  const [factor, added] = [fround(gain), fround(offset)];
  return floats(x, (e) => fround(fround(e) * factor) + added);
}

/** `(x - mean) / std` along the last axis: `[…, C]` to `[…, C] float32`. */
export function normalize(value, { mean, std }) {
  const x = numberArray("normalize", value);
  const channels = x.shape.at(-1) ?? 0;
  if (mean.length !== channels || std.length !== channels) {
    const got = `${mean.length} means and ${std.length} deviations for ${described(x)}`;
    throw new StepError("normalize", `${channels} means and deviations`, got, "give one of each a channel");
  }
  const [m, s] = [Float32Array.from(mean), Float32Array.from(std)];
  return floats(x, (e, i) => fround(fround(e) - m[i % channels]) / s[i % channels]);
}

/** `[H, W, C]` to `[1, C, H, W]` (`nchw`) or `[1, H, W, C]` (`nhwc`), any type. */
export function toLayout(value, { layout }) {
  const x = numberArray("to_layout", value);
  const order = choice("to_layout", "layout", LAYOUTS, layout);
  if (x.shape.length !== 3) throw new StepError("to_layout", "[H, W, C]", described(x), "use it once, on an image");
  const moved = transposed(x, order);
  return array(x.dtype, [1, ...moved.shape], moved.data);
}

/** Reorder three axes. @param {NumberArray} x @param {number[]} order @returns {NumberArray} */
export function transposed(x, order) {
  const strides = [x.shape[1] * x.shape[2], x.shape[2], 1];
  const [a, b, c] = order.map((axis) => x.shape[axis]);
  const [stepA, stepB, stepC] = order.map((axis) => strides[axis]);
  const result = array(x.dtype, [a, b, c]);
  let at = 0;
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) {
      for (let k = 0, from = i * stepA + j * stepB; k < c; k++, from += stepC) result.data[at++] = x.data[from];
    }
  }
  return result;
}

/** Convert the type; to an integer type round half to even, then clip. NaN has no integer and is an error. */
export function cast(value, { dtype }) {
  const x = numberArray("cast", value);
  const Data = choice("cast", "dtype", TARGETS, dtype);
  if (dtype === x.dtype) return x;
  if (dtype === "float32") return array(dtype, x.shape, Data.from(asNumbers(x)));
  if (dtype === "float16") return array(dtype, x.shape, Data.from(asNumbers(x), toHalf));
  return array(dtype, x.shape, Data.from(asIntegers(x), (e) => saturated(e, dtype)));
}

/** @param {NumberArray} x @returns {ArrayLike<any>} */
function asIntegers(x) {
  return x.dtype === "int64" ? x.data : asNumbers(x);
}

/** Round and clip a number or BigInt. @param {any} x @param {string} dtype */
function saturated(x, dtype) {
  if (Number.isNaN(x)) throw new StepError("cast", "numbers", "NaN", "find the step or model that made it");
  const [low, high] = LIMITS[dtype];
  const rounded = typeof x === "bigint" ? x : halfToEven(x);
  if (rounded <= low) return low;
  if (rounded >= high) return high;
  return dtype === "int64" ? BigInt(rounded) : Number(rounded);
}

/** Limit each value to `min..max`, keeping shape and type; NaN stays NaN. */
export function clip(value, { min, max }) {
  const x = numberArray("clip", value);
  return array(x.dtype, x.shape, x.data.map(CLIP[x.dtype]?.(min, max) ?? wholeClip(x.dtype, min, max)));
}

/** How the types that are not whole numbers are limited. */
const CLIP = {
  float32: (min, max) => (e) => Math.min(Math.max(e, fround(min)), fround(max)),
  float16: (min, max) => {
    const [low, high] = [fromHalf(toHalf(min)), fromHalf(toHalf(max))];
    return (e) => toHalf(Math.min(Math.max(fromHalf(e), low), high));
  },
};

/** Limit integers to the whole numbers inside `min..max`. */
function wholeClip(dtype, min, max) {
  const [lowest, highest] = LIMITS[dtype];
  const whole = (x) => (dtype === "int64" ? BigInt(x) : x);
  const low = min < lowest ? lowest : whole(Math.ceil(min));
  const high = max > highest ? highest : whole(Math.floor(max));
  return (e) => (e > high ? high : e < low ? low : e);
}

/** An array filled with `value`, whatever comes in; without `shape` a scalar. */
export function constant(_, { value, dtype, shape = [] }) {
  choice("constant", "dtype", TARGETS, dtype);
  const result = array(dtype, shape);
  const element = { float16: toHalf, int64: BigInt }[dtype] ?? ((x) => x);
  result.data.fill(element(value));
  return result;
}

/** The elements in another shape, in the same order; one size may be -1, which takes what is left. */
export function reshape(value, { shape }) {
  const x = numberArray("reshape", value);
  const known = shape.filter((size) => size !== -1).reduce((a, b) => a * b, 1);
  const rest = x.data.length / known;
  const isRight = shape.includes(-1) ? Number.isInteger(rest) : rest === 1;
  if (!isRight || shape.filter((size) => size < 0).length > 1 || shape.some((size) => size < -1)) {
    const cure = "correct the sizes, one of which may be -1";
    throw new StepError("reshape", `as many elements as [${shape.join(", ")}] holds`, described(x), cure);
  }
  return array(x.dtype, shape.map((size) => (size === -1 ? rest : size)), x.data);
}

export const STEPS = {
  scale_linear: scaleLinear,
  normalize,
  to_layout: toLayout,
  cast,
  clip,
  constant,
  reshape,
};
