// A worker of the benchmark: the browser's own decoding of a photo, or all steps from its bytes to a tensor.
import { runSteps } from "./assets/steps/index.js";

const WORK = {
  decode: async (photo) => (await createImageBitmap(photo)).close(),
  pipeline: (photo, steps) => runSteps(steps, photo),
};

self.onmessage = async ({ data: { name, photo, steps } }) => {
  const began = performance.now();
  await WORK[name](photo, steps);
  self.postMessage(performance.now() - began);
};

self.onunhandledrejection = ({ reason }) => {
  throw reason; // so that the page hears of it
};
