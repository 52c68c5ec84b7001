import { download } from "../download.js";
import { el } from "../dom.js";
import { readNpy } from "../npy.js";

const SHOWN = 4; // neighbours

/** The samples that lie nearest, and the vector itself as a strip. @returns {import("./index.js").Drawing} */
export function embeddingResult({ api, root }) {
  const strip = el("canvas", { class: "td-strip", height: 1, role: "img" });
  const list = el("ol", { class: "td-neighbours", "aria-label": "Samples that are most alike, the nearest first" });
  const note = el("p", { class: "td-note" });
  const element = el("div", {}, list, note, strip);
  const samples = loadSamples(api, root);

  /** @type {import("./index.js").Drawing["show"]} */
  async function show({ result }, { name }) {
    const own = Float64Array.from(result.data);
    const others = (await samples).filter(({ sample }) => sample.title !== name);
    const near = others.map(({ sample, vector }) => ({ sample, likeness: cosine(own, vector) }));
    near.sort((a, b) => b.likeness - a.likeness);
    list.replaceChildren(...near.slice(0, SHOWN).map((row) => neighbour(row, root)));
    note.textContent = `Cosine similarity of ${own.length} numbers. Below, the numbers themselves: dark is low, bright is high.`;
    paint(strip, own);
    const [first] = near;
    const summary = first ? `most like ${first.sample.title}, ${first.likeness.toFixed(3)}` : `${own.length} numbers`;
    const neighbours = near.map(({ sample, likeness }) => ({ title: sample.title, likeness }));
    return { summary, data: { neighbours } };
  }
  return { element, show };
}

/** The samples' own vectors, which the build computed: the model's output for each. */
function loadSamples(api, root) {
  const [output] = api.card.outputs;
  const rows = api.golden.map(async ({ sample: title, outputs }) => {
    const vector = Float64Array.from(readNpy(await download(new URL(outputs[output.id], root))).data);
    return { sample: api.samples.find((sample) => sample.title === title), vector };
  });
  return Promise.all(rows);
}

function cosine(a, b) {
  let [dot, first, second] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i] * b[i];
    first += a[i] ** 2;
    second += b[i] ** 2;
  }
  return dot / Math.sqrt(first * second);
}

function neighbour({ sample, likeness }, root) {
  const picture = sample.file ? [el("img", { src: new URL(sample.file, root).href, alt: "" })] : [];
  const words = `${sample.title}, ${likeness.toFixed(3)}`;
  return el("li", { "data-title": sample.title }, ...picture, el("span", {}, words));
}

function paint(canvas, numbers) {
  canvas.width = numbers.length;
  canvas.setAttribute("aria-label", `${numbers.length} numbers from ${Math.min(...numbers).toFixed(2)} to ${Math.max(...numbers).toFixed(2)}`);
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const pixels = new ImageData(numbers.length, 1);
  numbers.forEach((number, i) => {
    const level = (255 * (number - low)) / (high - low || 1);
    pixels.data.set([level * 0.35, level * 0.75, level, 255], 4 * i);
  });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}
