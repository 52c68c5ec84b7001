import { download, gunzipped } from "./download.js";
import { Failure } from "./failure.js";

const MOST_THREADS = 4; // small models gain nothing from more

/**
 * Load ONNX Runtime Web. The host need not compress: the runtime lies there gzipped and is unpacked here.
 * @param {URL} folder of the runtime's files
 * @param {import("./download.js").OnBytes} onBytes
 */
export async function loadRuntime(folder, onBytes) {
  const [ort, packed] = await Promise.all([
    importRuntime(new URL("ort.wasm.min.mjs", folder)),
    download(new URL("ort-wasm-simd-threaded.wasm.gz", folder), { onBytes }),
  ]);
  ort.env.logLevel = "error";
  ort.env.wasm.wasmBinary = await gunzipped(packed);
  ort.env.wasm.numThreads = threads();
  return ort;
}

/** Threads share memory, which browsers grant only to pages that are isolated from other origins. */
function threads() {
  return self.crossOriginIsolated ? Math.min(MOST_THREADS, navigator.hardwareConcurrency) : 1;
}

async function importRuntime(url) {
  try {
    return await import(url.href);
  } catch (cause) {
    throw new Failure("The runtime's script could not be loaded.", "Check the connection and try again.", { cause });
  }
}

/**
 * @param {any} ort
 * @param {Uint8Array} model
 */
export async function createSession(ort, model) {
  try {
    return await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
  } catch (cause) {
    throw new Failure(
      `ONNX Runtime Web could not start this model: ${cause.message}.`,
      "Choose another precision, or a browser with WebAssembly SIMD (any from 2023 on).",
      { cause },
    );
  }
}
