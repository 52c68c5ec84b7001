// Runs graph models on the wasm backend of TF.js, one after the other, and gives their outputs back as base64.

/* global tf */

/**
 * @typedef {{dtype: string, shape: number[], data: string}} Packed a tensor; `data` is base64, little-endian
 * @typedef {{name: string, outputs?: Record<string, Packed>, error?: string, dead?: boolean, ms?: number}} Result
 */

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };
const complaints = [];
for (const level of ["log", "warn", "error"]) {
  console[level] = (...words) => complaints.push(words.join(" ")); // kernels report an unknown type only here
}

/** @param {Packed} packed */
function unpack({ dtype, shape, data }) {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  return tf.tensor(new ARRAYS[dtype](bytes.buffer), shape, dtype);
}

/** @returns {Promise<Packed>} */
async function pack(tensor) {
  const values = await tensor.data();
  if (values.length !== tensor.size) throw new Error(`shape [${tensor.shape}] has ${values.length} entries`);
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return { dtype: tensor.dtype, shape: tensor.shape, data: btoa(text) };
}

/** Execute; only operators whose result's shape depends on values, such as Where, need the slower asynchronous way. */
async function execute(model, given, names) {
  try {
    return [].concat(model.execute(given, names));
  } catch (error) {
    if (!String(error).includes("executeAsync")) throw error;
    const results = [].concat(await model.executeAsync(given, names));
    if (complaints.at(-1)?.includes("model.execute()")) complaints.pop(); // asks for what has just failed
    return results;
  }
}

/** @returns {Promise<Result>} */
async function run(name, repeats) {
  complaints.length = 0;
  let model;
  let given = {};
  try {
    model = await tf.loadGraphModel(`${name}/model.json`);
    given = Object.fromEntries(
      Object.entries(await (await fetch(`${name}/feeds.json`)).json()).map(([key, packed]) => [key, unpack(packed)]),
    );
    const names = Object.keys(model.modelSignature.outputs);
    let results = await execute(model, given, names);
    const times = [];
    for (let i = 0; i < repeats; i++) {
      tf.dispose(results);
      const start = performance.now();
      results = await execute(model, given, names);
      await results[0].data();
      times.push(performance.now() - start);
    }
    const outputs = {};
    for (const [i, tensor] of results.entries()) outputs[names[i]] = await pack(tensor);
    tf.dispose(results);
    if (complaints.length) return { name, error: complaints.join("; ") };
    return { name, outputs, ms: repeats ? Math.min(...times) : 0 };
  } catch (error) {
    return { name, error: String(error), dead: error instanceof WebAssembly.RuntimeError };
  } finally {
    tf.dispose(given);
    model?.dispose();
  }
}

/**
 * Run models in order; stop behind one that broke the wasm module, whose memory nobody can trust from then on.
 * @param {string[]} names folders beside this page
 * @param {number} repeats further runs of each that are timed; the result holds the least, since other work on the machine only adds
 * @returns {Promise<Result[]>}
 */
globalThis.runAll = async (names, repeats) => {
  tf.wasm.setWasmPaths("./");
  await tf.setBackend("wasm");
  const results = [];
  for (const name of names) {
    results.push(await run(name, repeats));
    if (results.at(-1).dead) break;
  }
  return results;
};
