import { audioInput } from "./audio.js";
import { fileInput } from "./file.js";
import { imageInput } from "./image.js";
import { rowInput } from "./row.js";
import { textInput } from "./text.js";

/**
 * @typedef {object} Widget
 * @property {HTMLElement} element
 * @property {() => void} first run the first sample, if there is one
 * @property {() => import("../app.js").Job | null} current what a press on Run runs
 *
 * @typedef {object} Context
 * @property {any} api the model's description
 * @property {URL} root the site's root
 * @property {(...jobs: import("../app.js").Job[]) => void} submit run these
 */

/** The widget for each `input` of a task. @type {Record<string, (context: Context) => Widget>} */
export const INPUTS = { audio: audioInput, file: fileInput, image: imageInput, row: rowInput, text: textInput };
