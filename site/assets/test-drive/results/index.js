import { classesResult } from "./classes.js";
import { detectionsResult } from "./detections.js";
import { embeddingResult } from "./embedding.js";
import { imageResult } from "./image.js";
import { keypointsResult } from "./keypoints.js";
import { maskResult } from "./mask.js";
import { numbersResult } from "./numbers.js";
import { segmentsResult } from "./segments.js";

/**
 * @typedef {object} Shown
 * @property {string} summary in a few words, for the list of several files and for screen readers
 * @property {object} data what is shown, as data
 *
 * @typedef {object} Drawing
 * @property {HTMLElement} element
 * @property {(outcome: import("../engine.js").Outcome, job: import("../app.js").Job) => Shown | Promise<Shown>} show
 */

/** How each `result` of a task is drawn. @type {Record<string, (context: {api: any, root: URL}) => Drawing>} */
export const RESULTS = {
  classes: classesResult,
  detections: detectionsResult,
  embedding: embeddingResult,
  image: imageResult,
  keypoints: keypointsResult,
  mask: maskResult,
  numbers: numbersResult,
  segments: segmentsResult,
};
