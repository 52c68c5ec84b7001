import { Context } from "../../steps/context.js";
import { Pipeline } from "../../steps/pipeline.js";
import { download } from "../download.js";
import { el } from "../dom.js";
import { readNpy } from "../npy.js";

/** @typedef {{sample: any, vector: ArrayLike<number>}} Known a sample of the card and its embedding */

const SHOWN = 5; // neighbours

/** The samples that lie nearest, and the vector itself as a strip. @returns {import("./index.js").Drawing} */
export function embeddingResult({ api, root }) {
  const list = el("ol", { class: "td-neighbours", "aria-label": "Samples that are most alike, the nearest first" });
  const note = el("p", { class: "td-note" });
  const strip = el("canvas", { class: "td-strip", height: 1, role: "img" });
  const element = el("div", {}, list, note, strip);
  /** @type {Promise<Known[]> | null} */
  let loading = null;

  function known() {
    loading ??= samplesOf(api, root);
    loading.catch(() => (loading = null)); // so that the next run tries again
    return loading;
  }

  /** @type {import("./index.js").Drawing["show"]} */
  async function show({ result }, { name }) {
    const others = (await known()).filter(({ sample }) => sample.title !== name);
    const neighbours = others.map(({ sample, vector }) => ({ sample, likeness: cosine(result.data, vector) }));
    neighbours.sort((a, b) => b.likeness - a.likeness);
    list.replaceChildren(...neighbours.slice(0, SHOWN).map((row) => entry(row, root)));
    note.textContent = `Each figure is the cosine of the angle between two vectors of ${result.data.length} numbers: 1 is the same direction. The vector of this input, lowest number dark, highest bright:`;
    paint(strip, result.data);
    const [nearest] = neighbours;
    const summary = nearest ? `most like ${nearest.sample.title}, ${figure(nearest.likeness)}` : "nothing to compare with";
    const likenesses = neighbours.map(({ sample, likeness }) => ({ title: sample.title, likeness }));
    return { summary, data: { embedding: [...result.data], neighbours: likenesses } };
  }
  return { element, show };
}

/** The samples' embeddings: what the build kept of the model's outputs, through the card's steps. */
function samplesOf({ card, labels, golden, samples }, root) {
  const pipeline = new Pipeline(card, labels);
  const tensor = async ([name, path]) => [name, readNpy(await download(new URL(path, root)))];
  const rows = golden.map(async ({ sample: title, outputs }) => {
    const tensors = Object.fromEntries(await Promise.all(Object.entries(outputs).map(tensor)));
    const { data } = await pipeline.result(tensors, new Context());
    return { sample: samples.find((sample) => sample.title === title), vector: data };
  });
  return Promise.all(rows);
}

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b */
function cosine(a, b) {
  let [dot, first, second] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i] * b[i];
    first += a[i] ** 2;
    second += b[i] ** 2;
  }
  return dot / (Math.sqrt(first * second) || 1);
}

const figure = (/** @type {number} */ likeness) => likeness.toFixed(3);

/** A sample's picture, its title, and how near it lies. */
function entry({ sample, likeness }, root) {
  const picture = sample.file ? [el("img", { src: new URL(sample.file, root).href, alt: "" })] : [];
  const bar = el("span", { class: "td-bar", style: `--score: ${Math.max(0, likeness)}` });
  const words = [el("span", { class: "td-label" }, sample.title), el("span", { class: "td-score" }, figure(likeness))];
  return el("li", { "data-title": sample.title, "data-likeness": likeness }, ...picture, ...words, bar);
}

/** One pixel a number. @param {HTMLCanvasElement} canvas @param {Float32Array} numbers */
function paint(canvas, numbers) {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  canvas.width = numbers.length;
  canvas.setAttribute("aria-label", `${numbers.length} numbers from ${low.toFixed(2)} to ${high.toFixed(2)}`);
  const pixels = new ImageData(numbers.length, 1);
  numbers.forEach((number, i) => {
    const level = (255 * (number - low)) / (high - low || 1);
    pixels.data.set([level * 0.35, level * 0.75, level, 255], 4 * i);
  });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}
