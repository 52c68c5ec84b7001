import { el } from "../dom.js";

/** Quantities by name, each with its unit. @returns {import("./index.js").Drawing} */
export function numbersResult({ api }) {
  const list = el("dl", { class: "td-numbers" });
  const steps = [...api.card.outputs.flatMap((output) => output.steps), ...api.card.result];
  const columns = steps.find((step) => step.id === "to_numbers")?.kwargs.columns ?? [];

  function show({ result }, { expected }) {
    list.replaceChildren(...result.flatMap((row, i) => entry(row, columns[i])));
    const note = expected ? [el("div", { class: "td-note" }, el("dt", {}, "The right answer"), el("dd", {}, expected))] : [];
    list.append(...note);
    const [{ value, unit }] = result;
    return { summary: words(value, unit), data: { numbers: result } };
  }
  return { element: list, show };
}

/** A number, and where it lies in its usual range. */
function entry({ name, value, unit }, { min, max } = /** @type {any} */ ({})) {
  const figure = el("dd", { class: "td-figure" }, words(value, unit));
  const parts = [el("dt", {}, name), figure];
  if (max > min) {
    const label = `${min} to ${max}`;
    parts.push(el("dd", {}, el("meter", { min, max, value, "aria-label": `${name}, ${label}` }), el("small", {}, ` ${label}`)));
  }
  return [el("div", { "data-name": name }, ...parts)];
}

const words = (value, unit) => `${Number(value.toPrecision(4))}${unit ? ` ${unit}` : ""}`;
