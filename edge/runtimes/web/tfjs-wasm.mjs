// TensorFlow.js graph models on its wasm backend, one thread.

/* global tf */

const PACKAGES = "/packages/@tensorflow";
const complaints = [];
for (const level of ["log", "warn", "error"]) {
  console[level] = (...words) => complaints.push(words.join(" ")); // kernels report an unknown type only here
}

/** Run a script that is no module. @param {string} src */
const script = (src) =>
  new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement("script"), { src, onload: resolve });
    element.onerror = () => reject(new Error(`${src} did not load`));
    document.head.append(element);
  });

await script(`${PACKAGES}/tfjs-core/dist/tf-core.min.js`);
await script(`${PACKAGES}/tfjs-converter/dist/tf-converter.min.js`);
await script(`${PACKAGES}/tfjs-backend-wasm/dist/tf-backend-wasm.min.js`);
tf.wasm.setWasmPaths(`${PACKAGES}/tfjs-backend-wasm/dist/`);
await tf.setBackend("wasm");

/** @type {import("./run.mjs").Load} */
export async function load(url) {
  const model = await tf.loadGraphModel(url);
  return { run: (inputs) => run(model, inputs), close: () => model.dispose() };
}

async function run(model, inputs) {
  complaints.length = 0;
  const names = Object.keys(model.modelSignature.outputs);
  const given = {};
  for (const [name, { dtype, shape, values }] of Object.entries(inputs)) given[name] = tf.tensor(values, shape, dtype);
  const results = await execute(model, given, names);
  const outputs = {};
  for (const [i, { dtype, shape }] of results.entries())
    outputs[names[i]] = { dtype, shape, values: await results[i].data() };
  tf.dispose([given, results]);
  if (complaints.length) throw new Error(complaints.join("; "));
  return outputs;
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
