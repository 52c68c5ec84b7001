import { Context } from "../steps/context.js";
import { Pipeline } from "../steps/pipeline.js";
import { compare } from "./compare.js";
import { checkDigest, download, RETRY } from "./download.js";
import { Failure } from "./failure.js";
import { readNpy } from "./npy.js";
import { bitmapOf, coloured, counted, cutOut, opaque, swapped } from "./pixels.js";
import { createSession, loadRuntime } from "./runtime.js";
import { envelope } from "./waveform.js";

/**
 * @typedef {{data: any, shape: number[], dtype: string}} Values an array, as in the steps
 *
 * @typedef {object} Request what to load
 * @property {string} root the site's root, an absolute URL
 * @property {any} artefact a row of `artefacts` in the API
 * @property {any} card
 * @property {any} task the card's, as in the API
 * @property {Record<string, string[]>} labels by output
 * @property {any} golden a golden vector in the API, or null
 *
 * @typedef {object} Outcome
 * @property {any} result what the output's steps gave
 * @property {Values | null} seen the picture as the model got it, but in RGB or gray, [H, W, C] uint8
 * @property {Values | null} picture the picture as the visitor gave it, upright, [H, W, 3] uint8
 * @property {ImageBitmap | null} photo that picture for the page to draw over, where the task's result is drawn so
 * @property {ImageBitmap | null} layer the colours of a mask's classes, to lie over it
 * @property {Uint32Array | null} counts how many pixels of the picture show each class
 * @property {ImageBitmap | null} cutOut what the result says is opaque of it, as large as a page shows
 * @property {ImageBitmap | null} wholeCutOut the same in the size of the picture
 * @property {import("./waveform.js").Envelope | null} sound the outline of the sound that the visitor gave
 * @property {string[]} warnings of the input's steps
 * @property {{preprocessing: number, inference: number, postprocessing: number}} milliseconds
 */

/** One model, loaded and checked. */
export class Engine {
  /**
   * @param {Request} request
   * @param {any} ort
   * @param {any} session
   */
  constructor(request, ort, session) {
    this.request = request;
    this.ort = ort;
    this.session = session;
    this.pipeline = new Pipeline(request.card, request.labels);
  }

  /**
   * @param {Request} request
   * @param {(progress: {loaded: number, total: number | null}) => void} report
   */
  static async load(request, report) {
    const url = (/** @type {string} */ path) => new URL(path, request.root);
    const { artefact } = request;
    const meter = new Meter(report);
    const began = performance.now();
    const [ort, bytes] = await Promise.all([
      loadRuntime(url("static/vendor/onnxruntime-web/"), meter.part()),
      download(url(artefact.file), { total: artefact.bytes, onBytes: meter.part() }),
    ]);
    const digestChecked = await checkDigest(bytes, artefact.sha256, artefact.file.split("/").pop());
    const downloaded = performance.now();
    const engine = new Engine(request, ort, await createSession(ort, bytes));
    const milliseconds = { download: downloaded - began, "start-up": performance.now() - downloaded };
    const facts = { threads: ort.env.wasm.numThreads, version: ort.env.versions.web, digestChecked, milliseconds };
    return { engine, facts };
  }

  /** Run the golden vector and compare, or null where the model has none. */
  async replay() {
    const { golden, root, artefact } = this.request;
    if (!golden) return null;
    const read = async (/** @type {string} */ path) => readNpy(await download(new URL(path, root)));
    const inputs = await mapped(golden.inputs, read);
    const outputs = await this.#infer(inputs);
    const { tolerance } = artefact.parity[0];
    const comparisons = await mapped(golden.outputs, async (path, name) =>
      compare(outputs[name], await read(path), tolerance),
    );
    return { ...worst(Object.values(comparisons)), tolerance, sample: golden.sample };
  }

