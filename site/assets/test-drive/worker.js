/**
 * The side of the test-drive that computes. A message is `{id, call, value}`; the answers bear the same `id`:
 * `{id, progress}` any number of times, then one of `{id, done}` and `{id, failed}`.
 */
import { Engine } from "./engine.js";
import { sentence } from "./failure.js";

/** @type {Engine | null} */
let engine = null;

const CALLS = {
  load: async (request, report) => {
    const loaded = await Engine.load(request, report);
    engine = loaded.engine;
    return loaded.facts;
  },
  replay: () => engine.replay(),
  run: (value) => engine.run(value),
};

self.addEventListener("message", async ({ data: { id, call, value } }) => {
  try {
    const done = await CALLS[call](value, (progress) => self.postMessage({ id, progress }));
    self.postMessage({ id, done }, { transfer: pixels(done) });
  } catch (error) {
    self.postMessage({ id, failed: sentence(error) });
  }
});

/** What is handed over instead of copied: a photo's pixels would hold up the page. @returns {ArrayBuffer[]} */
function pixels(done) {
  return [...new Set([done?.seen, done?.picture].filter(Boolean).map(({ data }) => data.buffer))];
}
