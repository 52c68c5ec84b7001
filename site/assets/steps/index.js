/**
 * The steps before and after a model, as `edge/steps/` defines them: the same names, parameters and numbers.
 * Runs in pages, in workers and in Node (there without JPEG, WebP, GIF and BMP, which the browser decodes).
 *
 * A new step is a function `(value, parameters, {labels, warn})` in one of these files and a row of `STEPS`.
 */

import { StepError } from "./errors.js";
import * as image from "./image.js";
import * as numbers from "./numbers.js";
import * as output from "./output.js";
import * as tabular from "./tabular.js";
import * as text from "./text.js";

export { StepError };

/** @typedef {import("./errors.js").NumberArray} NumberArray */
/** @typedef {{labels: string[] | null, warn: (message: string) => void}} Context */

/** @type {Record<string, (value: any, parameters: any, context: Context) => any>} */
export const STEPS = {
  decode_image: image.decodeImage,
  to_color_space: image.toColorSpace,
  invert: image.invert,
  crop_to_content: image.cropToContent,
  resize: image.resize,
  fit_within: image.fitWithin,
  scale_linear: numbers.scaleLinear,
  normalize: numbers.normalize,
  to_layout: numbers.toLayout,
  cast: numbers.cast,
  clip: numbers.clip,
  encode_bytes: text.encodeBytes,
  columns: tabular.columns,
  softmax: output.softmax,
  top_k: output.topK,
  to_image: output.toImage,
};

/**
 * Apply the steps in order and return the last one's value.
 *
 * @param {{id: string, kwargs?: Record<string, any>}[]} steps as the card lists them
 * @param {any} value encoded image (Blob, ArrayBuffer or Uint8Array), text, named values, or `{data, shape, dtype}`
 * @param {Partial<Context>} context labels of the output; where to say that a value is outside its range
 * @returns {Promise<any>}
 * @throws {StepError} for an unknown step and for a value that a step does not take
 */
export async function runSteps(steps, value, { labels = null, warn = console.warn } = {}) {
  for (const { id, kwargs = {} } of steps) {
    if (!Object.hasOwn(STEPS, id)) {
      throw new StepError(id, "the name of a step", `'${id}'`, `use one of ${Object.keys(STEPS).join(", ")}`);
    }
    value = await STEPS[id](value, kwargs, { labels, warn });
  }
  return value;
}
