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
globalThis.run = (url, inputs) =>
  answered(async () => {
    const { run } = await model(url);
    return { outputs: mapped(pack, await run(mapped(unpack, inputs))) };
  });

/**
 * Time a model in milliseconds: loading it with its runtime, the first run, and warm runs for so many seconds.
 * @param {string} url
 * @param {Record<string, import("./tensors.mjs").Packed>} inputs
 * @param {number} seconds
 */
globalThis.time = (url, inputs, seconds) =>
  answered(async () => {
    const given = mapped(unpack, inputs);
    const start = performance.now();
    const { run } = await model(url);
    const loaded = performance.now();
    await run(given);
    const first_ms = performance.now() - loaded;
    const repeats = Math.ceil(SAMPLE / Math.max(await mean(() => run(given), 2), TICK));
    const warm_ms = [];
    const end = performance.now() + 1000 * seconds;
    while (warm_ms.length < AT_LEAST || performance.now() < end) warm_ms.push(await mean(() => run(given), repeats));
    return { times: { load_ms: loaded - start, first_ms, warm_ms, repeats } };
  });

const TICK = 0.1; // milliseconds between two values of the clock, where the page is not isolated
const SAMPLE = 50 * TICK; // the least that one sample takes, so that its error is 2 %
const AT_LEAST = 3; // samples

/** The milliseconds that one of so many runs takes. */
async function mean(run, repeats) {
  const start = performance.now();
  for (let i = 0; i < repeats; i++) await run();
  return (performance.now() - start) / repeats;
}

async function answered(work) {
  try {
    return await work();
  } catch (error) {
    return error instanceof Unsupported ? { unsupported: error.message } : { error: String(error) };
  }
}

const mapped = (change, record) =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
