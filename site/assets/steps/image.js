/** From an encoded image to `[H, W, C] uint8`. */

import { array, asBytes, choice, described, imageArray, StepError } from "./errors.js";
import { imageHeader, jpegHasProfile } from "./image_header.js";
import { exifOrientation, upright, webpExif } from "./orientation.js";
import { decodePng } from "./png.js";
import { resample } from "./resample.js";
import { plane, toYcbcr } from "./ycbcr.js";

/** @typedef {import("./errors.js").NumberArray} NumberArray */

const MAX_PIXELS = 16_000_000;

/** @typedef {import("./context.js").Context} Context */

/**
 * Decode a PNG, JPEG, WebP, GIF (first frame) or BMP file to `[H, W, 3] uint8`, RGB, upright, over white.
 *
 * PNG is decoded here and equals the Python bit for bit. The browser decodes the others. Chromium's come out equal too;
 * the standards leave JPEG and lossy WebP decoders a few levels, and half-transparent pixels of WebP may be one off.
 *
 * @param {Blob | ArrayBuffer | Uint8Array} value
 * @param {{}} _
 * @param {Context} context
 * @returns {Promise<NumberArray>}
 */
export async function decodeImage(value, _, context) {
  const bytes = await asBytes("decode_image", value, "an image file");
  const header = imageHeader(bytes);
  if (!header) throw unreadable(bytes, "no such format");
  refuseTooLarge(header);
  try {
    const pixels = await (header.format === "PNG" ? decodePng(bytes) : decodeByBrowser(bytes, header));
    context.decoded(pixels);
    return pixels;
  } catch (error) {
    throw error instanceof StepError ? error : unreadable(bytes, error.message);
  }
}

/** @param {{width: number, height: number}} size */
function refuseTooLarge({ width, height }) {
  if (width * height <= MAX_PIXELS) return;
  const expected = `at most 16 megapixels (${MAX_PIXELS} pixels)`;
  throw new StepError("decode_image", expected, `${width} x ${height}`, "make the image smaller before it is decoded");
}

/** @param {Uint8Array} bytes @param {string} reason */
function unreadable(bytes, reason) {
  const got = `${bytes.length} bytes that cannot be read (${reason})`;
  const cure = "use a whole, undamaged file; convert other formats to PNG";
  return new StepError("decode_image", "a PNG, JPEG, WebP, GIF or BMP image", got, cure);
}

/** @param {Uint8Array} bytes @param {{format: string, type: string}} header @returns {Promise<NumberArray>} */
async function decodeByBrowser(bytes, { format, type }) {
  const isWebp = format === "WebP"; // some browsers do not turn these
  const isPlain = format === "JPEG" && !jpegHasProfile(bytes); // then a third faster, for the same pixels
  const kept = isPlain ? {} : { colorSpaceConversion: "none", premultiplyAlpha: "none" };
  const options = { imageOrientation: isWebp ? "none" : "from-image", ...kept };
  const bitmap = await createImageBitmap(new Blob([bytes], { type }), options);
  refuseTooLarge(bitmap); // a GIF's first picture may be larger than its header says
  const pixels = overWhite(bitmap);
  bitmap.close();
  return isWebp ? upright(pixels, exifOrientation(webpExif(bytes))) : pixels;
}

const STRIP = 64; // rows at a time: they stay in the processor's cache, and their bytes fill whole words

/** Lay the picture over white, strip by strip. @param {ImageBitmap} bitmap @returns {NumberArray} `[H, W, 3]` */
function overWhite(bitmap) {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, STRIP).getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white";
  const result = array("uint8", [height, width, 3]);
  for (let y = 0; y < height; y += STRIP) {
    const rows = Math.min(STRIP, height - y);
    context.fillRect(0, 0, width, rows);
    context.drawImage(bitmap, 0, -y);
    const { data } = context.getImageData(0, 0, width, rows);
    withoutAlpha(data, result.data.subarray(y * width * 3, (y + rows) * width * 3));
  }
  return result;
}

