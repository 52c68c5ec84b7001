/** A sound that has not yet been brought to a model's rate. */

import { described, StepError } from "./errors.js";

/** @typedef {import("./errors.js").NumberArray} NumberArray */

/** Samples, of which `rate` make a second; full scale is -1..1. */
export class Sound {
  /**
   * @param {NumberArray} samples `[T]` or `[T, C] float32`
   * @param {number} rate
   */
  constructor(samples, rate) {
    this.samples = samples;
    this.rate = rate;
  }

  /** How long it lasts. */
  get seconds() {
    return this.samples.shape[0] / this.rate;
  }
}

/** Return `value` if it is a sound. @param {string} step @param {any} value @returns {Sound} */
export function sound(step, value) {
  if (!(value instanceof Sound)) throw new StepError(step, "a sound", described(value), "put decode_audio before it");
  return value;
}
