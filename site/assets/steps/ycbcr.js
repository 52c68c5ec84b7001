/** RGB to YCbCr of JPEG and back, in the 6-bit fixed point of Pillow's ConvertYCbCr.c. */

import { array } from "./errors.js";

/** @typedef {import("./errors.js").NumberArray} NumberArray */

const BITS = 6;

/** The products of 0..255, less `center`, with a factor. @param {number} factor @param {number} [center] */
function products(factor, center = 0) {
  return Int16Array.from({ length: 256 }, (_, i) => Math.trunc((i - center) * factor * (1 << BITS) + 0.5));
}

const [Y_R, Y_G, Y_B] = [0.299, 0.587, 0.114].map((factor) => products(factor));
const [CB_R, CB_G, HALF] = [-0.16874, -0.33126, 0.5].map((factor) => products(factor));
const [CR_G, CR_B] = [-0.41869, -0.08131].map((factor) => products(factor));
const [R_CR, G_CB, G_CR, B_CB] = [1.402, -0.34414, -0.71414, 1.772].map((factor) => products(factor, 128));

/** `[H, W, 3] uint8`, RGB, to YCbCr. @param {NumberArray} rgb @returns {NumberArray} */
export function toYcbcr(rgb) {
  const result = array("uint8", rgb.shape);
  for (let i = 0; i < rgb.data.length; i += 3) {
    const r = rgb.data[i];
    const g = rgb.data[i + 1];
    const b = rgb.data[i + 2];
    result.data[i] = (Y_R[r] + Y_G[g] + Y_B[b]) >> BITS;
    result.data[i + 1] = ((CB_R[r] + CB_G[g] + HALF[b]) >> BITS) + 128;
    result.data[i + 2] = ((HALF[r] + CR_G[g] + CR_B[b]) >> BITS) + 128;
  }
  return result;
}

/** Planes `[H, W, 1] uint8` of Y, Cb and Cr to `[H, W, 3]`, RGB. @param {NumberArray[]} planes @returns {NumberArray} */
export function fromYcbcr([y, cb, cr]) {
  const result = array("uint8", [y.shape[0], y.shape[1], 3]);
  const limited = new Uint8ClampedArray(result.data.buffer);
  for (let i = 0, to = 0; i < y.data.length; i++, to += 3) {
    limited[to] = y.data[i] + (R_CR[cr.data[i]] >> BITS);
    limited[to + 1] = y.data[i] + ((G_CB[cb.data[i]] + G_CR[cr.data[i]]) >> BITS);
    limited[to + 2] = y.data[i] + (B_CB[cb.data[i]] >> BITS);
  }
  return result;
}

/** One channel `[H, W, 1]` of a picture. @param {NumberArray} image @param {number} channel @returns {NumberArray} */
export function plane({ data, shape: [height, width, channels] }, channel) {
  const result = array("uint8", [height, width, 1]);
  for (let i = 0; i < result.data.length; i++) result.data[i] = data[i * channels + channel];
  return result;
}
