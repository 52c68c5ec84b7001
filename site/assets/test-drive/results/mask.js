import { el } from "../dom.js";
import { percent } from "../format.js";
import { hueOf, rgbOf } from "./colours.js";
import { canvasOf, saveButton } from "./picture.js";

const CLEAR = 0; // the first class is what lies behind: it is not painted

/** The picture with each class in a colour over it. @returns {import("./index.js").Drawing} */
export function maskResult() {
  const element = el("div");

  /** @type {import("./index.js").Drawing["show"]} */
  function show({ result, picture }, { name }) {
    const shares = sharesOf(result);
    const layer = painted(result, name);
    const stack = el("div", { class: "td-stack td-mask" }, canvasOf(picture, `${name}, as it was given`), layer);
    const note = el("p", { class: "td-note", role: "status" }, "Point at the picture to read the class there.");
    const tell = (event) => (note.textContent = labelAt(result, layer, event));
    stack.addEventListener("pointermove", tell);
    stack.addEventListener("pointerdown", tell);
    const slide = (event) => (layer.style.opacity = String(event.target.value / 100));
    const slider = el("input", { type: "range", min: 0, max: 100, value: 60, oninput: slide });
    layer.style.opacity = "0.6";
    const opacity = el("label", { class: "td-opacity" }, "Opacity of the colours ", slider);
    const legend = el("ul", { class: "td-legend", "aria-label": "Classes and their shares" }, ...shares.map(entry));
    const cutOut = result.opacity ? [figureOf(picture, result.opacity)] : [];
    const save = saveButton(layer, name, "mask", "Download the colours as PNG");
    element.replaceChildren(stack, note, opacity, legend, ...cutOut, save);
    const [largest] = shares.filter(({ index }) => index !== CLEAR);
    const summary = largest ? `${largest.label}, ${percent(largest.share)} of the picture` : "nothing found";
    return { summary, data: { shares: shares.map(({ label, share }) => ({ label, share })) } };
  }
  return { element, show };
}

/** Classes that occur, the most frequent first. */
function sharesOf({ labels, classes }) {
  const counts = new Uint32Array(labels.length);
  for (const index of classes.data) counts[index] += 1;
  const rows = labels.map((label, index) => ({ label, index, share: counts[index] / classes.data.length }));
  return rows.filter(({ share }) => share > 0).sort((a, b) => b.share - a.share);
}

function entry({ label, index, share }) {
  const colour = index === CLEAR ? "" : `--hue: ${hueOf(index)}`;
  return el("li", { style: colour, "data-label": label, "data-clear": index === CLEAR }, `${label} ${percent(share)}`);
}

function painted({ classes }, name) {
  const [height, width] = classes.shape;
  const canvas = el("canvas", { width, height, class: "td-layer", role: "img", "aria-label": `Classes found in ${name}` });
  const pixels = new ImageData(width, height);
  const colours = Array.from({ length: 256 }, (_, index) => rgbOf(hueOf(index)));
  classes.data.forEach((index, i) => {
    if (index !== CLEAR) pixels.data.set([...colours[index], 255], 4 * i);
  });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

function labelAt({ labels, classes }, layer, event) {
  const box = layer.getBoundingClientRect();
  const [height, width] = classes.shape;
  const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  if (x < 0 || x >= 1 || y < 0 || y >= 1) return "";
  return labels[classes.data[Math.floor(y * height) * width + Math.floor(x * width)]];
}

/** What is opaque, cut out and laid over a chequered ground. */
function figureOf({ data, shape: [height, width] }, opacity) {
  const canvas = el("canvas", { width, height, role: "img", "aria-label": "What was cut out" });
  const pixels = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) pixels.data.set([...data.subarray(3 * i, 3 * i + 3), opacity.data[i]], 4 * i);
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return el("figure", { class: "td-cutout" }, canvas, el("figcaption", {}, "Cut out"));
}
