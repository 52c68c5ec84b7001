import { el } from "../dom.js";
import { Failure } from "../failure.js";
import { encodeWav } from "../sounds.js";

const LONGEST = 30; // seconds
const PLAIN = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
const REASONS = {
  NotAllowedError: ["The browser does not let this page use the microphone.", "Allow it beside the address, and record again."],
  NotFoundError: ["No microphone was found.", "Connect one, or choose a file."],
};

/**
 * A button that records from the microphone, with a meter of how loud it is. Samples come as the device gives them.
 * @param {(wav: () => Uint8Array) => void} recorded gives a WAV file, or throws why there is none
 * @returns {HTMLElement}
 */
export function recorder(recorded) {
  const button = el("button", { type: "button", onclick: press }, "Record");
  const meter = el("meter", { min: 0, max: 1, high: 0.98, value: 0, "aria-label": "Loudness", hidden: true });
  const clock = el("span", { class: "td-note", role: "timer", hidden: true });
  /** @type {Recording | null} */
  let recording = null;

  async function press() {
    if (recording) return finish();
    button.disabled = true;
    try {
      recording = await Recording.begin(hear);
    } catch (error) {
      recorded(() => {
        throw explained(error);
      });
    }
    show();
  }

  /** @param {number} loudness @param {number} seconds so far */
  function hear(loudness, seconds) {
    meter.value = loudness;
    clock.textContent = `${seconds.toFixed(1)} of at most ${LONGEST} s`;
    if (seconds >= LONGEST) finish();
  }

  function finish() {
    const done = recording;
    recording = null;
    show();
    if (done) recorded(() => done.end());
  }

  function show() {
    button.disabled = false;
    button.textContent = recording ? "Stop recording" : "Record";
    button.classList.toggle("td-recording", Boolean(recording));
    meter.hidden = clock.hidden = !recording;
  }

  addEventListener("pagehide", () => recording?.end());
  return el("div", { class: "td-recorder" }, button, meter, clock);
}

/** @param {Error} error of the browser */
function explained(error) {
  const [what, cure] = REASONS[error.name] ?? [`Recording did not start: ${error.message}.`, "Choose a file instead."];
  return new Failure(what, cure, { cause: error });
}

/** What the microphone hears, from `begin` to `end`. */
class Recording {
  /**
   * @param {MediaStream} stream
   * @param {AudioContext} context
   * @param {(loudness: number, seconds: number) => void} hear
   */
  constructor(stream, context, hear) {
    Object.assign(this, { stream, context, hear });
    this.blocks = /** @type {Float32Array[]} */ ([]);
    this.length = 0;
  }

  /** @param {(loudness: number, seconds: number) => void} hear called for each block of samples */
  static async begin(hear) {
    if (!navigator.mediaDevices?.getUserMedia)
      throw new Failure("This page may not record.", "Open it over https, or choose a file.");
    const stream = await navigator.mediaDevices.getUserMedia({ audio: PLAIN });
    const context = new AudioContext();
    const recording = new Recording(stream, context, hear);
    await context.audioWorklet.addModule(new URL("./microphone.js", import.meta.url)).catch((error) => {
      recording.end();
      throw error;
    });
    const tap = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 0 });
    tap.port.onmessage = ({ data }) => recording.#take(data);
    context.createMediaStreamSource(stream).connect(tap);
    return recording;
  }

  /** @param {Float32Array} block */
  #take(block) {
    this.blocks.push(block);
    this.length += block.length;
    const loudness = block.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    this.hear(loudness, this.length / this.context.sampleRate);
  }

  /** Let go of the microphone. @returns {Uint8Array} a WAV file */
  end() {
    this.stream.getTracks().forEach((track) => track.stop());
    this.context.close();
    this.hear = () => {};
    const samples = new Float32Array(this.length);
    let at = 0;
    for (const block of this.blocks) {
      samples.set(block, at);
      at += block.length;
    }
    return encodeWav([samples], this.context.sampleRate);
  }
}
