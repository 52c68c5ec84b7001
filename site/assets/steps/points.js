/**
 * From a model's tensors to places in the picture. *Points* are `[N, 3] float32`, (y, x, score) in pixels of the model's
 * picture; the score is NaN where there is none.
 */

import { array, choice, described, numberArray, StepError } from "./errors.js";
import { asNumbers, transposed } from "./numbers.js";

const ORDERS = { yx: [0, 1], xy: [1, 0] }; // where y and x stand
const THIRDS = { score: true, depth: false };
const LAYOUTS = { nchw: [0, 1, 2], nhwc: [2, 0, 1] }; // [1, …] → [N, h, w]

/** `N · columns` coordinates, times `width` and `height`: `[N, 3]`. */
export function takePoints(value, { columns = 2, order = "xy", third = "score", width = 1, height = 1 }) {
  const x = numberArray("take_points", value);
  const [yAt, xAt] = choice("take_points", "order", ORDERS, order);
  const isScore = choice("take_points", "third", THIRDS, third);
  if (x.data.length % columns || !x.data.length) {
    throw new StepError("take_points", `a multiple of ${columns} numbers`, described(x), "correct `columns`");
  }
  const numbers = asNumbers(x);
  refuseNan("take_points", numbers);
  const count = numbers.length / columns;
  const points = new Float32Array(3 * count);
  for (let i = 0; i < count; i++) {
    const at = i * columns;
    const score = columns === 3 && isScore ? numbers[at + 2] : NaN;
    points.set([numbers[at + yAt] * height, numbers[at + xAt] * width, score], 3 * i);
  }
  return array("float32", [count, 3], points);
}

function refuseNan(step, numbers) {
  for (let i = 0; i < numbers.length; i++) {
    if (Number.isNaN(numbers[i])) throw new StepError(step, "numbers", "NaN", "check the model's input");
  }
}

/** The highest place of each map of `[1, N, h, w]` or `[1, h, w, N]`, to a quarter of a cell: `[N, 3]`. */
export function findPeaks(value, { layout, width, height }) {
  const x = numberArray("find_peaks", value);
  const order = choice("find_peaks", "layout", LAYOUTS, layout);
  if (x.shape.length !== 4 || x.shape[0] !== 1 || !x.data.length) {
    throw new StepError("find_peaks", "maps of one picture", described(x), "check the layout");
  }
  const numbers = Float64Array.from(asNumbers(x));
  refuseNan("find_peaks", numbers);
  const maps = transposed({ dtype: "float32", shape: x.shape.slice(1), data: Float32Array.from(numbers) }, order);
  const [count, rows, columns] = maps.shape;
  const points = new Float32Array(3 * count);
  for (let n = 0; n < count; n++) {
    const map = maps.data.subarray(n * rows * columns, (n + 1) * rows * columns);
    const best = map.reduce((top, score, i) => (score > map[top] ? i : top), 0);
    const [row, column] = [Math.floor(best / columns), best % columns];
    const y = row + 0.5 + quarter(map, best, columns, row, rows);
    const xAt = column + 0.5 + quarter(map, best, 1, column, columns);
    points.set([(y * height) / rows, (xAt * width) / columns, map[best]], 3 * n);
  }
  return array("float32", [count, 3], points);
}

/** A quarter of a cell towards the higher neighbour of a place that has two. */
function quarter(map, at, stride, place, size) {
  return place > 0 && place < size - 1 ? 0.25 * Math.sign(map[at + stride] - map[at - stride]) : 0;
}

/** Points `[N, 3]` in fractions of the original picture, with their labels. */
export function placePoints(value, _, context) {
  const points = numberArray("place_points", value);
  const { labels } = context;
  if (!labels || points.shape.length !== 2 || points.shape[0] !== labels.length || points.shape[1] !== 3) {
    const expected = labels ? `[${labels.length}, 3] points, one a label` : "[N, 3] points";
    throw new StepError("place_points", expected, described(points), "check the labels of the output");
  }
  const frame = context.framed("place_points");
  return labels.map((label, i) => {
    const [y, x, score] = points.data.subarray(3 * i, 3 * i + 3);
    return {
      label,
      y: (y * frame.scale_y + frame.offset_y) / frame.height,
      x: (x * frame.scale_x + frame.offset_x) / frame.width,
      score: Number.isNaN(score) ? null : score,
    };
  });
}

export const STEPS = { take_points: takePoints, find_peaks: findPeaks, place_points: placePoints };