/** Copy all but each fourth byte, four pixels as three words where they are whole. */
function withoutAlpha(/** @type {Uint8ClampedArray} */ rgba, /** @type {Uint8Array} */ rgb) {
  const whole = rgb.length - (rgb.length % 12);
  const from = new Uint32Array(rgba.buffer, rgba.byteOffset, whole / 3);
  const to = new Uint32Array(rgb.buffer, rgb.byteOffset, whole / 4);
  for (let i = 0, j = 0; i < from.length; i += 4, j += 3) {
    const second = from[i + 1];
    const third = from[i + 2];
    to[j] = (from[i] & 0xffffff) | (second << 24);
    to[j + 1] = ((second >>> 8) & 0xffff) | (third << 16);
    to[j + 2] = ((third >>> 16) & 0xff) | (from[i + 3] << 8);
  }
  for (let j = whole, i = (whole / 3) * 4; j < rgb.length; j++, i += 1 + (j % 3 === 0)) rgb[j] = rgba[i];
}

/** How `[H, W, 3]` RGB is written in each colour space; grey as ITU-R BT.601 in 16-bit fixed point. */
const COLOR_SPACES = {
  rgb: (rgb) => rgb,
  bgr: (rgb) => {
    const result = array("uint8", rgb.shape);
    for (let i = 0; i < result.data.length; i += 3) {
      result.data[i] = rgb.data[i + 2];
      result.data[i + 1] = rgb.data[i + 1];
      result.data[i + 2] = rgb.data[i];
    }
    return result;
  },
  gray: (rgb) => {
    const result = array("uint8", [rgb.shape[0], rgb.shape[1], 1]);
    for (let to = 0, from = 0; to < result.data.length; to++, from += 3) {
      const luma = 19595 * rgb.data[from] + 38470 * rgb.data[from + 1] + 7471 * rgb.data[from + 2];
      result.data[to] = (luma + 32768) >> 16;
    }
    return result;
  },
  ycbcr: toYcbcr,
  y: (rgb) => plane(toYcbcr(rgb), 0),
};

/** `[H, W, 3] uint8` RGB to `[H, W, 3]` (`rgb`, `bgr`) or `[H, W, 1]` (`gray`). */
export function toColorSpace(value, { space }) {
  const rgb = imageArray("to_color_space", value, [3]);
  return choice("to_color_space", "space", COLOR_SPACES, space)(rgb);
}

/** 255 minus each value of `[H, W, C] uint8`. */
export function invert(value) {
  const image = imageArray("invert", value);
  const result = array("uint8", image.shape);
  for (let i = 0; i < result.data.length; i++) result.data[i] = 255 - image.data[i];
  return result;
}

/** Cut `[H, W, 1] uint8` to the values above `threshold`, centred on 0 in a square: `[S, S, 1] uint8`. */
export function cropToContent(value, { threshold = 64 }, context) {
  const gray = imageArray("crop_to_content", value, [1]);
  const { top, left, height, width } = contentBox(gray, threshold);
  const side = Math.max(height, width);
  const square = array("uint8", [side, side, 1]);
  const [above, before] = [(side - height) >> 1, (side - width) >> 1];
  for (let y = 0; y < height; y++) {
    const from = (top + y) * gray.shape[1] + left;
    square.data.set(gray.data.subarray(from, from + width), (above + y) * side + before);
  }
  context.cut(top - above, left - before, side, side);
  return square;
}

/** The smallest box that holds every value above the threshold, or all of the image. */
function contentBox({ data, shape: [height, width] }, threshold) {
  let [top, bottom, left, right] = [height, -1, width, -1];
  for (let i = 0; i < data.length; i++) {
    if (data[i] <= threshold) continue;
    const [y, x] = [Math.floor(i / width), i % width];
    [top, bottom, left, right] = [Math.min(top, y), y, Math.min(left, x), Math.max(right, x)];
  }
  if (bottom < 0) return { top: 0, left: 0, height, width };
  return { top, left, height: bottom - top + 1, width: right - left + 1 };
}

/** `[H, W, C] uint8` (C 1 or 3) to `[height, width, C] uint8`, antialiased, as Pillow does. */
export function resize(value, { width, height, filter = "bilinear" }, context) {
  const image = imageArray("resize", value);
  return resized("resize", image, width, height, filter, context);
}

