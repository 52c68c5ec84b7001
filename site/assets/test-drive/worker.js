/**
 * The side of the test-drive that computes. A message is `{id, call, value}`; the answers bear the same `id`:
 * `{id, progress}` any number of times, then one of `{id, done}` and `{id, failed}`.
 */
import { Engine } from "./engine.js";
import { sentence } from "./failure.js";
import { bitmapOf, coloured } from "./pixels.js";

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
  // These need no engine: whoever has a mask may ask.
  paint: ({ classes, only }) => bitmapOf(coloured(classes, only)),
  paintWhole: (classes) => createImageBitmap(coloured(classes)),
};

self.addEventListener("message", async ({ data: { id, call, value } }) => {
  try {
    const done = await CALLS[call](value, (progress) => self.postMessage({ id, progress }));
    self.postMessage({ id, done }, { transfer: handed(done) });
  } catch (error) {
    self.postMessage({ id, failed: sentence(error) });
  }
});

/** What is handed over instead of copied: a photo's pixels would hold up the page. @returns {Transferable[]} */
function handed(done) {
  if (done instanceof ImageBitmap) return [done];
  const arrays = [done?.seen, done?.picture, done?.result?.classes, done?.result?.opacity].filter(Boolean);
  const bitmaps = Object.values(done ?? {}).filter((value) => value instanceof ImageBitmap);
  return [...new Set(arrays.map(({ data }) => data.buffer)), ...bitmaps];
}
