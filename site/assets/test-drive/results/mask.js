import { Cancelled, Client } from "../client.js";
import { el } from "../dom.js";
import { percent } from "../format.js";
import { hueOf } from "./colours.js";
import { canvasFor, put, saveButton } from "./picture.js";
import { scene } from "./scene.js";

/** @typedef {{label: string, index: number, share: number}} Part a class and its share of the picture, 0..1 */

const CLEAR = 0; // the first class is what lies behind: it is not painted
const HINT = "Point at the picture to read the class there; point at a class, or give it the focus, to see it alone.";

/** The picture with each class in a colour over it, and what each covers. @returns {import("./index.js").Drawing} */
export function maskResult() {
  const place = el("div");
  const note = el("output", { class: "td-note" });
  const slider = el("input", { type: "range", min: 0, max: 100, value: 60, oninput: fade });
  const opacity = el("label", { class: "td-least" }, "Opacity of the colours", slider);
  const list = el("ul", { class: "td-found td-legend", "aria-label": "Classes, the largest first" });
  const more = el("div");
  const element = el("div", {}, place, note, opacity, list, more);
  const painter = aside();
  let layer = el("canvas");

  function fade() {
    layer.style.opacity = String(slider.valueAsNumber / 100);
  }

  /** @type {import("./index.js").Drawing["show"]} */
  function show({ result, photo, layer: colours, counts, cutOut, wholeCutOut }, { name }) {
    const { classes, labels } = result;
    const parts = partsOf(labels, counts);
    const found = parts.filter(({ index }) => index !== CLEAR);
    const canvas = canvasFor(colours, { class: "td-layer", "aria-hidden": "true" });
    layer = canvas;
    fade();
    const caption = `${name}, painted over: ${found.map(covers).join(", ") || "nothing"}`;
    const drawn = scene(photo, caption, layer);
    readAt(drawn, result, note);
    note.value = HINT;
    place.replaceChildren(drawn);
    const paint = latest(async (only) => {
      put(canvas, await painter("paint", { classes, only }));
      canvas.dataset.only = only === undefined ? "" : labels[only];
    });
    list.replaceChildren(...parts.map((part) => entry(part, paint)));
    const whole = async () => canvasFor(await painter("paintWhole", classes));
    const kept = saveButton(whole, name, "mask", "Download the colours as PNG");
    more.replaceChildren(...(cutOut ? cut(cutOut, wholeCutOut, name) : []), kept);
    const shares = parts.map(({ label, share }) => ({ label, share }));
    return { summary: found.length ? covers(found[0]) : "nothing found", data: { shares } };
  }
  return { element, show };
}

/**
 * A worker for painting alone, which neither waits for the model nor stops with it. It ends when the page is left, and
 * the next call starts another.
 */
function aside() {
  /** @type {Client | null} */
  let client = null;
  addEventListener("pagehide", () => {
    client?.terminate();
    client = null;
  });
  return (/** @type {"paint" | "paintWhole"} */ call, /** @type {unknown} */ value) => (client ??= new Client()).call(call, value);
}

/**
 * One call at a time: what was asked for meanwhile is left out, but for the last.
 * @template {unknown[]} A
 * @param {(...values: A) => Promise<void>} action
 */
function latest(action) {
  let next = /** @type {A | null} */ (null);
  let isBusy = false;
  return async (/** @type {A} */ ...values) => {
    next = values;
    if (isBusy) return;
    isBusy = true;
    try {
      for (let now = next; now; now = next) {
        next = null;
        await action(...now);
      }
    } catch (error) {
      if (!(error instanceof Cancelled)) throw error; // the page is being left
    } finally {
      isBusy = false;
    }
  };
}

/** @param {Part} part */
const covers = ({ label, share }) => `${label}, ${percent(share)} of the picture`;

/** Classes that occur, the largest first. @param {string[]} labels @param {Uint32Array} counts @returns {Part[]} */
function partsOf(labels, counts) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const parts = labels.map((label, index) => ({ label, index, share: counts[index] / total }));
  return parts.filter(({ share }) => share > 0).sort((a, b) => b.share - a.share);
}

/** A line of the legend. @param {Part} part @param {(only?: number) => void} paintOnly all classes without a number */
function entry({ label, index, share }, paintOnly) {
  const style = index === CLEAR ? null : `--hue: ${hueOf(index)}`;
  const words = [["td-label", label], ["td-score", percent(share)]].map(([name, text]) => el("span", { class: name }, text));
  const line = el("li", { style, tabindex: 0, "data-label": label, "data-share": share }, ...words);
  for (const event of ["pointerenter", "focus"]) line.addEventListener(event, () => paintOnly(index));
  for (const event of ["pointerleave", "blur"]) line.addEventListener(event, () => paintOnly());
  return line;
}

/** Say in `note` which class lies under the pointer. */
function readAt(drawn, { labels, classes }, note) {
  const [height, width] = classes.shape;
  const tell = (event) => {
    const box = drawn.getBoundingClientRect();
    const x = Math.floor(((event.clientX - box.left) / box.width) * width);
    const y = Math.floor(((event.clientY - box.top) / box.height) * height);
    const isInside = x >= 0 && x < width && y >= 0 && y < height;
    note.value = isInside ? `Here: ${labels[classes.data[y * width + x]]}` : HINT;
  };
  drawn.addEventListener("pointermove", tell);
  drawn.addEventListener("pointerdown", tell);
  drawn.addEventListener("pointerleave", () => (note.value = HINT));
}

/** What is opaque, on a chequered ground, and a button to keep the whole of it. */
function cut(/** @type {ImageBitmap} */ bitmap, /** @type {ImageBitmap} */ whole, /** @type {string} */ name) {
  const style = `--aspect: ${bitmap.width / bitmap.height}`;
  const canvas = canvasFor(bitmap, { role: "img", "aria-label": `What was cut out of ${name}` });
  const figure = el("figure", { class: "td-page td-cutout", style }, canvas);
  const kept = canvasFor(whole);
  return [figure, saveButton(() => kept, name, "cut-out", "Download the cut-out as PNG")];
}
