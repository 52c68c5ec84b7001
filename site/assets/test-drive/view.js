import { el } from "./dom.js";
import { count, size, small, time } from "./format.js";

/**
 * @typedef {object} Parts
 * @property {any[]} artefacts that this browser can run
 * @property {HTMLElement} input
 * @property {HTMLElement} result
 * @property {() => void} onRun
 * @property {() => void} onStop
 * @property {(precision: string) => void} onPrecision
 */

/** What surrounds the input and the result: state, check, figures. */
export class View {
  /** @param {Parts} parts */
  constructor({ artefacts, input, result, onRun, onStop, onPrecision }) {
    this.runs = 0;
    this.status = el("p", { class: "td-status", role: "status" });
    this.meter = el("progress", { "aria-label": "Download", hidden: true });
    this.amount = el("span", { class: "td-note", hidden: true });
    this.stopButton = el("button", { type: "button", onclick: onStop, hidden: true }, "Stop");
    this.check = el("p", { class: "td-check", hidden: true });
    this.error = el("p", { class: "td-error", role: "alert", hidden: true });
    this.batch = el("ol", { class: "td-batch", "aria-label": "Results of all files", hidden: true });
    this.warnings = el("p", { class: "td-note td-warning" });
    this.facts = el("dl", { class: "td-facts" });
    this.title = heading("Result");
    this.result = el("section", { "aria-label": "Result", "data-result": "" }, this.title);
    this.result.append(result, this.warnings, this.batch);
    const run = el("button", { type: "button", class: "td-run", onclick: onRun }, "Run");
    const inputs = el("section", { "aria-label": "Input" }, heading("Input"), input, run);
    const figures = el("details", {}, el("summary", {}, "Times and technical facts"), this.facts);
    const progress = el("div", { class: "td-progress" }, this.meter, this.amount, this.stopButton);
    const top = el("div", { class: "td-top" }, this.status, progress, precisions(artefacts, onPrecision));
    const columns = el("div", { class: "td-columns" }, inputs, this.result);
    this.element = el("div", { class: "td" }, top, this.check, this.error, columns, figures);
  }

  #state(state, words) {
    this.element.dataset.state = state;
    this.status.textContent = words;
    this.stopButton.hidden = state !== "loading" && state !== "running";
    this.meter.hidden = this.amount.hidden = state !== "loading";
    if (state !== "failed") this.error.hidden = true;
  }

  /** @param {any} artefact */
  loading(artefact) {
    this.check.hidden = true;
    this.facts.replaceChildren();
    this.meter.removeAttribute("value");
    this.amount.textContent = "";
    this.#state("loading", `Loading the runtime and the ${artefact.precision} model.`);
  }

  /** @param {{loaded: number, total: number | null}} progress */
  progress({ loaded, total }) {
    this.amount.textContent = total ? `${size(loaded)} of ${size(total)}` : size(loaded);
    if (total) Object.assign(this.meter, { value: loaded, max: total });
  }

  /** @param {any} check what replaying the golden vector gave, or null */
  verified(check) {
    this.check.hidden = check === null;
    if (check === null) return;
    this.check.dataset.verified = check.passed ? "passed" : "failed";
    this.check.textContent = verdict(check);
  }

  /**
   * @param {any} facts of the load
   * @param {any} artefact
   */
  ready(facts, artefact) {
    this.lines = {
      Runtime: `ONNX Runtime Web ${facts.version}, WebAssembly`,
      Threads: count(facts.threads),
      Model: `${artefact.file.split("/").pop()}, ${size(artefact.bytes)}`,
      Digest: facts.digestChecked ? "SHA-256 is right" : "not checked: page is not served over https",
    };
    Object.assign(this.element.dataset, { threads: facts.threads, precision: artefact.precision });
    this.#facts({ ...facts.milliseconds });
    this.#state("ready", "Ready.");
  }

  /** @param {string} name */
  running(name) {
    this.#state("running", `Running ${name}.`);
  }

  /**
   * @param {import("./results/index.js").Shown} shown
   * @param {{milliseconds: Record<string, number>, warnings: string[]}} figures
   * @param {import("./app.js").Job} job
   */
  done({ summary, data }, { milliseconds, warnings }, { name }) {
    this.runs += 1;
    this.title.textContent = `Result for ${name}`;
    this.warnings.textContent = warnings.join(" ");
    this.result.dataset.result = JSON.stringify({ run: this.runs, name, ...data });
    this.#facts(milliseconds);
    this.#state("ready", `${name}: ${summary}`);
  }

  #facts(milliseconds) {
    const times = Object.entries(milliseconds).map(([name, value]) => [capital(name), time(value)]);
    const rows = [...times, ...Object.entries(this.lines)];
    const pairs = rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)));
    this.facts.replaceChildren(...pairs);
  }

  /**
   * @param {string} message
   * @param {string} [name] of the input, where only that one failed
   */
  fail(message, name) {
    this.error.textContent = name ? `${name}: ${message}` : message;
    this.error.hidden = false;
    this.#state("failed", "Not done.");
  }

  stopped() {
    this.#state("stopped", "Stopped. Press Run to start again.");
  }

  clearBatch() {
    this.batch.replaceChildren();
    this.batch.hidden = true;
  }

  /**
   * @param {string} name
   * @param {string} words
   * @param {object | null} data what is shown, as data; null where this input failed
   */
  addToBatch(name, words, data) {
    this.batch.hidden = false;
    this.batch.append(el("li", { "data-file": name, "data-outcome": JSON.stringify(data) }, `${name}: ${words}`));
  }
}

const heading = (text) => el("p", { class: "td-heading", "aria-hidden": "true" }, text);
const capital = (text) => text[0].toUpperCase() + text.slice(1);

function precisions(artefacts, onPrecision) {
  const options = artefacts.map(({ precision, bytes }) => {
    const selected = precision === "fp32";
    return el("option", { value: precision, selected }, `${precision}, ${size(bytes)}`);
  });
  const change = (event) => onPrecision(event.target.value);
  return el("label", { class: "td-precision" }, "Precision ", el("select", { onchange: change }, ...options));
}

/** @param {any} check */
function verdict({ passed, largest, outside, total, tolerance }) {
  const { absolute_tolerance: absolute, relative_tolerance: relative } = tolerance;
  const allowed = relative ? `${small(absolute)} + ${small(relative)} × |expected|` : small(absolute);
  const figures = `largest difference ${small(largest)} (allowed ${allowed})`;
  if (passed) return `Verified on this browser: ${figures}`;
  return (
    `Not verified on this browser: ${figures}; ${count(outside)} of ${count(total)} values lie outside. ` +
    "Take the results below with caution."
  );
}
