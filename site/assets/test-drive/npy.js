import { Failure } from "./failure.js";

const TYPES = {
  "<f4": ["float32", Float32Array],
  "<f2": ["float16", Uint16Array], // bit patterns
  "|i1": ["int8", Int8Array],
  "|u1": ["uint8", Uint8Array],
  "<i2": ["int16", Int16Array],
  "<i4": ["int32", Int32Array],
  "<i8": ["int64", BigInt64Array],
  "|b1": ["bool", Uint8Array],
};

/**
 * Read a NumPy file (format 1.0, little endian, C order).
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * @param {Uint8Array} bytes
 * @returns {{data: any, shape: number[], dtype: string}}
 */
export function readNpy(bytes) {
  const start = 10 + bytes[8] + 256 * bytes[9];
  const header = new TextDecoder("latin1").decode(bytes.subarray(10, start));
  const [, descr] = /'descr': '([^']+)'/.exec(header) ?? [];
  const [, shape] = /'shape': \(([\d, ]*)\)/.exec(header) ?? [];
  const type = TYPES[descr];
  if (!type || shape === undefined || header.includes("'fortran_order': True"))
    throw new Failure("A golden vector is not a .npy file that this page can read.", "Build the site again.");
  const [dtype, Data] = type;
  const sizes = shape.split(",").map((size) => size.trim());
  return { data: new Data(bytes.slice(start).buffer), shape: sizes.filter(Boolean).map(Number), dtype };
}
