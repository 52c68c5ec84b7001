/** From text to tensors. */

import { array, described, StepError } from "./errors.js";

const LONGEST_CHARACTER = 4; // bytes in UTF-8

/**
 * The first `length` bytes of the text as UTF-8, then `pad`: `[1, length] uint8`.
 * A surrogate without its other half becomes U+FFFD.
 */
export function encodeBytes(value, { length, pad = 0 }) {
  if (typeof value !== "string") throw new StepError("encode_bytes", "a text", described(value), "pass a string");
  const bytes = new Uint8Array(length + LONGEST_CHARACTER - 1); // encodeInto writes whole characters only
  const { written } = new TextEncoder().encodeInto(value, bytes);
  return array("uint8", [1, length], bytes.fill(pad, written).slice(0, length));
}

const SPACE = [0x20, 0x09, 0x0a, 0x0d, 0x0b, 0x0c];

/** The first `begin` and the last `end` bytes of a text or a file, stripped: `[1, begin + end] int32`. */
export async function byteWindows(value, { begin, end, block = 4096, pad = 256 }) {
  const data = await contentOf(value);
  const head = data.subarray(0, block);
  const tail = data.subarray(Math.max(0, data.length - block));
  let [from, to] = [0, tail.length];
  while (from < head.length && SPACE.includes(head[from])) from++;
  while (to > 0 && SPACE.includes(tail[to - 1])) to--;
  const result = array("int32", [1, begin + end]);
  result.data.fill(pad);
  result.data.set(head.subarray(from, Math.min(from + begin, head.length)));
  const last = tail.subarray(Math.max(0, to - end), to);
  result.data.set(last, begin + end - last.length);
  return result;
}

/** @param {any} value @returns {Promise<Uint8Array>} */
async function contentOf(value) {
  if (typeof value === "string") return new TextEncoder().encode(value);
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (typeof Blob !== "undefined" && value instanceof Blob) return new Uint8Array(await value.arrayBuffer());
  throw new StepError("byte_windows", "a text or the bytes of a file", described(value), "pass one of them");
}

const MOST_CHARACTERS = 1_000_000;

/** The numbers of a text's words in a vocabulary: `[n] int32`; see the vocabulary of steps. */
export async function wordIds(value, { vocabulary, keep = "'", start = "", unknown = "<UNKNOWN>" }, context) {
  const length = typeof value === "string" ? [...value.slice(0, 2 * MOST_CHARACTERS + 2)].length : Infinity;
  if (length > MOST_CHARACTERS) {
    const got = typeof value === "string" ? `${value.length} characters` : described(value);
    throw new StepError("word_ids", `a text of at most ${MOST_CHARACTERS} characters`, got, "pass a shorter string");
  }
  const numbers = numbersOf(new TextDecoder().decode(await context.file(vocabulary)));
  const missing = [start, unknown].find((entry) => entry && !numbers.has(entry));
  if (missing) {
    throw new StepError("word_ids", `${vocabulary} to hold ${missing}`, "no such entry", "correct the step");
  }
  const kept = keep.replace(/[\\\]^-]/g, "\\$&");
  const words = value.match(new RegExp(`[A-Za-z0-9_${kept}]+`, "gu")) ?? [];
  const lower = (word) => word.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const found = words.map((word) => numbers.get(lower(word)) ?? numbers.get(unknown));
  const ids = start ? [numbers.get(start), ...found] : found;
  return array("int32", [ids.length], Int32Array.from(ids));
}

/** Lines of `word number`, or of words alone, numbered from 0. @returns {Map<string, number>} */
function numbersOf(text) {
  const lines = text.split(/\r\n|\r|\n/).filter(Boolean);
  return new Map(lines.map((line, place) => [line.split(" ")[0], Number(line.split(" ")[1] ?? place)]));
}

/** The first `length` of `[n]` numbers, then `pad`: `[1, length] int32`. */
export function padTokens(value, { length, pad = 0 }) {
  const isWhole = value?.shape?.length === 1 && /^u?int/.test(value.dtype);
  if (!isWhole) {
    throw new StepError("pad_tokens", "[n] whole numbers", described(value), "put a step before it that makes tokens");
  }
  const result = array("int32", [1, length]);
  result.data.fill(pad);
  result.data.set(Int32Array.from(value.data.slice(0, length), Number));
  return result;
}

export const STEPS = {
  byte_windows: byteWindows,
  word_ids: wordIds,
  pad_tokens: padTokens,
  encode_bytes: encodeBytes,
};
