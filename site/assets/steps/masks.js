/** From a model's tensors to a class or an opacity for each pixel. */

import { inside, seen } from "./context.js";
import { array, choice, described, numberArray, StepError } from "./errors.js";
import { cropped } from "./image.js";
import { asNumbers } from "./numbers.js";
import { resample } from "./resample.js";

/** @typedef {import("./errors.js").NumberArray} NumberArray */

const MOST_CLASSES = 256;

/** [1, …] → rows, columns and classes, and where a score stands. */
const LAYOUTS = {
  nchw: ([, classes, height, width]) => ({ height, width, classes, pixel: 1, kind: height * width }),
  nhwc: ([, height, width, classes]) => ({ height, width, classes, pixel: classes, kind: 1 }),
};

/** The class with the highest score of `[1, C, h, w]` or `[1, h, w, C]`: `[h, w] uint8`. */
export function argmaxMask(value, { layout }) {
  const x = numberArray("argmax_mask", value);
  const read = choice("argmax_mask", "layout", LAYOUTS, layout);
  const { height, width, classes, pixel, kind } = read(x.shape);
  if (x.shape.length !== 4 || x.shape[0] !== 1 || !x.data.length || classes > MOST_CLASSES) {
    const wanted = `scores of one picture, ${layout}, of at most ${MOST_CLASSES} classes`;
    throw new StepError("argmax_mask", wanted, described(x), "check the layout");
  }
  const scores = asNumbers(x);
  refuseNan("argmax_mask", scores, "scores");
  const result = array("uint8", [height, width]);
  for (let i = 0; i < result.data.length; i++) {
    let best = 0;
    for (let k = 1; k < classes; k++) if (scores[i * pixel + k * kind] > scores[i * pixel + best * kind]) best = k;
    result.data[i] = best;
  }
  return result;
}

function refuseNan(step, numbers, expected) {
  for (let i = 0; i < numbers.length; i++) {
    if (Number.isNaN(numbers[i])) throw new StepError(step, expected, "NaN", "check the model's input");
  }
}

/** Classes `[h, w] uint8` as a mask of the original picture's size. */
export function placeMask(value, _, context) {
  if (value?.dtype !== "uint8" || value.shape.length !== 2 || !value.data.length) {
    throw new StepError("place_mask", "[h, w] uint8", described(value), "put argmax_mask before it");
  }
  const labels = enough("place_mask", context, value.data.reduce((a, b) => Math.max(a, b)) + 1);
  const frame = context.framed("place_mask");
  const [height, width] = value.shape;
  const rows = shown(frame.height, frame.offset_y, frame.scale_y, frame.rows, height);
  const columns = shown(frame.width, frame.offset_x, frame.scale_x, frame.columns, width);
  const classes = array("uint8", [frame.height, frame.width]);
  rows.forEach((row, y) => {
    if (row < 0) return;
    columns.forEach((column, x) => {
      if (column >= 0) classes.data[y * frame.width + x] = value.data[row * width + column];
    });
  });
  return { labels, classes };
}

/** Which of `places` shows the middle of each of `size` pixels; -1 for those that none shows. */
function shown(size, offset, scale, cells, places) {
  return Int32Array.from({ length: size }, (_, i) => {
    const place = Math.floor((((i + 0.5 - offset) / scale) * places) / cells);
    return place >= 0 && place < places ? place : -1;
  });
}

function enough(step, { labels }, least) {
  if (!labels || labels.length < least) {
    const got = labels ? `${labels.length}` : "none";
    throw new StepError(step, `at least ${least} labels`, got, "give the output its labels in the card");
  }
  return labels;
}

/** Opacities of one picture in 0..1 as a mask of the original picture's size. */
export function placeOpacity(value, { threshold = 0.5 }, context) {
  const x = numberArray("place_opacity", value);
  const [batch, first, second, last] = x.shape;
  if (x.shape.length !== 4 || batch !== 1 || (first !== 1 && last !== 1) || !x.data.length) {
    const expected = "[1, h, w, 1] or [1, 1, h, w]";
    throw new StepError("place_opacity", expected, described(x), "check the card's outputs");
  }
  const numbers = asNumbers(x);
  refuseNan("place_opacity", numbers, "numbers");
  const labels = enough("place_opacity", context, 2);
  const [height, width] = last === 1 ? [first, second] : [second, last];
  const plane = array("uint8", [height, width, 1], Uint8Array.from(numbers, toByte));
  const opacity = placed(plane, context.framed("place_opacity"));
  const classes = array("uint8", opacity.shape, opacity.data.map((o) => (o >= 255 * threshold ? 1 : 0)));
  return { labels, classes, opacity };
}

function toByte(x) {
  const limited = Math.min(Math.max(Math.fround(x), 0), 1);
  return Math.floor(Math.fround(Math.fround(255 * limited) + 0.5));
}

function placed(plane, frame) {
  const { top, left, bottom, right } = seen(frame);
  const inner = cropped(plane, inside(frame, plane.shape[0], plane.shape[1]));
  const part = resample("place_opacity", inner, right - left, bottom - top, "bilinear");
  const whole = array("uint8", [frame.height, frame.width]);
  const width = right - left;
  for (let y = top; y < bottom; y++) {
    whole.data.set(part.data.subarray((y - top) * width, (y - top + 1) * width), y * frame.width + left);
  }
  return whole;
}

export const STEPS = { argmax_mask: argmaxMask, place_mask: placeMask, place_opacity: placeOpacity };
