// Runs models in the runtime that this page's address names, `index.html#<runtime>`, whose file lies beside it.

import { pack, unpack } from "./tensors.mjs";
import { Unsupported } from "./unsupported.mjs";

/**
 * A file `<runtime>.mjs` exports `load`.
 * @typedef {import("./tensors.mjs").Tensor} Tensor
 * @typedef {{run: (inputs: Record<string, Tensor>) => Promise<Record<string, Tensor>>, close: () => void}} Model
 * @typedef {(url: string) => Promise<Model>} Load
 */

let loaded = { url: "", run: null, close() {} };

async function model(url) {
  if (loaded.url !== url) {
    loaded.close();
    loaded = { url: "", run: null, close() {} };
    const { load } = await import(`./${location.hash.slice(1)}.mjs`);
    loaded = { url, ...(await load(url)) };
  }
  return loaded;
}

/**
 * Run a model once; it stays loaded until another is asked for.
 * @param {string} url
 * @param {Record<string, import("./tensors.mjs").Packed>} inputs
 * @returns {Promise<{outputs: Record<string, import("./tensors.mjs").Packed>} | {error: string} | {unsupported: string}>}
 */
globalThis.run = async (url, inputs) => {
  try {
    const { run } = await model(url);
    return { outputs: mapped(pack, await run(mapped(unpack, inputs))) };
  } catch (error) {
    return error instanceof Unsupported ? { unsupported: error.message } : { error: String(error) };
  }
};

const mapped = (change, record) =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
