import { debounced, el, sampleButtons } from "../dom.js";
import { count } from "../format.js";

const PAUSE = 400; // ms without a key before a text is run

/** @type {(context: import("./index.js").Context) => import("./index.js").Widget} */
export function textInput({ api, submit }) {
  const area = el("textarea", { id: "td-text", rows: 9, spellcheck: "false", autocapitalize: "off", wrap: "off" });
  const note = el("p", { class: "td-note" });
  const limit = api.card.inputs[0].steps.find((step) => step.id === "encode_bytes")?.kwargs.length;
  const samples = sampleButtons(api.samples, (sample) => [sample.title], choose);
  const current = () => (area.value ? { read: () => area.value, name: "Your text" } : null);
  const runSoon = debounced(PAUSE, () => current() && submit(current()));

  function choose(sample) {
    runSoon.cancel();
    area.value = sample.text;
    describe();
    submit({ read: () => sample.text, name: sample.title, expected: sample.expected });
  }

  function describe() {
    const bytes = new TextEncoder().encode(area.value).length;
    const rest = bytes > limit ? `; the model reads the first ${count(limit)}` : ` of ${count(limit)}`;
    note.textContent = `${count(bytes)}${limit ? rest : ""} bytes`;
  }

  area.addEventListener("input", () => {
    samples.clear();
    describe();
    runSoon();
  });
  const label = el("label", { for: "td-text" }, "Text, typed or pasted");
  return { element: el("div", {}, samples.element, label, area, note), first: samples.first, current };
}
