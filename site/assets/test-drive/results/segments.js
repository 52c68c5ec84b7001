import { el } from "../dom.js";
import { moment, percent } from "../format.js";
import { waveform } from "../waveform.js";
import { hues } from "./colours.js";

/** Stretches of a sound, coloured over its waveform and listed with their times. @returns {import("./index.js").Drawing} */
export function segmentsResult() {
  const line = el("div", { class: "td-outline" });
  const list = el("ol", { class: "td-segments", "aria-label": "Stretches, in order of time" });
  const note = el("p", { class: "td-note" });
  const element = el("div", {}, line, note, list);

  /** @type {import("./index.js").Drawing["show"]} */
  function show({ result, sound }, { name }) {
    const hue = hues(result);
    const stretches = result.map((row) => stretch(row, sound.seconds, hue(row.label)));
    line.replaceChildren(waveform(sound, `Waveform of ${name} with the stretches found`), ...stretches);
    list.replaceChildren(...result.map((row) => entry(row, hue(row.label))));
    const total = result.reduce((sum, { start, end }) => sum + end - start, 0);
    const summary = result.length
      ? `${result.length === 1 ? "1 stretch" : `${result.length} stretches`}, ${moment(total)} of ${moment(sound.seconds)}`
      : `nothing found in ${moment(sound.seconds)}`;
    note.textContent = `0:00.00 to ${moment(sound.seconds)}: ${summary}`;
    return { summary, data: { segments: result } };
  }
  return { element, show };
}

/** @param {{start: number, end: number}} row @param {number} seconds of the sound @param {string} colour */
function stretch({ start, end }, seconds, colour) {
  const place = `left: ${(100 * start) / seconds}%; width: ${(100 * (end - start)) / seconds}%`;
  return el("span", { class: "td-stretch", "aria-hidden": "true", style: `${place}; ${colour}` });
}

/** @param {{start: number, end: number, label: string, score: number}} row @param {string} colour */
function entry({ start, end, label, score }, colour) {
  const times = el("span", { class: "td-times" }, `${moment(start)} – ${moment(end)}`);
  const name = el("span", { class: "td-label" }, label);
  return el("li", { style: colour, "data-start": start, "data-end": end }, times, name, el("span", {}, percent(score)));
}
