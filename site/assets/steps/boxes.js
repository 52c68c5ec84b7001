/**
 * From a detector's tensors to boxes in the picture. *Boxes* are `{boxes, scores}`: `[N, 4] float32`, (y_min, x_min, y_max,
 * x_max) in pixels of the model's picture, and `[N, K] float32`.
 */

import { array, choice, described, StepError } from "./errors.js";
import { asNumbers } from "./numbers.js";

/** @typedef {import("./errors.js").NumberArray} NumberArray */
/** @typedef {{boxes: NumberArray, scores: NumberArray}} Boxes */
/** @typedef {{data: ArrayLike<number>, rows: number, width: number}} Table */

/** An output `[1, N, width]`; any width if null. @returns {Table} */
function output(step, outputs, name, width) {
  if (!isNamed(outputs)) {
    throw new StepError(step, "the outputs by name", described(outputs), "use it as the first step of `result`");
  }
  if (!Object.hasOwn(outputs, name)) {
    const expected = `one of the outputs ${Object.keys(outputs).join(", ")}`;
    throw new StepError(step, expected, `'${name}'`, "write the name of an output");
  }
  const x = outputs[name];
  if (x.shape.length !== 3 || x.shape[0] !== 1 || (width !== null && x.shape[2] !== width)) {
    throw new StepError(step, `${name} of shape [1, N, ${width ?? "K"}]`, described(x), "check the card's outputs");
  }
  const data = asNumbers(x);
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) {
      throw new StepError(step, "numbers", `NaN or infinity in ${name}`, "check the model's input");
    }
  }
  return { data, rows: x.shape[1], width: x.shape[2] };
}

const isNamed = (value) =>
  value !== null && typeof value === "object" && !Array.isArray(value) && !value.dtype && !(value instanceof Set);

/** @returns {Boxes} */
function named(step, corners, scores, rows) {
  if (corners.length !== 4 * rows) {
    const got = `${corners.length / 4} boxes and ${rows} rows of scores`;
    throw new StepError(step, "as many boxes as rows of scores", got, "check the outputs that the step names");
  }
  const classes = rows ? scores.length / rows : 0;
  return {
    boxes: array("float32", [rows, 4], Float32Array.from(corners)),
    scores: array("float32", [rows, classes], Float32Array.from(scores)),
  };
}

/** Row, column and stride of every cell of grids that cover the picture. */
function cells(strides, width, height) {
  const found = [];
  for (const stride of strides) {
    const [rows, columns] = [Math.ceil(height / stride), Math.ceil(width / stride)];
    for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) found.push([row, column, stride]);
  }
  return found;
}

function fits(step, count, rows) {
  if (count !== rows) {
    throw new StepError(step, `${count} rows, one a cell`, `${rows}`, "correct width, height or strides");
  }
}

/** YOLOX's `[1, N, 5 + K]`: x, y, width, height, objectness and class scores of each cell. */
export function decodeGridBoxes(value, { output: name, width, height, strides }) {
  const x = output("decode_grid_boxes", value, name, null);
  const grid = cells(strides, width, height);
  fits("decode_grid_boxes", grid.length, x.rows);
  const classes = x.width - 5;
  const [corners, scores] = [new Float64Array(4 * x.rows), new Float64Array(classes * x.rows)];
  grid.forEach(([row, column, stride], i) => {
    const at = i * x.width;
    const [centerX, centerY] = [(x.data[at] + column) * stride, (x.data[at + 1] + row) * stride];
    const [halfWidth, halfHeight] = [2, 3].map((place) => (Math.exp(x.data[at + place]) * stride) / 2);
    corners.set([centerY - halfHeight, centerX - halfWidth, centerY + halfHeight, centerX + halfWidth], 4 * i);
    for (let k = 0; k < classes; k++) scores[i * classes + k] = x.data[at + 4] * x.data[at + 5 + k];
  });
  return named("decode_grid_boxes", corners, scores, x.rows);
}

/** NanoDet's class scores `[1, n, K]` and distributions of distances `[1, n, 4 · bins]`, a stride each. */
export function decodeDflBoxes(value, { scores: scoreNames, distances, width, height, strides }) {
  const step = "decode_dfl_boxes";
  if (scoreNames.length !== strides.length || distances.length !== strides.length) {
    const got = `${scoreNames.length}, ${distances.length} and ${strides.length}`;
    throw new StepError(step, "as many scores and distances as strides", got, "name one of each a stride");
  }
  const scores = joined(scoreNames.map((name) => output(step, value, name, null)));
  const sides = joined(distances.map((name) => output(step, value, name, null)));
  const grid = cells(strides, width, height);
  fits(step, grid.length, sides.rows);
  const bins = sides.width / 4;
  const corners = new Float64Array(4 * sides.rows);
  grid.forEach(([row, column, stride], i) => {
    const [y, x] = [(row + 0.5) * stride, (column + 0.5) * stride];
    const mean = (side) => stride * expectation(sides.data, i * sides.width + side * bins, bins);
    const [left, upper, right, lower] = [0, 1, 2, 3].map(mean);
    corners.set([y - upper, x - left, y + lower, x + right], 4 * i);
  });
  return named(step, corners, scores.data, scores.rows);
}

