/** Turning stored pixels upright by their EXIF tag. */

import { array } from "./errors.js";

/** @typedef {import("./errors.js").NumberArray} NumberArray */

const ORIENTATION = 0x0112;
const EXIF_CHUNK = 0x45584946; // "EXIF"

/** EXIF 2.32, tag 0x0112: is the source read backwards along x or y, and do its axes change places? */
const TURNS = {
  2: { backX: true },
  3: { backX: true, backY: true },
  4: { backY: true },
  5: { swap: true },
  6: { swap: true, backY: true },
  7: { swap: true, backX: true, backY: true },
  8: { swap: true, backX: true },
};

const PREFIX = "Exif\0\0"; // JPEG's, which some writers put into other formats

/**
 * The EXIF chunk of a WebP file (RFC 9649, section 2.7).
 * @param {Uint8Array} bytes
 * @returns {Uint8Array | undefined}
 */
export function webpExif(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    if (view.getUint32(at) === EXIF_CHUNK) return bytes.subarray(at + 8, at + 8 + size);
    at += 8 + size + (size % 2);
  }
  return undefined;
}

/**
 * @param {Uint8Array | undefined} chunk a TIFF structure, perhaps after a prefix
 * @returns {number} 1 where it says nothing or is damaged
 */
export function exifOrientation(chunk) {
  if (!chunk) return 1;
  const hasPrefix = String.fromCharCode(...chunk.subarray(0, PREFIX.length)) === PREFIX;
  const exif = hasPrefix ? chunk.subarray(PREFIX.length) : chunk;
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  try {
    const little = view.getUint16(0) === 0x4949; // "II"
    const directory = view.getUint32(4, little);
    for (let i = 0; i < view.getUint16(directory, little); i++) {
      const entry = directory + 2 + i * 12;
      if (view.getUint16(entry, little) === ORIENTATION) return view.getUint16(entry + 8, little);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // reading past the end means damaged
  }
  return 1;
}

/** @param {NumberArray} image `[H, W, 3] uint8` @param {number} orientation @returns {NumberArray} */
export function upright(image, orientation) {
  const turn = TURNS[orientation];
  if (!turn) return image;
  const [height, width, channels] = image.shape;
  const start = (turn.backY ? (height - 1) * width : 0) + (turn.backX ? width - 1 : 0);
  const alongX = turn.backX ? -1 : 1;
  const alongY = turn.backY ? -width : width;
  const [right, down] = turn.swap ? [alongY, alongX] : [alongX, alongY];
  const result = array("uint8", turn.swap ? [width, height, channels] : image.shape);
  let at = 0;
  for (let y = 0; y < result.shape[0]; y++) {
    for (let x = 0; x < result.shape[1]; x++) {
      const from = (start + y * down + x * right) * channels;
      for (let c = 0; c < channels; c++) result.data[at++] = image.data[from + c];
    }
  }
  return result;
}
