/** What a step says when it cannot take a value, and the arrays that the steps pass on. */

/**
 * An array in C order. `float16` holds bit patterns in a Uint16Array, `bool` 0 or 1 in a Uint8Array.
 * @typedef {{data: any, shape: number[], dtype: string}} NumberArray
 */

/** What holds the elements of each dtype. */
export const DATA = {
  float32: Float32Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
};

/** A value or parameter that a step does not take. */
export class StepError extends Error {
  /**
   * @param {string} step
   * @param {string} expected
   * @param {string} got
   * @param {string} cure
   */
  constructor(step, expected, got, cure) {
    super(`${step}: expected ${expected}, got ${got}; ${cure}`);
    this.name = "StepError";
    Object.assign(this, { step, expected, got, cure });
  }
}

/**
 * Make an array of `length` zeros, or of the elements given.
 * @param {string} dtype
 * @param {number[]} shape
 * @param {any} [data]
 * @returns {NumberArray}
 */
export function array(dtype, shape, data = new DATA[dtype](shape.reduce((a, b) => a * b, 1))) {
  return { data, shape, dtype };
}

/** @param {any} value @returns {boolean} */
function isArray(value) {
  return value !== null && typeof value === "object" && Array.isArray(value.shape) && Object.hasOwn(DATA, value.dtype);
}

/** Say what a value is without printing all of it, for the `got` of an error. @param {any} value @returns {string} */
export function described(value) {
  if (isArray(value)) return `${value.dtype} of shape [${value.shape.join(", ")}]`;
  return value === null ? "null" : (value?.constructor?.name ?? typeof value);
}

/** A plain value as Python writes it: a text stands in quotes. @param {any} value @returns {string} */
export function quoted(value) {
  if (typeof value !== "string") return String(value);
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
  const escaped = value.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`);
  return quote + escaped + quote;
}

/**
 * Look up a parameter that has a closed list of values.
 * @template Row
 * @param {string} step
 * @param {string} parameter
 * @param {Record<string, Row>} table
 * @param {string} name
 * @returns {Row}
 */
export function choice(step, parameter, table, name) {
  if (!Object.hasOwn(table, name)) {
    const expected = `${parameter} to be one of ${Object.keys(table).join(", ")}`;
    throw new StepError(step, expected, `'${name}'`, "use one of these");
  }
  return table[name];
}

/**
 * Read what a file's bytes came in.
 * @param {string} step
 * @param {any} value Blob, ArrayBuffer or Uint8Array
 * @param {string} file what was expected, such as "an image file"
 * @returns {Promise<Uint8Array>}
 */
export async function asBytes(step, value, file) {
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (value instanceof Blob) return new Uint8Array(await value.arrayBuffer());
  throw new StepError(step, `the bytes of ${file}`, described(value), "read the file as bytes");
}

/**
 * Return `value` if it is `[H, W, C] uint8` with no empty side and C among `channels`.
 * @param {string} step
 * @param {any} value
 * @param {number[]} channels
 * @returns {NumberArray}
 */
export function imageArray(step, value, channels = [1, 3]) {
  const fits = isArray(value) && value.dtype === "uint8" && value.shape.length === 3 && value.data.length > 0;
  if (!fits || !channels.includes(value.shape[2])) {
    const expected = `[H, W, ${channels.join(" or ")}] uint8`;
    throw new StepError(step, expected, described(value), "put decode_image before it");
  }
  return value;
}

/** Return `value` if it is an array of numbers. @param {string} step @param {any} value @returns {NumberArray} */
export function numberArray(step, value) {
  if (!isArray(value)) {
    throw new StepError(step, "an array of numbers", described(value), "put a step before it that gives one");
  }
  return value;
}
