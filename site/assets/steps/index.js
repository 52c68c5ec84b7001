/**
 * The steps before and after a model, as `edge/steps/` defines them: the same names, parameters and numbers.
 * Runs in pages, in workers and in Node (there without JPEG, WebP, GIF and BMP, which the browser decodes).
 *
 * A new step is a function `(value, parameters, context)` and a row of `STEPS` in one of these files.
 */

import * as audio from "./audio.js";
import * as boxes from "./boxes.js";
import { Context } from "./context.js";
import { StepError } from "./errors.js";
import * as image from "./image.js";
import * as masks from "./masks.js";
import * as numbers from "./numbers.js";
import * as output from "./output.js";
import * as points from "./points.js";
import * as tabular from "./tabular.js";
import * as text from "./text.js";
import * as time from "./time.js";

export { Context, StepError };

/** @typedef {import("./errors.js").NumberArray} NumberArray */

/** @type {Record<string, (value: any, parameters: any, context: Context) => any>} */
export const STEPS = Object.assign(
  {},
  ...[image, audio, text, tabular, numbers, output, boxes, points, masks, time].map((kind) => kind.STEPS),
);

/**
 * Apply the steps in order and return the last one's value; what later steps need is left in the context.
 *
 * @param {{id: string, kwargs?: Record<string, any>}[]} steps as the card lists them
 * @param {any} value an image, a sound or a file (Blob, ArrayBuffer or Uint8Array), text, named values, an array
 *   `{data, shape, dtype}`, or for a card's `result` such arrays by the outputs' names
 * @param {Context} context
 * @returns {Promise<any>}
 * @throws {StepError} for an unknown step and for a value that a step does not take
 */
export async function runSteps(steps, value, context = new Context()) {
  for (const { id, kwargs = {} } of steps) {
    if (!Object.hasOwn(STEPS, id)) {
      throw new StepError(id, "the name of a step", `'${id}'`, `use one of ${Object.keys(STEPS).join(", ")}`);
    }
    value = await STEPS[id](value, kwargs, context);
  }
  return value;
}
