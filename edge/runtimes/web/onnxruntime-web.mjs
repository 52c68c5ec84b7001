// ONNX Runtime Web on wasm, one thread.

import * as ort from "/packages/onnxruntime-web/dist/ort.wasm.min.mjs"; // the default build also brings WebGPU, 28 MB

ort.env.logLevel = "error";
ort.env.wasm.numThreads = 1;

/** @type {import("./run.mjs").Load} */
export async function load(url) {
  const session = await ort.InferenceSession.create(url, { executionProviders: ["wasm"] });
  return {
    async run(inputs) {
      const feeds = {};
      for (const [name, { dtype, shape, values }] of Object.entries(inputs))
        feeds[name] = new ort.Tensor(dtype, values, shape);
      const outputs = await session.run(feeds);
      return Object.fromEntries(
        session.outputNames.map((name) => {
          const { type, dims, data } = outputs[name];
          return [name, { dtype: type, shape: dims, values: data }];
        }),
      );
    },
    close: () => session.release(),
  };
}
