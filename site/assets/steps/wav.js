/**
 * WAV files: a RIFF header, a `fmt ` chunk that says how the samples are written, a `data` chunk that holds them.
 *
 * Sources: Multimedia Programming Interface and Data Specifications 1.0 (IBM and Microsoft, 1991), and
 * WAVEFORMATEXTENSIBLE in Microsoft's mmreg.h.
 */

import { array, StepError } from "./errors.js";
import { Sound } from "./sound.js";

const [MAX_CHANNELS, MAX_SECONDS, MAX_SAMPLES] = [8, 600, 32_000_000];
const RATES = [1_000, 192_000];
const EXTENSIBLE = 0xfffe;
const EXTENSIBLE_TAIL = "000000001000800000aa00389b71"; // of the GUIDs that begin with a format's number
const OPEN_END = 0x7ffff000; // the least size that programs write while they do not yet know the length
const CURE = "convert it to a WAV file of 16-bit samples, and use a whole, undamaged file";
const OTHER_FORMATS = [
  ["494433", "MP3"],
  ["fffb", "MP3"],
  ["fff3", "MP3"],
  ["fff2", "MP3"],
  ["664c6143", "FLAC"],
  ["4f676753", "Ogg"],
  ["464f524d", "AIFF"],
  ["52463634", "RF64, for files above 4 GB"],
  ["52494658", "RIFX, with the bytes the other way round"],
  ["1a45dfa3", "WebM or Matroska"],
];
const FORMAT_NAMES = { 1: "PCM", 2: "ADPCM", 3: "float", 6: "A-law", 7: "mu-law", 17: "IMA ADPCM", 85: "MP3" };

/** How to read each format and its bits: the sample at an offset in bytes. @type {Record<string, Function>} */
const ENCODINGS = {
  "1/8": (view, at) => (view.getUint8(at) - 128) / 2 ** 7,
  "1/16": (view, at) => view.getInt16(at, true) / 2 ** 15,
  "1/24": (view, at) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 2 ** 23,
  "1/32": (view, at) => view.getInt32(at, true) / 2 ** 31,
  "3/32": (view, at) => view.getFloat32(at, true),
  "3/64": (view, at) => view.getFloat64(at, true),
};

/**
 * The sound of a WAV file, `[T, C]`.
 * @param {Uint8Array} bytes
 * @returns {Sound}
 * @throws {StepError} for what is none, is damaged, or is too large
 */
export function readWav(bytes) {
  if (!isWav(bytes)) throw unreadable(bytes, otherFormat(bytes));
  const chunks = chunksOf(bytes);
  if (!(chunks["fmt "]?.length >= 16)) throw unreadable(bytes, "it does not say how its samples are written");
  const format = formatOf(chunks["fmt "]);
  const decode = ENCODINGS[`${format.tag}/${format.bits}`];
  const width = format.bits / 8;
  if (!decode || format.align !== format.channels * width) {
    const expected = "samples as PCM of 8, 16, 24 or 32 bits or as floats of 32 or 64";
    const got = `${format.bits}-bit ${FORMAT_NAMES[format.tag] ?? `format ${format.tag}`}`;
    throw new StepError("decode_audio", expected, got, CURE);
  }
  const count = sampleCount(bytes, chunks.data, format);
  const samples = array("float32", [count, format.channels]);
  const view = viewOf(chunks.data);
  for (let i = 0; i < samples.data.length; i++) samples.data[i] = decode(view, i * width);
  if (!samples.data.every(Number.isFinite)) {
    const cure = "record or export it again";
    throw new StepError("decode_audio", "samples that are numbers", "NaN or infinity", cure);
  }
  return new Sound(samples, format.rate);
}

/** Whether a file begins as WAV files do. @param {Uint8Array} bytes */
export function isWav(bytes) {
  return hex(bytes, 0, 4) === "52494646" && hex(bytes, 8, 12) === "57415645";
}

const hex = (bytes, start, end) =>
  Array.from(bytes.subarray(start, end), (byte) => byte.toString(16).padStart(2, "0")).join("");

const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** @param {Uint8Array} bytes */
function otherFormat(bytes) {
  if (!bytes.length) return "an empty file";
  const begin = hex(bytes, 0, 4);
  const inside = hex(bytes, 4, 8) === "66747970" ? "MP4 or M4A" : null;
  const found = OTHER_FORMATS.find(([start]) => begin.startsWith(start))?.[1] ?? inside;
  return found ? `it looks like ${found}` : "it does not begin as WAV files do";
}

/** The chunks by name up to the samples, which come last that matter. @param {Uint8Array} bytes */
function chunksOf(bytes) {
  const chunks = /** @type {Record<string, Uint8Array>} */ ({});
  const view = viewOf(bytes);
  for (let at = 12; at + 8 <= bytes.length && !chunks.data; ) {
    const name = String.fromCharCode(...bytes.subarray(at, at + 4));
    const size = view.getUint32(at + 4, true);
    const body = bytes.subarray(at + 8, at + 8 + size);
    if (body.length < size && !(name === "data" && size >= OPEN_END)) {
      throw unreadable(bytes, `cut short: ${size - body.length} bytes are missing`);
    }
    chunks[name] = body;
    at += 8 + size + (size % 2);
  }
  return chunks;
}

/** `align` is the size of one sample of all channels in bytes. @param {Uint8Array} body of the `fmt ` chunk */
function formatOf(body) {
  const view = viewOf(body);
  const isExtensible = view.getUint16(0, true) === EXTENSIBLE && hex(body, 26, 40) === EXTENSIBLE_TAIL;
  return {
    tag: view.getUint16(isExtensible ? 24 : 0, true),
    channels: view.getUint16(2, true),
    rate: view.getUint32(4, true),
    align: view.getUint16(12, true),
    bits: view.getUint16(14, true),
  };
}

/** How many samples a channel has, once they are known to fit the limits. */
function sampleCount(bytes, body, { channels, rate, align }) {
  if (channels < 1 || channels > MAX_CHANNELS) {
    throw new StepError("decode_audio", `1 to ${MAX_CHANNELS} channels`, `${channels}`, CURE);
  }
  if (rate < RATES[0] || rate > RATES[1]) {
    throw new StepError("decode_audio", `${RATES[0]} to ${RATES[1]} samples a second`, `${rate}`, CURE);
  }
  const count = Math.floor((body?.length ?? 0) / align);
  if (!count) throw unreadable(bytes, "a header without samples");
  refuseLarge(count, channels, rate);
  return count;
}

/** Throw if a sound is longer, or has more samples, than is read. */
export function refuseLarge(count, channels, rate) {
  if (count <= MAX_SECONDS * rate && count * channels <= MAX_SAMPLES) return;
  const expected = `at most ${MAX_SECONDS} seconds and ${MAX_SAMPLES} samples in all channels together`;
  const got = `${(count / rate).toFixed(1)} seconds and ${count * channels} samples`;
  throw new StepError("decode_audio", expected, got, "cut it into shorter pieces");
}

/** @param {Uint8Array} bytes @param {string} reason */
function unreadable(bytes, reason) {
  return new StepError("decode_audio", "a WAV file", `${bytes.length} bytes that cannot be read (${reason})`, CURE);
}
