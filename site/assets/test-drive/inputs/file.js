import { el, sampleButtons } from "../dom.js";
import { download } from "../download.js";
import { acceptDrops, filePicker } from "./files.js";

const WORDS = "Files of your own, of any kind: choose, drop here, or paste";

/** @type {(context: import("./index.js").Context) => import("./index.js").Widget} */
export function fileInput({ api, root, submit }) {
  /** @type {import("../app.js").Job | null} */
  let current = null;
  const samples = sampleButtons(api.samples, (sample) => [sample.title], choose);

  function run(...jobs) {
    current = jobs.at(-1);
    submit(...jobs);
  }

  function choose(sample) {
    run({ read: () => download(new URL(sample.file, root)), name: sample.title, expected: sample.expected });
  }

  function receive(files) {
    if (!files.length) return;
    samples.clear();
    run(...Array.from(files, (file) => ({ read: () => file, name: file.name || "Pasted file" })));
  }

  const element = el("div", {}, samples.element, filePicker(WORDS, "", receive));
  acceptDrops(element, receive);
  return { element, first: samples.first, current: () => current };
}
