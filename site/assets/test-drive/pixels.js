import { hueOf, rgbOf } from "./results/colours.js";

/** @typedef {{data: Uint8Array, shape: number[]}} Picture [H, W, C], C is 1 or 3 */

const LARGEST = 1600; // pixels of the longer side; a scene takes at most 448 on the page, times a screen's 1 to 3.5
const OPAQUE = 0xff000000;
const CLEAR = 0; // the first class is what lies behind: it is not painted

/** A bitmap that is as large as a page can show: a browser without a graphics card copies it whenever it draws. */
export function bitmapOf(/** @type {ImageData} */ pixels) {
  const scale = LARGEST / Math.max(pixels.width, pixels.height);
  if (scale >= 1) return createImageBitmap(pixels);
  const [resizeWidth, resizeHeight] = [pixels.width, pixels.height].map((side) => Math.max(1, Math.round(side * scale)));
  return createImageBitmap(pixels, { resizeWidth, resizeHeight, resizeQuality: "high" });
}

/** @param {Picture} picture @returns {ImageData} */
export function opaque({ data, shape: [height, width, channels] }) {
  const pixels = new ImageData(width, height);
  const words = new Uint32Array(pixels.data.buffer);
  const [green, blue] = channels === 1 ? [0, 0] : [1, 2];
  for (let i = 0, from = 0; i < words.length; i++, from += channels)
    words[i] = OPAQUE | (data[from + blue] << 16) | (data[from + green] << 8) | data[from];
  return pixels;
}

/** The picture [H, W, 3] with the opacity [H, W]. @param {Picture} picture @param {Picture} opacity @returns {ImageData} */
export function cutOut({ data }, opacity) {
  const [height, width] = opacity.shape;
  const pixels = new ImageData(width, height);
  for (let i = 0, from = 0; i < pixels.data.length; i++) {
    pixels.data[i] = i % 4 === 3 ? opacity.data[i >> 2] : data[from++];
  }
  return pixels;
}

/**
 * The classes, or one of them, in their colours, each pixel in one write: photos have millions.
 * @param {{data: Uint8Array, shape: number[]}} classes [H, W]
 * @param {number} [only] all but what lies behind without it
 * @returns {ImageData}
 */
export function coloured({ data, shape: [height, width] }, only) {
  const pixels = new ImageData(width, height);
  const colours = new Uint8Array(4 * 256);
  for (let index = 0; index < 256; index++) {
    const isShown = only === undefined ? index !== CLEAR : index === only;
    if (isShown) colours.set([...rgbOf(hueOf(index)), 255], 4 * index);
  }
  const [words, table] = [new Uint32Array(pixels.data.buffer), new Uint32Array(colours.buffer)];
  for (let i = 0; i < words.length; i++) words[i] = table[data[i]];
  return pixels;
}

/** How many of the pixels show each class. @param {{data: Uint8Array}} classes @returns {Uint32Array} [256] */
export function counted({ data }) {
  const counts = new Uint32Array(256);
  for (const index of data) counts[index] += 1;
  return counts;
}

/** A picture [H, W, 3] with its first and last channel exchanged. @param {Picture} picture */
export function swapped({ data, shape, ...rest }) {
  const other = Uint8Array.from(data);
  for (let i = 0; i < data.length; i += 3) [other[i], other[i + 2]] = [data[i + 2], data[i]];
  return { ...rest, shape, data: other };
}
