import { debounced, el, sampleButtons } from "../dom.js";

const PAUSE = 200; // ms after a change before the values are run

/** @type {(context: import("./index.js").Context) => import("./index.js").Widget} */
export function rowInput({ api, submit }) {
  const { columns } = api.card.inputs[0].steps.find((step) => step.id === "columns").kwargs;
  const fields = columns.map((column, index) => (column.categories ? choice : field)(column, index));
  const samples = sampleButtons(api.samples, (sample) => [sample.title], choose);
  const values = () => Object.fromEntries(fields.map(({ read }) => read()));
  const current = () => ({ read: values, name: "Your values" });
  const runSoon = debounced(PAUSE, () => submit(current()));
  let filled = api.samples[0]?.row ?? {};

  function choose(sample) {
    filled = sample.row;
    fill();
    submit({ read: () => sample.row, name: sample.title, expected: sample.expected });
  }

  function fill() {
    runSoon.cancel();
    fields.forEach(({ write }) => write(filled));
  }

  const reset = el("button", { type: "button", onclick: () => (fill(), submit(current())) }, "Reset values");
  const changed = () => (samples.clear(), runSoon());
  const stay = (event) => (event.preventDefault(), submit(current()));
  const elements = fields.map(({ element }) => element);
  const form = el("form", { class: "td-row", novalidate: true, oninput: changed, onsubmit: stay }, ...elements);
  fill();
  return { element: el("div", {}, samples.element, form, reset), first: samples.first, current };
}

/**
 * One of several categories.
 * @param {{name: string, categories: string[], summary?: string}} column
 * @param {number} index
 */
function choice({ name, categories, summary }, index) {
  const id = `td-column-${index}`;
  const options = categories.map((category) => el("option", { value: category }, category));
  const select = el("select", { id, name, title: summary }, ...options);
  return {
    element: el("div", {}, el("label", { for: id, title: summary }, title(name)), select),
    read: () => [name, select.value],
    write: (row) => (select.value = row[name] ?? categories[0]),
  };
}

/**
 * One number, with its unit and range: a field to write in, and a slider where the range has two ends.
 * @param {{name: string, unit?: string, min?: number, max?: number, summary?: string}} column
 * @param {number} index
 */
function field({ name, unit, min = -Infinity, max = Infinity, summary }, index) {
  const [id, hint] = [`td-column-${index}`, `td-hint-${index}`];
  const bounds = { min: Number.isFinite(min) && min, max: Number.isFinite(max) && max, step: stepFor(min, max) };
  const attributes = { id, name, ...bounds, type: "number", inputmode: "decimal", "aria-describedby": hint };
  const input = el("input", { ...attributes, title: summary });
  const words = `${title(name)}, slider`;
  const slider = max - min < Infinity ? el("input", { ...bounds, type: "range", "aria-label": words }) : null;
  const range = `${Number.isFinite(min) ? min : "any"} to ${Number.isFinite(max) ? max : "any"}`;
  const note = el("small", { id: hint, class: "td-note" });
  const label = el("label", { for: id, title: summary }, title(name), unit ? el("span", {}, ` ${unit}`) : "");

  function judge() {
    const outside = input.value !== "" && (input.valueAsNumber < min || input.valueAsNumber > max);
    note.classList.toggle("td-warning", outside);
    note.textContent = outside ? `outside ${range}; the answer may mean little` : range;
    if (slider && input.value !== "") slider.value = input.value;
  }

  input.addEventListener("input", judge);
  slider?.addEventListener("input", () => {
    input.value = slider.value;
    judge();
  });
  return {
    element: el("div", {}, label, input, ...(slider ? [slider] : []), note),
    read: () => [name, input.value === "" ? null : input.valueAsNumber],
    write: (row) => {
      input.value = row[name] ?? "";
      judge();
    },
  };
}

/** About a hundredth of the range, as a power of ten. */
function stepFor(min, max) {
  if (!(max - min < Infinity)) return "any";
  const exponent = Math.floor(Math.log10((max - min) / 100));
  return exponent < 0 ? (10 ** exponent).toFixed(-exponent) : 10 ** exponent;
}

function title(name) {
  const words = name.replaceAll("_", " ");
  return words[0].toUpperCase() + words.slice(1);
}
