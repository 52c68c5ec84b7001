import { el } from "../dom.js";
import { percent } from "../format.js";
import { hues } from "./colours.js";
import { paired, scene, share } from "./scene.js";

/**
 * @typedef {{box: number[], label: string, score: number}} Detection box: [y_min, x_min, y_max, x_max], 0..1
 */

/** The picture with a box round each object, and a list of them; a slider leaves out the less sure ones. */
export function detectionsResult() {
  const place = el("div");
  const note = el("output", { class: "td-note" });
  const slider = el("input", { type: "range", min: 0, max: 1, step: 0.01, value: 0, oninput: filter });
  const least = el("label", { class: "td-least" }, "Show only what is surer than", slider);
  const list = el("ol", { class: "td-found", "aria-label": "Objects, surest first" });
  const element = el("div", {}, place, least, note, list);
  /** @type {{score: number, box: any, entry: any}[]} */
  let rows = [];

  function filter() {
    const threshold = Number(slider.value);
    for (const { score, box, entry } of rows) box.hidden = entry.hidden = score < threshold;
    const count = rows.filter(({ score }) => score >= threshold).length;
    note.value = `From ${percent(threshold)} on: ${count} of ${objects(rows.length)}`;
  }

  /** @type {import("./index.js").Drawing["show"]} */
  function show({ result, photo }, { name }) {
    const colour = hues(result);
    rows = result.map((row) => draw(row, colour(row.label)));
    const caption = `${name} with a box round each of ${objects(result.length)}`;
    place.replaceChildren(scene(photo, caption, ...rows.map(({ box }) => box)));
    list.replaceChildren(...rows.map(({ entry }) => entry));
    filter();
    return { summary: counted(result), data: { detections: result } };
  }
  return { element, show };
}

const objects = (/** @type {number} */ count) => (count === 1 ? "1 object" : `${count} objects`);

/** `3 objects: dog (2), person`, the labels in the order of the list. @param {Detection[]} found */
function counted(found) {
  const counts = new Map();
  for (const { label } of found) counts.set(label, (counts.get(label) ?? 0) + 1);
  const labels = [...counts].map(([label, count]) => (count > 1 ? `${label} (${count})` : label));
  return found.length ? `${objects(found.length)}: ${labels.join(", ")}` : "nothing found";
}

/** The box and the entry in the list. @param {Detection} row @param {string} colour */
function draw({ box: [top, left, bottom, right], label, score }, colour) {
  const sides = Object.entries({ left, top, width: right - left, height: bottom - top });
  const style = [...sides.map(([side, value]) => `${side}: ${100 * value}%`), colour].join("; ");
  const corner = `${top > 0.08 ? "" : " td-inside"}${left < 0.7 ? "" : " td-right"}`; // where the name stays in sight
  const name = el("span", { class: `td-tag${corner}` }, label);
  const box = el("div", { class: "td-box", style, "aria-hidden": "true" }, name);
  const where = `${share(right - left)} × ${share(bottom - top)} at ${share(left)} from the left, ${share(top)} from the top`;
  const parts = [label, percent(score), where].map((text, i) => el("span", { class: PARTS[i] }, text));
  const entry = el("li", { style: colour, tabindex: 0, "data-label": label, "data-score": score }, ...parts);
  paired(box, entry);
  return { score, box, entry };
}

const PARTS = ["td-label", "td-score", "td-where"];
