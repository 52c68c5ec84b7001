/** Runs in the audio thread: hands the first channel of what the microphone hears to the page, in blocks. */

const BLOCK = 2048; // samples, about 20 messages a second

class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Float32Array(BLOCK);
    this.filled = 0;
  }

  /** @param {Float32Array[][]} inputs */
  process([[samples]]) {
    if (!samples) return true; // nothing is connected yet
    this.block.set(samples, this.filled);
    this.filled += samples.length;
    if (this.filled === BLOCK) {
      this.port.postMessage(this.block);
      this.filled = 0;
    }
    return true;
  }
}

registerProcessor("microphone", Microphone);
