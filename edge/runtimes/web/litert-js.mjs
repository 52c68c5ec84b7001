// LiteRT.js on wasm, one thread.

import { Tensor, loadAndCompile, loadLiteRt } from "/packages/@litertjs/core/dist/index.js";

import { Unsupported } from "./unsupported.mjs";

await loadLiteRt("/packages/@litertjs/core/wasm/");

/** @type {import("./run.mjs").Load} */
export async function load(url) {
  const model = await compile(url);
  for (const { name, shape } of model.getInputDetails())
    if (shape.some((size) => size < 0))
      throw new Unsupported(`LiteRT.js takes inputs of fixed sizes only; ${name} is [${shape}]`);
  return { run: (inputs) => run(model, inputs), close: () => model.delete() };
}

async function compile(url) {
  try {
    return await loadAndCompile(url, { accelerator: "wasm" });
  } catch (error) {
    const [type] = /Element type \w+ is not supported/.exec(error.message) ?? [];
    throw type ? new Unsupported(`LiteRT.js takes float32, int32 and uint8 only: ${type}`) : error;
  }
}

async function run(model, inputs) {
  const given = {};
  for (const [name, { shape, values }] of Object.entries(inputs)) given[name] = new Tensor(values, shape);
  const results = await ran(model, given);
  const outputs = {};
  for (const [name, tensor] of Object.entries(results)) {
    const { dtype, layout } = tensor.type;
    outputs[name] = { dtype, shape: [...layout.dimensions], values: await tensor.data() };
  }
  for (const tensor of [...Object.values(given), ...Object.values(results)]) tensor.delete();
  return outputs;
}

async function ran(model, given) {
  try {
    return await model.run(given);
  } catch (error) {
    const open = model.getOutputDetails().filter(({ shape }) => shape.length === 0);
    if (!open.length || !(error instanceof TypeError)) throw error;
    throw new Unsupported(`LiteRT.js gives outputs of fixed sizes only; ${open[0].name} has none in the file`);
  }
}
