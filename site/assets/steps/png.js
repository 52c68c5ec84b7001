/**
 * PNG (W3C, third edition) to upright RGB over white. Browsers hand out pixels multiplied by their alpha and rounded;
 * this decoder is exact, and the same in every browser and in Node. Sixteen-bit samples keep their high byte.
 */

import { array } from "./errors.js";
import { exifOrientation, upright } from "./orientation.js";

/** @typedef {import("./errors.js").NumberArray} NumberArray */
/**
 * @typedef {{width: number, height: number, depth: number, colorType: number, interlaced: boolean,
 *            palette: Uint8Array, transparency: Uint8Array | null}} Header
 */

const SIGNATURE_LENGTH = 8;

/** Channels and allowed bits a sample, by colour type. */
const COLOR_TYPES = {
  0: { channels: 1, depths: [1, 2, 4, 8, 16], write: writeGray },
  2: { channels: 3, depths: [8, 16], write: writeRgb },
  3: { channels: 1, depths: [1, 2, 4, 8], write: writePalette },
  4: { channels: 2, depths: [8, 16], write: writeGrayAlpha },
  6: { channels: 4, depths: [8, 16], write: writeRgba },
};

/** Adam7: first column, first row, column step, row step of each pass. */
const ADAM7 = [
  [0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2],
]; // prettier-ignore
const ONE_PASS = [[0, 0, 1, 1]];

/** What a grey sample of 1, 2 or 4 bits is multiplied by to fill 0..255. */
const GRAY_SCALE = { 1: 255, 2: 85, 4: 17 };

/**
 * @param {Uint8Array} bytes
 * @returns {Promise<NumberArray>} `[H, W, 3] uint8`
 */
export async function decodePng(bytes) {
  const chunks = readChunks(bytes);
  const header = readHeader(chunks);
  const passes = (header.interlaced ? ADAM7 : ONE_PASS).map((pass) => layOut(pass, header));
  const size = passes.reduce((sum, { rows, stride }) => sum + rows * (stride + 1), 0);
  const filtered = await inflate(chunks.IDAT, size);
  const pixels = array("uint8", [header.height, header.width, 3]);
  let at = 0;
  for (const pass of passes) at = decodePass(filtered, at, pass, header, pixels.data);
  return upright(pixels, exifOrientation(chunks.eXIf[0]));
}

/** Chunk bodies by type. @param {Uint8Array} bytes @returns {Record<string, Uint8Array[]>} */
function readChunks(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks = { IHDR: [], PLTE: [], tRNS: [], IDAT: [], eXIf: [] };
  for (let at = SIGNATURE_LENGTH; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    chunks[type]?.push(bytes.subarray(at + 8, at + 8 + length));
    at += length + 12; // length, type, body, checksum; zlib's own checksum guards the pixels
  }
  return chunks;
}

/** @param {Record<string, Uint8Array[]>} chunks @returns {Header} */
function readHeader(chunks) {
  const body = chunks.IHDR[0];
  const [depth, colorType, , , interlace] = body.subarray(8, 13);
  if (!COLOR_TYPES[colorType]?.depths.includes(depth)) throw new Error(`colour type ${colorType} of ${depth} bits`);
  const view = new DataView(body.buffer, body.byteOffset);
  return {
    width: view.getUint32(0),
    height: view.getUint32(4),
    depth,
    colorType,
    interlaced: interlace === 1,
    palette: chunks.PLTE[0] ?? new Uint8Array(),
    transparency: chunks.tRNS[0] ?? null,
  };
}

/** Size of one pass: pixels a row, rows, bytes a row without its filter byte. */
function layOut([left, top, stepX, stepY], { width, height, depth, colorType }) {
  const columns = Math.ceil((width - left) / stepX);
  const stride = Math.ceil((columns * COLOR_TYPES[colorType].channels * depth) / 8);
  const rows = columns > 0 ? Math.ceil((height - top) / stepY) : 0;
  return { left, top, stepX, stepY, columns: Math.max(columns, 0), rows: Math.max(rows, 0), stride };
}

