import { Failure } from "./failure.js";
import { size } from "./format.js";

/**
 * @callback OnBytes
 * @param {number} loaded bytes so far
 * @param {number | null} total bytes, where known
 */

/**
 * Fetch a file, telling how far it is.
 * @param {URL} url
 * @param {{total?: number | null, onBytes?: OnBytes}} [options] `total`: size of the file where the caller knows it
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function download(url, { total = null, onBytes = () => {} } = {}) {
  const response = await request(url);
  total ??= statedLength(response);
  const parts = [];
  let loaded = 0;
  const stopped = (/** @type {unknown} */ cause) => {
    const of = total ? ` of ${size(total)}` : "";
    throw new Failure(`The download of ${name(url)} stopped after ${size(loaded)}${of}.`, RETRY, { cause });
  };
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(stopped);
    if (done) break;
    parts.push(value);
    loaded += value.length;
    onBytes(loaded, total);
  }
  return joined(parts, loaded);
}

export const RETRY = "Check the connection and try again.";

/** @param {URL} url */
async function request(url) {
  const response = await fetch(url).catch((cause) => {
    throw new Failure(`${name(url)} could not be reached.`, RETRY, { cause });
  });
  if (response.ok) return response;
  throw new Failure(
    `The site answered ${response.status} where ${name(url)} was expected.`,
    "Reload the page; if it stays so, tell those who run this site.",
  );
}

/** A host that compresses states the compressed length, which is not what arrives here. @param {Response} response */
function statedLength(response) {
  const length = response.headers.get("Content-Length");
  return length && !response.headers.get("Content-Encoding") ? Number(length) : null;
}

/**
 * @param {Uint8Array[]} parts
 * @param {number} length
 */
function joined(parts, length) {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** @param {URL} url */
function name(url) {
  return url.pathname.split("/").pop();
}

/**
 * Undo gzip unless the host has done so already.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<ArrayBuffer>}
 */
export async function gunzipped(bytes) {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.buffer;
  if (typeof DecompressionStream === "undefined")
    throw new Failure(
      "This browser cannot unpack gzip files (it has no DecompressionStream), and the runtime comes as one.",
      "Use Chrome or Edge 80, Firefox 113, Safari 16.4, or anything newer.",
    );
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(unpacked).arrayBuffer();
}

/**
 * Refuse a file that is not the one that was published.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {string} sha256 64 lower-case hexadecimal digits
 * @param {string} file how messages name it
 * @returns {Promise<boolean>} false where the page has no access to a digest, since it is not served over https
 */
export async function checkDigest(bytes, sha256, file) {
  if (!globalThis.crypto?.subtle) return false;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const got = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (got === sha256) return true;
  throw new Failure(
    `${file} is not the published file, so it was not run: its SHA-256 is ${got}, expected ${sha256}.`,
    "Reload the page without its cache; if it stays so, tell those who run this site.",
  );
}
