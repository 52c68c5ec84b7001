/** From scores in time to stretches of sound. */

import { array, described, numberArray, StepError } from "./errors.js";
import { asNumbers } from "./numbers.js";

/** @typedef {{start: number, end: number, label: string, score: number}} Segment times in seconds */
/** @typedef {{label: number, first: number, end: number}} Run of rows in which a label has the highest score */

/** The mean of the rows: `[R, …]` to `[1, …] float32`, in double precision. */
export function meanOverRows(value) {
  const x = numberArray("mean_over_rows", value);
  const [count, ...rest] = x.shape;
  if (!count) {
    const cure = "give it the model's scores";
    throw new StepError("mean_over_rows", "[R, …] with R of at least 1", described(x), cure);
  }
  const width = rest.reduce((a, b) => a * b, 1);
  const sums = new Float64Array(width);
  asNumbers(x).forEach((e, i) => (sums[i % width] += e));
  return array("float32", [1, ...rest], Float32Array.from(sums, (sum) => sum / count));
}

/**
 * The stretches in which a label has the highest score and at least `threshold`; see the vocabulary.
 * @returns {Segment[]}
 */
export function segments(value, { step, threshold = 0.5, min_speech = 0, min_silence = 0, pad = 0 }, context) {
  const scores = scoresOf("segments", value, context);
  const { seconds } = context.heard("segments");
  const joinedRuns = joined(runsOf(scores, threshold), step, min_silence);
  const isKept = ({ first, end }) => (end - first) * step >= min_speech && first * step < seconds;
  const kept = joinedRuns.filter(isKept);
  const times = kept.map(({ first, end }) => ({ start: first * step, end: Math.min(end * step, seconds) }));
  return padded(times, pad, seconds).map(({ start, end }, i) => {
    const { label } = kept[i];
    return { start, end, label: context.labels[label], score: mean(scores, kept[i]) };
  });
}

/**
 * The rows with the highest scores, none nearer than `distance` seconds to a higher one, in order of time.
 * @returns {Segment[]}
 */
export function peaks(value, { step, threshold = 0.5, distance = 0 }, context) {
  const scores = scoresOf("peaks", value, context);
  const { seconds } = context.heard("peaks");
  const reach = Math.max(0, Math.ceil(distance / step) - 1); // rows on each side that are too near
  const candidates = scores.map((row, i) => ({ ...winner(row), i }));
  const isFree = candidates.map(({ score, i }) => score >= threshold && i * step < seconds);
  const bestFirst = [...candidates].sort((a, b) => Number(b.score > a.score) - Number(b.score < a.score));
  const chosen = bestFirst.filter(({ i }) => {
    if (!isFree[i]) return false;
    isFree.fill(false, Math.max(0, i - reach), i + reach + 1);
    return true;
  });
  const inTime = chosen.sort((a, b) => a.i - b.i);
  return inTime.map(({ label, score, i }) => {
    const end = Math.min((i + 1) * step, seconds);
    return { start: i * step, end, label: context.labels[label], score };
  });
}

/**
 * A row of scores for each moment, a column a label; a single label may come as `[R]`.
 * @returns {ArrayLike<number>[]}
 */
function scoresOf(step, value, { labels }) {
  const x = numberArray(step, value);
  if (!labels) throw new StepError(step, "labels", "none", "give the output tensor its labels in the card");
  const [count, width] = x.shape.length === 1 ? [...x.shape, 1] : x.shape;
  if (x.shape.length > 2 || width !== labels.length) {
    const expected = `[R, ${labels.length}] scores, one a label`;
    throw new StepError(step, expected, described(x), "check the labels");
  }
  const data = Float64Array.from(asNumbers(x));
  if (data.some(Number.isNaN)) throw new StepError(step, "scores", "NaN", "check the model's input");
  return Array.from({ length: count }, (_, row) => data.subarray(row * width, (row + 1) * width));
}

/** The highest score of a row, the first of equal ones. @param {ArrayLike<number>} row */
function winner(row) {
  let label = 0;
  for (let i = 1; i < row.length; i++) if (row[i] > row[label]) label = i;
  return { label, score: row[label] };
}

/** @returns {Run[]} */
function runsOf(scores, threshold) {
  const runs = /** @type {Run[]} */ ([]);
  scores.forEach((row, i) => {
    const { label, score } = winner(row);
    const last = runs.at(-1);
    if (!(score >= threshold)) return;
    if (last?.label === label && last.end === i) last.end = i + 1;
    else runs.push({ label, first: i, end: i + 1 });
  });
  return runs;
}

/** Join neighbours of one label with less than `minSilence` seconds between them. @param {Run[]} runs */
function joined(runs, step, minSilence) {
  const result = /** @type {Run[]} */ ([]);
  for (const run of runs) {
    const last = result.at(-1);
    if (last?.label === run.label && (run.first - last.end) * step < minSilence) last.end = run.end;
    else result.push(run);
  }
  return result;
}

/** Widen each stretch by `pad` seconds, at most to the middle of the gap to its neighbour. */
function padded(times, pad, seconds) {
  const middles = times.slice(1).map(({ start }, i) => (times[i].end + start) / 2);
  const [lows, highs] = [[0, ...middles], [...middles, seconds]];
  return times.map(({ start, end }, i) => ({
    start: Math.max(start - pad, lows[i]),
    end: Math.min(end + pad, highs[i]),
  }));
}

/** @param {ArrayLike<number>[]} scores @param {Run} run */
function mean(scores, { label, first, end }) {
  const sum = scores.slice(first, end).reduce((total, row) => total + row[label], 0);
  return Math.fround(sum / (end - first));
}

export const STEPS = {
  mean_over_rows: meanOverRows,
  segments,
  peaks,
};
