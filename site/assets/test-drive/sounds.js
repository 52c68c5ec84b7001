import { isWav, refuseLarge } from "../steps/wav.js";
import { Failure } from "./failure.js";

const RATE = 48_000; // at which the browser decodes what is no WAV file; the card's steps resample from there

/**
 * The bytes of a WAV file as they are; of any other sound that the browser can decode, those of a WAV file made of it.
 * @param {Blob} file
 * @returns {Promise<Uint8Array>}
 */
export async function asWav(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (isWav(bytes)) return bytes;
  const decoder = new OfflineAudioContext(1, 1, RATE);
  const sound = await decoder.decodeAudioData(bytes.buffer).catch((cause) => {
    const cure = "Choose a whole, undamaged file: WAV, MP3, or another that this browser can play.";
    throw new Failure("This is no sound that the browser can decode.", cure, { cause });
  });
  refuseLarge(sound.length, sound.numberOfChannels, sound.sampleRate);
  return encodeWav(
    Array.from({ length: sound.numberOfChannels }, (_, channel) => sound.getChannelData(channel)),
    sound.sampleRate,
  );
}

/**
 * Encode as a WAV file of 32-bit floats, which loses nothing.
 * @param {Float32Array[]} channels of equal length
 * @param {number} rate samples a second
 * @returns {Uint8Array}
 */
export function encodeWav(channels, rate) {
  const [count, align] = [channels[0].length, 4 * channels.length];
  const file = new DataView(new ArrayBuffer(44 + count * align));
  const words = (/** @type {number} */ at, /** @type {string} */ text) =>
    [...text].forEach((letter, i) => file.setUint8(at + i, letter.charCodeAt(0)));
  words(0, "RIFF");
  file.setUint32(4, file.byteLength - 8, true);
  words(8, "WAVEfmt ");
  file.setUint32(16, 16, true);
  file.setUint16(20, 3, true); // floats
  file.setUint16(22, channels.length, true);
  file.setUint32(24, rate, true);
  file.setUint32(28, rate * align, true);
  file.setUint16(32, align, true);
  file.setUint16(34, 32, true);
  words(36, "data");
  file.setUint32(40, count * align, true);
  const samples = new Float32Array(file.buffer, 44); // little endian, as is every machine that runs a browser
  channels.forEach((channel, c) => channel.forEach((sample, t) => (samples[t * channels.length + c] = sample)));
  return new Uint8Array(file.buffer);
}