/** Inflate to exactly `size` bytes; never more, whatever the file holds. */
async function inflate(parts, size) {
  const result = new Uint8Array(size);
  const reader = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  for (let at = 0; at < size; ) {
    const { done, value } = await reader.read().catch(() => ({ done: true, value: null }));
    if (done) throw new Error(`damaged after ${at} of ${size} bytes of pixels`);
    result.set(value.subarray(0, size - at), at);
    at += value.length;
  }
  reader.cancel().catch(() => {}); // what follows the pixels does not matter
  return result;
}

/** Undo the filters of one pass and write its pixels; returns where the next pass begins. */
function decodePass(filtered, start, { left, top, stepX, stepY, columns, rows, stride }, header, target) {
  const { channels, write } = COLOR_TYPES[header.colorType];
  const distance = Math.max(1, (channels * header.depth) >> 3);
  const samples = new Uint8Array(columns * channels);
  let above = new Uint8Array(stride);
  let at = start;
  for (let row = 0; row < rows; row++, at += stride + 1) {
    const line = filtered.subarray(at + 1, at + 1 + stride);
    unfilter(filtered[at], line, above, distance);
    above = line;
    toBytes(line, samples, header);
    const to = ((top + row * stepY) * header.width + left) * 3;
    write(samples, target, to, stepX * 3, header);
  }
  return at;
}

/** What each filter type predicts from the bytes left, above, and above left (section 9). */
const PREDICTIONS = [() => 0, (left) => left, (_, above) => above, (left, above) => (left + above) >> 1, paeth];

/** Add the predictions, so that `line` becomes the plain bytes. @param {Uint8Array} line @param {Uint8Array} above */
function unfilter(type, line, above, distance) {
  const predict = PREDICTIONS[type];
  if (!predict) throw new Error(`filter type ${type}`);
  for (let i = 0; i < line.length; i++) {
    const hasLeft = i >= distance;
    line[i] += predict(hasLeft ? line[i - distance] : 0, above[i], hasLeft ? above[i - distance] : 0);
  }
}

/** The neighbour nearest to left + above - corner. */
function paeth(left, above, corner) {
  const [toLeft, toAbove, toCorner] = [
    Math.abs(above - corner), Math.abs(left - corner), Math.abs(left + above - 2 * corner),
  ]; // prettier-ignore
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

/** One byte a sample: packed ones taken apart, grey ones scaled, of 16 bits the high byte. */
function toBytes(line, samples, { depth, colorType }) {
  const scale = colorType === 0 ? (GRAY_SCALE[depth] ?? 1) : 1;
  const mask = (1 << depth) - 1;
  for (let i = 0; i < samples.length; i++) {
    const byte = line[(i * depth) >> 3];
    samples[i] = depth >= 8 ? byte : scale * ((byte >> (8 - depth - ((i * depth) & 7))) & mask);
  }
}

/** Lay a sample over white. */
function over(sample, alpha) {
  return Math.floor((sample * alpha + 255 * (255 - alpha) + 127) / 255);
}

function writeGray(samples, target, to, step, { transparency, depth }) {
  const clear = transparency && depth < 16 ? transparency[1] : -1;
  for (let i = 0; i < samples.length; i++, to += step) {
    const value = samples[i] === clear ? 255 : samples[i];
    target[to] = target[to + 1] = target[to + 2] = value;
  }
}

function writeRgb(samples, target, to, step, { transparency }) {
  const [, red, , green, , blue] = transparency ?? [];
  for (let i = 0; i < samples.length; i += 3, to += step) {
    const clear = samples[i] === red && samples[i + 1] === green && samples[i + 2] === blue;
    for (let c = 0; c < 3; c++) target[to + c] = clear ? 255 : samples[i + c];
  }
}

function writePalette(samples, target, to, step, { palette, transparency }) {
  for (let i = 0; i < samples.length; i++, to += step) {
    const alpha = transparency?.[samples[i]] ?? 255;
    for (let c = 0; c < 3; c++) target[to + c] = over(palette[samples[i] * 3 + c] ?? 0, alpha);
  }
}

function writeGrayAlpha(samples, target, to, step) {
  for (let i = 0; i < samples.length; i += 2, to += step) {
    target[to] = target[to + 1] = target[to + 2] = over(samples[i], samples[i + 1]);
  }
}

function writeRgba(samples, target, to, step) {
  for (let i = 0; i < samples.length; i += 4, to += step) {
    for (let c = 0; c < 3; c++) target[to + c] = over(samples[i + c], samples[i + 3]);
  }
}