/** The mean of 0, 1, … under the softmax of some numbers. */
function expectation(data, start, count) {
  let largest = -Infinity;
  for (let i = 0; i < count; i++) largest = Math.max(largest, data[start + i]);
  let [total, weighted] = [0, 0];
  for (let i = 0; i < count; i++) {
    const power = Math.exp(data[start + i] - largest);
    total += power;
    weighted += i * power;
  }
  return weighted / total;
}

/** @param {Table[]} tables @returns {Table} */
function joined(tables) {
  const data = new Float64Array(tables.reduce((sum, table) => sum + table.data.length, 0));
  let at = 0;
  for (const table of tables) {
    data.set(table.data, at);
    at += table.data.length;
  }
  return { data, rows: tables.reduce((sum, { rows }) => sum + rows, 0), width: tables[0].width };
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

/** SSD's offsets `[1, N, 4]` from prior boxes, which are squares round the middles of cells. */
export function decodePriorBoxes(value, { boxes, scores, width, height, strides, sizes, counts, variances = [0.1, 0.2] }) {
  const step = "decode_prior_boxes";
  if (counts.length !== strides.length || sum(counts) !== sizes.length || variances.length !== 2) {
    const got = `${counts.length} counts of ${sum(counts)} sizes for ${strides.length} strides and ${sizes.length} sizes`;
    throw new StepError(step, "a count for each stride, and two variances", got, "correct counts, sizes or variances");
  }
  const priors = priorBoxes(width, height, strides, sizes, counts);
  const offsets = output(step, value, boxes, 4);
  fits(step, priors.length, offsets.rows);
  const [center, side] = variances;
  const corners = new Float64Array(4 * offsets.rows);
  priors.forEach(([y, x, prior], i) => {
    const [dx, dy, dw, dh] = [0, 1, 2, 3].map((place) => offsets.data[4 * i + place]);
    const [halfWidth, halfHeight] = [(prior * Math.exp(side * dw)) / 2, (prior * Math.exp(side * dh)) / 2];
    const [centerY, centerX] = [y + center * dy * prior, x + center * dx * prior];
    corners.set([centerY - halfHeight, centerX - halfWidth, centerY + halfHeight, centerX + halfWidth], 4 * i);
  });
  const classes = output(step, value, scores, null);
  return named(step, corners, classes.data, classes.rows);
}

function priorBoxes(width, height, strides, sizes, counts) {
  let begun = 0;
  return strides.flatMap((stride, i) => {
    const own = sizes.slice(begun, (begun += counts[i]));
    const places = cells([stride], width, height);
    return places.flatMap(([row, column]) => own.map((size) => [(row + 0.5) * stride, (column + 0.5) * stride, size]));
  });
}

/** How a box is written → [y_min, x_min, y_max, x_max]. */
const ORDERS = {
  yxyx: (box) => box,
  xyxy: ([left, top, right, bottom]) => [top, left, bottom, right],
  cxcywh: ([x, y, width, height]) => [y - height / 2, x - width / 2, y + height / 2, x + width / 2],
};

/** Boxes `[1, N, 4]` that the model decoded, times `width` and `height`, and class scores `[1, N, K]`. */
export function takeBoxes(value, { boxes, scores, order = "xyxy", width = 1, height = 1 }) {
  const corner = choice("take_boxes", "order", ORDERS, order);
  const given = output("take_boxes", value, boxes, 4);
  const corners = scaled(given, corner, width, height);
  const classes = output("take_boxes", value, scores, null);
  return named("take_boxes", corners, classes.data, classes.rows);
}

function scaled({ data, rows }, corner, width, height) {
  const corners = new Float64Array(4 * rows);
  for (let i = 0; i < rows; i++) {
    const box = corner([0, 1, 2, 3].map((place) => data[4 * i + place]));
    corners.set(box.map((number, place) => number * (place % 2 ? width : height)), 4 * i);
  }
  return corners;
}

/** What TFLite's postprocessing gives: boxes `[1, N, 4]`, classes and scores `[1, N]`, one class a box. */
export function takeDetections(value, { boxes, classes, scores, width, height }, { labels }) {
  const step = "take_detections";
  if (!labels) throw new StepError(step, "labels", "none", "give the output of classes its labels in the card");
  const given = output(step, value, boxes, 4);
  const corners = scaled(given, ORDERS.yxyx, width, height);
  const rows = {};
  for (const name of [classes, scores]) {
    if (Object.hasOwn(value, name)) rows[name] = array(value[name].dtype, [...value[name].shape, 1], value[name].data);
  }
  const [index, score] = [classes, scores].map((name) => output(step, rows, name, 1).data);
  const table = new Float64Array(index.length * labels.length);
  for (let i = 0; i < index.length; i++) {
    if (index[i] >= 0 && index[i] < labels.length) table[i * labels.length + Math.trunc(index[i])] = score[i];
  }
  return named(step, corners, table, index.length);
}

/** @returns {Boxes} */
function isBoxes(step, value) {
  if (!isNamed(value) || Object.keys(value).sort().join() !== "boxes,scores") {
    throw new StepError(step, "boxes", described(value), "put a step before it that decodes or takes them");
  }
  return value;
}

/** Without the class `index` of `[N, K]` scores. */
export function dropClass(value, { index = 0 }) {
  const { boxes, scores } = isBoxes("drop_class", value);
  const [rows, count] = scores.shape;
  if (index >= count) throw new StepError("drop_class", `a class below ${count}`, `${index}`, "correct the index");
  return { boxes, scores: array("float32", [rows, count - 1], scores.data.filter((_, i) => i % count !== index)) };
}

/** The best boxes that overlap no better one of their class by more than `iou`; see the vocabulary. */
export function nms(value, { score = 0.25, iou = 0.5, max = 100, class_wise: classWise = true }) {
  const { boxes, scores } = isBoxes("nms", value);
  const kept = [];
  for (const pair of candidates(scores, score, classWise)) {
    const rivals = kept.filter(({ kind }) => kind === pair.kind || !classWise);
    if (rivals.every(({ index }) => !(overlap(boxes.data, pair.index, index) > iou))) kept.push(pair);
    if (kept.length === max) break;
  }
  return {
    boxes: array("float32", [kept.length, 4], Float32Array.from(kept.flatMap(({ index }) => [...boxes.data.subarray(4 * index, 4 * index + 4)]))),
    scores: array("float32", [kept.length, 1], Float32Array.from(kept, ({ score: own }) => own)),
    classes: array("int32", [kept.length], Int32Array.from(kept, ({ kind }) => kind)),
  };
}

/** All pairs of box and class with a sufficient score, best first; of equal ones the earlier. */
function candidates({ data, shape: [rows, classes] }, least, classWise) {
  const found = [];
  for (let index = 0; index < rows; index++) {
    const row = data.subarray(index * classes, (index + 1) * classes);
    const best = classWise ? -1 : row.reduce((top, score, kind) => (score > row[top] ? kind : top), 0);
    for (let kind = 0; kind < classes; kind++) {
      if (row[kind] >= least && (classWise || kind === best)) found.push({ index, kind, score: row[kind] });
    }
  }
  return found.sort((a, b) => b.score - a.score); // the sort is stable
}

/** Intersection over union of two boxes; 0 where both are empty. */
function overlap(data, first, second) {
  const [a, b] = [first, second].map((index) => data.subarray(4 * index, 4 * index + 4));
  const side = (low, high) => Math.max(high - low, 0);
  const common = side(Math.max(a[0], b[0]), Math.min(a[2], b[2])) * side(Math.max(a[1], b[1]), Math.min(a[3], b[3]));
  const area = (box) => side(box[0], box[2]) * side(box[1], box[3]);
  const union = area(a) + area(b) - common;
  return union > 0 ? common / union : 0;
}

/** The kept boxes in fractions of the original picture, with their labels. */
export function placeBoxes(value, _, context) {
  if (!isNamed(value) || !Object.hasOwn(value, "classes")) {
    throw new StepError("place_boxes", "the boxes kept", described(value), "put nms before it");
  }
  const { labels } = context;
  if (!labels) throw new StepError("place_boxes", "labels", "none", "give an output its labels in the card");
  const beyond = Math.max(-1, ...value.classes.data);
  if (beyond >= labels.length) {
    const expected = `a class below ${labels.length}, the number of labels`;
    throw new StepError("place_boxes", expected, `${beyond}`, "give the output a label a class, or use drop_class");
  }
  const frame = context.framed("place_boxes");
  const limited = (fraction) => Math.min(Math.max(fraction, 0), 1);
  const y = (place) => limited((place * frame.scale_y + frame.offset_y) / frame.height);
  const x = (place) => limited((place * frame.scale_x + frame.offset_x) / frame.width);
  return [...value.classes.data].map((kind, i) => {
    const [top, left, bottom, right] = value.boxes.data.subarray(4 * i, 4 * i + 4);
    return { box: [y(top), x(left), y(bottom), x(right)], label: labels[kind], score: value.scores.data[i] };
  });
}

export const STEPS = {
  decode_grid_boxes: decodeGridBoxes,
  decode_dfl_boxes: decodeDflBoxes,
  decode_prior_boxes: decodePriorBoxes,
  take_boxes: takeBoxes,
  take_detections: takeDetections,
  drop_class: dropClass,
  nms,
  place_boxes: placeBoxes,
};
