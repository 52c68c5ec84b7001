import { el, sampleButtons } from "../dom.js";
import { download } from "../download.js";
import { drawingArea } from "./drawing.js";
import { acceptDrops, filePicker } from "./files.js";

const TYPES = "image/png,image/jpeg,image/webp,image/gif,image/bmp";
const WORDS = "Pictures of your own: choose, drop here, or paste";

/** @type {(context: import("./index.js").Context) => import("./index.js").Widget} */
export function imageInput({ api, root, submit }) {
  /** @type {import("../app.js").Job | null} */
  let current = null;
  const address = (sample) => new URL(sample.file, root);
  const thumbnail = (sample) => [el("img", { src: address(sample), alt: sample.title, title: sample.title })];
  const samples = sampleButtons(api.samples, thumbnail, choose);
  const isDrawing = api.card.inputs[0].steps.some((step) => step.id === "crop_to_content");
  const drawing = isDrawing ? drawingArea(drawn) : null;

  function run(...jobs) {
    current = jobs.at(-1);
    submit(...jobs);
  }

  function choose(sample) {
    drawing?.clear();
    run({ read: () => download(address(sample)), name: sample.title, expected: sample.expected });
  }

  function drawn(png) {
    samples.clear();
    run({ read: () => png, name: "Your drawing" });
  }

  function receive(files) {
    if (!files.length) return;
    samples.clear();
    drawing?.clear();
    run(...Array.from(files, (file) => ({ read: () => file, name: file.name || "Pasted picture" })));
  }

  const picker = filePicker(WORDS, TYPES, receive);
  const element = el("div", {}, samples.element, ...(drawing ? [drawing.element] : []), picker);
  acceptDrops(element, receive);
  return { element, first: samples.first, current: () => current };
}
