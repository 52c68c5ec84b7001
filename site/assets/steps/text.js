/** From text to tensors. */

import { array, asBytes, choice, described, StepError } from "./errors.js";

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
  const isText = typeof value === "string";
  const data = isText ? new TextEncoder().encode(value) : await asBytes("byte_windows", value, "a file, or a text");
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

const MOST_BYTES = 100_000; // of a text that is cut into tokens, in UTF-8
const FIX = "correct the file";

/** The numbers of a text's words in a vocabulary: `[n] int32`; see the vocabulary of steps. */
export async function wordIds(value, { vocabulary, keep = "'", start = "", unknown = "<UNKNOWN>" }, { file }) {
  const text = shortText("word_ids", value);
  const numbers = readOnce(vocabularies, await file(vocabulary), (bytes) => numbersOf(bytes, vocabulary));
  const missing = [start, unknown].find((entry) => entry && !numbers.has(entry));
  if (missing) {
    throw new StepError("word_ids", `${vocabulary} to hold ${missing}`, "no such entry", "correct the step");
  }
  const kept = keep.replace(/[\\\]^-]/g, "\\$&");
  const words = text.match(new RegExp(`[A-Za-z0-9_${kept}]+`, "gu")) ?? [];
  const lower = (word) => word.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const entries = [...(start ? [start] : []), ...words.map(lower)];
  return row(entries.map((entry) => numbers.get(entry) ?? numbers.get(unknown)).filter((id) => id !== undefined));
}

const vocabularies = new WeakMap();

/** Lines of `word number`, or of words alone, numbered from 0. @returns {Map<string, number>} */
function numbersOf(bytes, name) {
  const lines = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes).split(/\r\n|\r|\n/);
  const entries = lines.filter(Boolean).map((line, place) => {
    const [, word, number = String(place)] = /^([^ ]*)(?: (.*))?$/su.exec(line);
    if (/^[0-9]{1,9}$/.test(number)) return [word, Number(number)];
    throw new StepError("word_ids", `lines of \`word number\` or \`word\` in ${name}`, `'${line}'`, FIX);
  });
  return new Map(/** @type {[string, number][]} */ (entries));
}

/**
 * Where the library for browsers is known to part from the one for Python: white space in regular expressions, and
 * letters, marks and punctuation beyond the first 65,536 characters.
 */
const UNSURE = /[\u0085\uFEFF]|(?=[\p{L}\p{M}\p{P}])[\u{10000}-\u{10FFFF}]/u;

/** The numbers of a text's tokens with the special ones that `file`, a `tokenizer.json`, asks for: `[n] int32`. */
export async function tokenize(value, { file: name }, { file, library, warn }) {
  const text = shortText("tokenize", value);
  const [bytes, { Tokenizer }] = await Promise.all([file(name), library("tokenizers/tokenizers.mjs")]);
  const tokenizer = readOnce(tokenizers, bytes, () => makeTokenizer(Tokenizer, bytes, name));
  const [unsure] = UNSURE.exec(text) ?? [];
  if (unsure) warn(`tokenize: the text holds ${codePoint(unsure)}, which browsers may split otherwise than Python`);
  return row(tokenizer.encode(text).ids);
}

const codePoint = (character) => `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

const tokenizers = new WeakMap();

function makeTokenizer(Tokenizer, bytes, name) {
  try {
    return new Tokenizer(JSON.parse(new TextDecoder().decode(bytes)), {});
  } catch (error) {
    throw new StepError("tokenize", `${name} as the library tokenizers writes it`, error.message, FIX);
  }
}

/** Make something of a file's bytes once. @template T @param {WeakMap<Uint8Array, T>} made */
function readOnce(made, bytes, make) {
  if (!made.has(bytes)) made.set(bytes, make(bytes));
  return made.get(bytes);
}

const row = (numbers) => array("int32", [numbers.length], Int32Array.from(numbers));

/** Fill `[n]` up with `pad` at one side, or cut it before its last `keep_last` numbers: `[1, length] int32`. */
export function padTokens(value, { length, pad = 0, side = "end", keep_last: kept = 0 }) {
  const numbers = wholeNumbers("pad_tokens", value, 1, "[n] whole numbers", "put a step before it that makes tokens");
  if (kept >= length) {
    const cure = "keep fewer, or make it longer";
    throw new StepError("pad_tokens", `keep_last below the length ${length}`, String(kept), cure);
  }
  if (numbers.length > length) numbers.splice(length - kept, numbers.length - length);
  const start = choice("pad_tokens", "side", { start: length - numbers.length, end: 0 }, side);
  const result = array("int32", [1, length]);
  result.data.fill(pad);
  result.data.set(numbers, start);
  return result;
}

/** 1 for each token of `[1, length]` that is not `pad`, and 0 for the others: `[1, length] int32`. */
export function tokenMask(value, { pad = 0 }) {
  const numbers = wholeNumbers("token_mask", value, 2, "[1, length] whole numbers", "put pad_tokens before it");
  return array("int32", value.shape, Int32Array.from(numbers, (number) => Number(number !== pad)));
}

/** @returns {number[]} */
function wholeNumbers(step, value, rank, expected, cure) {
  if (value?.shape?.length !== rank || !/^u?int/.test(value.dtype)) {
    throw new StepError(step, expected, described(value), cure);
  }
  return Array.from(value.data, Number);
}

/** A text of at most MOST_BYTES in which surrogates without their other half are U+FFFD. @param {string} step */
function shortText(step, value) {
  if (typeof value !== "string") throw new StepError(step, "a text", described(value), "pass a string");
  const bytes = new TextEncoder().encode(value);
  if (bytes.length > MOST_BYTES) {
    const [most, length] = [MOST_BYTES, bytes.length].map((count) => count.toLocaleString("en"));
    throw new StepError(step, `a text of at most ${most} bytes`, length, "give a part of it");
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

export const STEPS = {
  byte_windows: byteWindows,
  word_ids: wordIds,
  tokenize,
  pad_tokens: padTokens,
  token_mask: tokenMask,
  encode_bytes: encodeBytes,
};