/** Shrink `[H, W, C] uint8` (C 1 or 3) to at most `[height, width, C]`, keeping its aspect; never enlarge. */
export function fitWithin(value, { width, height, filter = "bicubic" }, context) {
  const image = imageArray("fit_within", value);
  const [oldHeight, oldWidth] = image.shape;
  const scale = Math.min(width / oldWidth, height / oldHeight, 1);
  const [newWidth, newHeight] = [oldWidth, oldHeight].map((side) => Math.max(1, Math.floor(side * scale + 0.5)));
  return resized("fit_within", image, newWidth, newHeight, filter, context);
}

/** `[H, W, C] uint8` (C 1 or 3) so that the shorter side has `size` pixels; the other `long * size // short`. */
export function resizeShortSide(value, { size, filter = "bilinear" }, context) {
  const image = imageArray("resize_short_side", value);
  const short = Math.min(image.shape[0], image.shape[1]);
  const [height, width] = image.shape.map((side) => Math.max(1, Math.floor((side * size) / short)));
  if (height * width > MAX_PIXELS) {
    const expected = `a result of at most 16 megapixels (${MAX_PIXELS} pixels)`;
    const cure = "cut a piece out of the long, narrow picture first";
    throw new StepError("resize_short_side", expected, `${width} x ${height}`, cure);
  }
  return resized("resize_short_side", image, width, height, filter, context);
}

/** `[height, width, C]` out of the middle of `[H, W, C] uint8`; a smaller picture is an error. */
export function centerCrop(value, { width, height }, context) {
  const image = imageArray("center_crop", value);
  const [top, left] = [(image.shape[0] - height) >> 1, (image.shape[1] - width) >> 1];
  if (top < 0 || left < 0) {
    const expected = `a picture of at least ${width} × ${height} pixels`;
    throw new StepError("center_crop", expected, described(image), "put a step before it that enlarges");
  }
  context.cut(top, left, height, width);
  return cropped(image, { top, left, bottom: top + height, right: left + width });
}

/** How many halves of the rest lie before the picture. */
const ALIGNMENTS = { center: 1, start: 0 };

/** All of `[H, W, C] uint8` in `[height, width, C]`, its aspect kept, with a border of `fill`. */
export function letterbox(value, { width, height, filter = "bilinear", fill = 114, align = "center" }, context) {
  const image = imageArray("letterbox", value);
  const [oldHeight, oldWidth, channels] = image.shape;
  const scale = Math.min(width / oldWidth, height / oldHeight);
  const [newWidth, newHeight] = [oldWidth, oldHeight].map((side) => Math.max(1, Math.floor(side * scale + 0.5)));
  const inner = resized("letterbox", image, newWidth, newHeight, filter, context);
  const share = choice("letterbox", "align", ALIGNMENTS, align);
  const [top, left] = [((height - newHeight) * share) >> 1, ((width - newWidth) * share) >> 1];
  const boxed = array("uint8", [height, width, channels]);
  boxed.data.fill(fill);
  context.cut(-top, -left, height, width);
  return pasted(boxed, inner, { top, left });
}

function resized(step, image, width, height, filter, context) {
  context.resized(height, width);
  return resample(step, image, width, height, filter);
}

/** @param {NumberArray} image @param {import("./context.js").Box} box @returns {NumberArray} */
export function cropped({ data, shape: [, width, channels] }, { top, left, bottom, right }) {
  const result = array("uint8", [bottom - top, right - left, channels]);
  const row = (right - left) * channels;
  for (let y = top; y < bottom; y++) {
    const from = (y * width + left) * channels;
    result.data.set(data.subarray(from, from + row), (y - top) * row);
  }
  return result;
}

/** Write a picture into a larger one, which is returned. @param {NumberArray} image @param {NumberArray} part */
export function pasted(image, part, { top, left }) {
  const [height, width, channels] = part.shape;
  for (let y = 0; y < height; y++) {
    const row = part.data.subarray(y * width * channels, (y + 1) * width * channels);
    image.data.set(row, ((top + y) * image.shape[1] + left) * channels);
  }
  return image;
}

export const STEPS = {
  decode_image: decodeImage,
  to_color_space: toColorSpace,
  invert,
  crop_to_content: cropToContent,
  resize,
  fit_within: fitWithin,
  resize_short_side: resizeShortSide,
  center_crop: centerCrop,
  letterbox,
};
