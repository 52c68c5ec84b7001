import { readWav } from "../../steps/wav.js";
import { el, sampleButtons } from "../dom.js";
import { download } from "../download.js";
import { moment } from "../format.js";
import { asWav } from "../sounds.js";
import { envelope, waveform } from "../waveform.js";
import { acceptDrops, filePicker } from "./files.js";
import { recorder } from "./recorder.js";

const WORDS = "Sounds of your own: choose, or drop here";

/** @type {(context: import("./index.js").Context) => import("./index.js").Widget} */
export function audioInput({ api, root, submit }) {
  /** @type {import("../app.js").Job | null} */
  let current = null;
  const address = (sample) => new URL(sample.file, root);
  const samples = sampleButtons(api.samples, (sample) => [sample.title], choose);
  const sheet = soundSheet();

  function run(...jobs) {
    current = jobs.at(-1);
    submit(...jobs);
  }

  function choose(sample) {
    run({ ...sheet.job(sample.title, () => download(address(sample))), expected: sample.expected });
  }

  function receive(files) {
    if (!files.length) return;
    samples.clear();
    run(...Array.from(files, (file) => sheet.job(file.name || "Pasted sound", () => asWav(file))));
  }

  function recorded(take) {
    samples.clear();
    let wav = null;
    run(sheet.job("Your recording", () => (wav ??= take())));
  }

  const buttons = [...samples.element.children];
  buttons.forEach((button, i) => addPlayButton(button, api.samples[i].title, address(api.samples[i])));
  const picker = filePicker(WORDS, "audio/*", receive);
  const element = el("div", {}, samples.element, recorder(recorded), sheet.element, picker);
  acceptDrops(element, receive);
  return { element, first: samples.first, current: () => current };
}

/** Lets a sample be heard without running it. @param {Element} button @param {string} title @param {URL} url */
function addPlayButton(button, title, url) {
  const sound = new Audio();
  sound.preload = "none";
  const toggle = () => {
    if (!sound.paused) return sound.pause();
    sound.src ||= url.href;
    sound.currentTime = 0;
    return sound.play().catch(draw);
  };
  const play = el("button", { type: "button", class: "td-play", "aria-label": `Play ${title}`, onclick: toggle });
  const draw = () => (play.dataset.playing = String(!sound.paused));
  ["play", "pause", "ended"].forEach((name) => sound.addEventListener(name, draw));
  const pair = el("span", { class: "td-pair" });
  button.replaceWith(pair);
  pair.append(button, play);
}

/** The sound that is being run: its outline, and a player. */
function soundSheet() {
  const outline = el("div", { class: "td-outline" });
  const player = el("audio", { controls: true, "aria-label": "The sound" });
  const element = el("div", { hidden: true }, outline, player);

  function clear() {
    element.hidden = true;
    URL.revokeObjectURL(player.src);
    player.removeAttribute("src");
  }

  /** @param {Uint8Array} wav @param {string} name */
  function show(wav, name) {
    const drawing = envelope(readWav(wav));
    outline.replaceChildren(waveform(drawing, `Waveform of ${name}, ${moment(drawing.seconds)}`));
    player.src = URL.createObjectURL(new Blob([wav], { type: "audio/wav" }));
    element.hidden = false;
  }

  /**
   * A job whose sound is shown as soon as it is read.
   * @param {string} name
   * @param {() => Uint8Array | Promise<Uint8Array>} read gives a WAV file
   * @returns {import("../app.js").Job}
   */
  function job(name, read) {
    const shown = async () => {
      clear();
      const wav = await read();
      show(wav, name);
      return wav;
    };
    return { name, read: shown };
  }
  return { element, job };
}