  /**
   * @param {any} value what the visitor gave: a file's bytes, a text or named values
   * @returns {Promise<Outcome>}
   */
  async run(value) {
    const times = [performance.now()];
    const warnings = /** @type {string[]} */ ([]);
    const file = (/** @type {string} */ name) => this.#file(name);
    const library = (/** @type {string} */ path) => this.#library(path);
    const context = new Context({ file, library, warn: (words) => warnings.push(words) });
    let last = null;
    const look = (/** @type {any} */ step, /** @type {any} */ tensor) => {
      if (isPicture(step)) last = { picture: step, tensor };
    };
    const inputs = await this.pipeline.tensors(value, context, look);
    times.push(performance.now());
    const outputs = await this.pipeline.outputs((tensors) => this.#infer(tensors), inputs);
    times.push(performance.now());
    const result = await this.pipeline.result(outputs, context);
    times.push(performance.now());
    const [preprocessing, inference, postprocessing] = times.slice(1).map((time, i) => time - times[i]);
    const { picture } = context;
    const sound = context.sound && envelope(context.sound);
    const seen = last && (isBgr(last.tensor) ? swapped(last.picture) : last.picture);
    const bitmaps = await this.#bitmaps(picture, result);
    const milliseconds = { preprocessing, inference, postprocessing };
    return { result, seen, picture, ...bitmaps, sound, warnings, milliseconds };
  }

  /** What the page shows of the whole picture, painted here: a photo would hold it up. @param {any} result */
  async #bitmaps(picture, result) {
    const isDrawnOver = picture && DRAWN_OVER.includes(this.request.task.result);
    const { classes, opacity } = result;
    const cut = opacity ? cutOut(picture, opacity) : null;
    return {
      photo: isDrawnOver ? await bitmapOf(opaque(picture)) : null,
      layer: classes ? await bitmapOf(coloured(classes)) : null,
      counts: classes ? counted(classes) : null,
      cutOut: cut && (await bitmapOf(cut)),
      wholeCutOut: cut && (await createImageBitmap(cut)),
    };
  }

  /** A module that a step needs, which cards without that step never load. @param {string} path */
  async #library(path) {
    try {
      return await import(new URL(`static/vendor/${path}`, this.request.root).href);
    } catch (cause) {
      throw new Failure("A library of this model's steps could not be loaded.", RETRY, { cause });
    }
  }

  /** A file of the card that a step names; read once. @param {string} name @returns {Promise<Uint8Array>} */
  #file(name) {
    const { card, root } = this.request;
    this.files ??= /** @type {Map<string, Promise<Uint8Array>>} */ (new Map());
    if (!this.files.has(name)) this.files.set(name, download(new URL(`models/${card.id}/steps/${name}`, root)));
    return this.files.get(name);
  }

  /** @param {Record<string, Values>} inputs */
  async #infer(inputs) {
    const feeds = await mapped(inputs, ({ data, shape, dtype }) => new this.ort.Tensor(dtype, data, shape));
    const outputs = await this.session.run(feeds);
    return mapped(outputs, ({ data, dims, type }) => ({ data, shape: [...dims], dtype: type }));
  }
}

const DRAWN_OVER = ["detections", "keypoints", "mask"];

const isPicture = (value) => value.dtype === "uint8" && value.shape.length === 3;
const isBgr = ({ steps }) => steps.some(({ id, kwargs }) => id === "to_color_space" && kwargs.space === "bgr");

/** Sums up downloads that run side by side. */
class Meter {
  /** @param {(progress: {loaded: number, total: number | null}) => void} report */
  constructor(report) {
    this.report = report;
    this.parts = [];
  }

  /** @returns {import("./download.js").OnBytes} */
  part() {
    const part = { loaded: 0, total: /** @type {number | null} */ (null) };
    this.parts.push(part);
    return (loaded, total) => {
      Object.assign(part, { loaded, total });
      const known = this.parts.every((each) => each.total !== null);
      this.report({ loaded: sum(this.parts, "loaded"), total: known ? sum(this.parts, "total") : null });
    };
  }
}

const sum = (parts, key) => parts.reduce((total, part) => total + part[key], 0);

const worst = (comparisons) => ({
  passed: comparisons.every(({ passed }) => passed),
  largest: Math.max(...comparisons.map(({ largest }) => largest)),
  outside: sum(comparisons, "outside"),
  total: sum(comparisons, "total"),
});

/** @template T, U @param {Record<string, T>} table @param {(value: T, key: string) => U | Promise<U>} change */
async function mapped(table, change) {
  const rows = Object.entries(table).map(async ([key, value]) => [key, await change(value, key)]);
  return Object.fromEntries(await Promise.all(rows));
}
