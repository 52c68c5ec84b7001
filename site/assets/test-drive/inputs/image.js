import { el, sampleButtons } from "../dom.js";
import { download } from "../download.js";
import { drawingArea } from "./drawing.js";

const TYPES = "image/png,image/jpeg,image/webp,image/gif,image/bmp";

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

  const element = el("div", {}, samples.element, ...(drawing ? [drawing.element] : []), picker(receive));
  acceptDrops(element, receive);
  return { element, first: samples.first, current: () => current };
}

/** @param {(files: FileList) => void} receive */
function picker(receive) {
  const chosen = () => {
    receive(file.files);
    file.value = ""; // so that the same file can be chosen again
  };
  const file = el("input", { id: "td-file", type: "file", accept: TYPES, multiple: true, onchange: chosen });
  const label = el("label", { for: "td-file" }, "Pictures of your own: choose, drop here, or paste");
  return el("div", { class: "td-picker" }, label, file);
}

/**
 * @param {HTMLElement} element
 * @param {(files: FileList) => void} receive
 */
function acceptDrops(element, receive) {
  const over = (/** @type {boolean} */ on) => (/** @type {Event} */ event) => {
    event.preventDefault();
    element.classList.toggle("td-over", on);
  };
  element.addEventListener("dragover", over(true));
  element.addEventListener("dragleave", over(false));
  element.addEventListener("drop", (event) => {
    over(false)(event);
    receive(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => receive(event.clipboardData.files));
}
