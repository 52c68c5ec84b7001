import { el } from "../dom.js";
import { percent } from "../format.js";
import { canvasOf } from "./picture.js";

/** Classes with their probabilities as bars, best first. @returns {import("./index.js").Drawing} */
export function classesResult() {
  const list = el("ol", { class: "td-classes", "aria-label": "Classes, most probable first" });
  const extras = el("div");
  const element = el("div", {}, list, extras);

  /** @type {import("./index.js").Drawing["show"]} */
  function show({ result, seen }, { expected }) {
    list.replaceChildren(...result.map(row));
    const note = expected ? [el("p", { class: "td-note" }, `The right answer: ${expected}`)] : [];
    extras.replaceChildren(...note, ...(seen ? [seenBy(seen)] : []));
    const [{ label, score }] = result;
    return { summary: `${label}, ${percent(score)}`, data: { classes: result } };
  }
  return { element, show };
}

/** @param {{label: string, score: number}} row */
function row({ label, score }) {
  const name = el("span", { class: "td-label" }, label);
  const bar = el("span", { class: "td-bar", style: `--score: ${score}` });
  return el("li", { "data-label": label, "data-score": score }, name, el("span", {}, percent(score)), bar);
}

/** The picture as it came out of the steps: it often explains a wrong answer. */
function seenBy(picture) {
  const [height, width] = picture.shape;
  const caption = `What the model saw: ${width} × ${height} pixels`;
  return el("figure", { class: "td-seen" }, canvasOf(picture, caption), el("figcaption", {}, caption));
}
