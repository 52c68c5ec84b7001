import { Cancelled, Client } from "./client.js";
import { download } from "./download.js";
import { Failure, sentence } from "./failure.js";
import { INPUTS } from "./inputs/index.js";
import { RESULTS } from "./results/index.js";
import { View } from "./view.js";

/**
 * @typedef {object} Job something to run the model on
 * @property {() => any} read gives what the first of the card's steps takes: a file's bytes, a text, named values; or a
 *   promise of it
 * @property {string} name what messages call it
 * @property {string | null} [expected] the right label, where it is known
 */

/**
 * Put the test-drive into its section, start the model, and run the first sample.
 * @param {HTMLElement} section with `data-model` and `data-root`, both relative to the page
 */
export async function mount(section) {
  const bytes = await download(new URL(section.dataset.model, document.baseURI));
  const api = JSON.parse(new TextDecoder().decode(bytes));
  refuseWhatCannotRun(api);
  const drive = new Drive(api, new URL(section.dataset.root, document.baseURI));
  await loadStyles();
  section.append(drive.view.element);
  drive.begin();
}

const runsHere = (artefact) => artefact.runtimes.includes("onnxruntime-web");

function refuseWhatCannotRun({ artefacts, task }) {
  if (typeof WebAssembly === "undefined")
    throw new Failure("This browser does not run WebAssembly.", "Allow it in the settings, or use another browser.");
  const isKnown = INPUTS[task.input] && RESULTS[task.result];
  if (!isKnown || !artefacts.some(runsHere))
    throw new Failure("This page has no way to run this model.", "Download one of its files and run it elsewhere.");
}

/** Resolves when the style sheet is there, or cannot be had: an unstyled test-drive still works. */
function loadStyles() {
  const link = document.createElement("link");
  Object.assign(link, { rel: "stylesheet", href: new URL("test-drive.css", import.meta.url).href });
  document.head.append(link);
  return new Promise((resolve) => (link.onload = link.onerror = resolve));
}

/** Joins the input widget, the worker and the result. */
class Drive {
  /**
   * @param {any} api the model's description, `api/v1/models/<id>.json`
   * @param {URL} root the site's root
   */
  constructor(api, root) {
    this.api = api;
    this.root = root;
    this.artefacts = api.artefacts.filter(runsHere);
    this.artefact = this.artefacts.find((row) => row.precision === "fp32") ?? this.artefacts[0];
    this.result = RESULTS[api.task.result]({ api, root });
    this.input = INPUTS[api.task.input]({ api, root, submit: (...jobs) => this.submit(jobs) });
    /** @type {Job[]} */
    this.waiting = [];
    /** @type {Client | null} */
    this.client = null;
    this.working = this.batched = false;
    this.view = new View({
      artefacts: this.artefacts,
      input: this.input.element,
      result: this.result.element,
      onRun: () => this.runAgain(),
      onStop: () => this.stop(),
      onPrecision: (precision) => this.choose(precision),
    });
    addEventListener("pagehide", () => this.stop());
  }

  begin() {
    this.submit([]);
    this.input.first();
  }

  runAgain() {
    const job = this.input.current();
    if (job) this.submit([job]);
    else this.view.fail("There is nothing to run yet. Choose a sample, or give an input of your own.");
  }

  stop() {
    this.client?.terminate();
    this.client = null;
  }

  /** @param {string} precision */
  choose(precision) {
    this.artefact = this.artefacts.find((row) => row.precision === precision);
    this.stop();
    const job = this.input.current();
    setTimeout(() => this.submit(job ? [job] : [])); // once what was under way has been rejected
  }

  /**
   * Run these jobs in order. Jobs that still wait give way, so that the newest input is always the next.
   * @param {Job[]} jobs
   */
  async submit(jobs) {
    this.waiting = [...jobs];
    this.batched = jobs.length > 1;
    this.view.clearBatch();
    if (this.working) return;
    this.working = true;
    try {
      await this.#load();
      while (this.waiting.length) await this.#run(this.waiting.shift());
    } catch (error) {
      this.#giveUp(error);
    } finally {
      this.working = false;
    }
  }

  async #load() {
    if (this.client) return;
    const client = (this.client = new Client());
    const { card, task, labels, golden } = this.api;
    this.view.loading(this.artefact);
    const request = { root: this.root.href, artefact: this.artefact, golden: golden[0] ?? null, card, task, labels };
    this.facts = await client.call("load", request, (progress) => this.view.progress(progress));
    this.view.verified(await client.call("replay"));
    this.view.ready(this.facts, this.artefact);
  }

  /** @param {Job} job */
  async #run(job) {
    this.view.running(job.name);
    try {
      const outcome = await this.client.call("run", await job.read());
      const shown = await this.result.show(outcome, job);
      const milliseconds = { ...this.facts.milliseconds, ...outcome.milliseconds };
      this.view.done(shown, { milliseconds, warnings: outcome.warnings }, job);
      if (this.batched) this.view.addToBatch(job.name, shown.summary, shown.data);
    } catch (error) {
      if (error instanceof Cancelled) throw error;
      this.view.fail(sentence(error), job.name);
      if (this.batched) this.view.addToBatch(job.name, sentence(error), null);
    }
  }

  #giveUp(error) {
    this.waiting = [];
    this.stop();
    if (error instanceof Cancelled) this.view.stopped();
    else this.view.fail(sentence(error));
  }
}
