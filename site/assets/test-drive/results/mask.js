import { el } from "../dom.js";
import { percent } from "../format.js";
import { hueOf, rgbOf } from "./colours.js";
import { canvasOf, saveButton } from "./picture.js";
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
  let layer = el("canvas");

  function fade() {
    layer.style.opacity = String(slider.valueAsNumber / 100);
  }

  /** @type {import("./index.js").Drawing["show"]} */
  function show({ result, picture }, { name }) {
    const parts = partsOf(result);
    const found = parts.filter(({ index }) => index !== CLEAR);
    const [height, width] = result.classes.shape;
    layer = el("canvas", { width, height, class: "td-layer", "aria-hidden": "true" });
    paint(layer, result.classes);
    fade();
    const caption = `${name}, painted over: ${found.map(covers).join(", ") || "nothing"}`;
    const drawn = scene(picture, caption, layer);
    readAt(drawn, result, note);
    note.value = HINT;
    place.replaceChildren(drawn);
    list.replaceChildren(...parts.map((part) => entry(part, (only) => paint(layer, result.classes, only))));
    const cutOut = result.opacity ? cut(picture, result.opacity, name) : [];
    more.replaceChildren(...cutOut, saveButton(layer, name, "mask", "Download the colours as PNG"));
    const shares = parts.map(({ label, share }) => ({ label, share }));
    return { summary: found.length ? covers(found[0]) : "nothing found", data: { shares } };
  }
  return { element, show };
}

/** @param {Part} part */
const covers = ({ label, share }) => `${label}, ${percent(share)} of the picture`;

/** Classes that occur, the largest first. @returns {Part[]} */
function partsOf({ labels, classes }) {
  const counts = new Uint32Array(labels.length);
  for (const index of classes.data) counts[index] += 1;
  const parts = labels.map((label, index) => ({ label, index, share: counts[index] / classes.data.length }));
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

/** Paint the classes, or one of them, each pixel in one write: photos have millions. */
function paint(canvas, { data, shape: [height, width] }, only) {
  const pixels = new ImageData(width, height);
  const colours = new Uint8Array(4 * 256);
  for (let index = 0; index < 256; index++) {
    const isShown = only === undefined ? index !== CLEAR : index === only;
    if (isShown) colours.set([...rgbOf(hueOf(index)), 255], 4 * index);
  }
  const [words, table] = [new Uint32Array(pixels.data.buffer), new Uint32Array(colours.buffer)];
  for (let i = 0; i < words.length; i++) words[i] = table[data[i]];
  canvas.getContext("2d").putImageData(pixels, 0, 0);
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

/** What is opaque, on a chequered ground, and a button to keep it. */
function cut({ data }, opacity, name) {
  const [height, width] = opacity.shape;
  const canvas = el("canvas", { width, height, role: "img", "aria-label": `What was cut out of ${name}` });
  const pixels = new ImageData(width, height);
  for (let i = 0, from = 0; i < pixels.data.length; i++) {
    pixels.data[i] = i % 4 === 3 ? opacity.data[i >> 2] : data[from++];
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  const figure = el("figure", { class: "td-page td-cutout", style: `--aspect: ${width / height}` }, canvas);
  return [figure, saveButton(canvas, name, "cut-out", "Download the cut-out as PNG")];
}
