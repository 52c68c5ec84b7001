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

export const STEPS = {
  encode_bytes: encodeBytes,
};
