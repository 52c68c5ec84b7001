/** What a step may know beside its value: labels, the card's files, where its picture lies in the original. */

import { StepError } from "./errors.js";

/** @typedef {import("./errors.js").NumberArray} NumberArray */

/**
 * Where the pixels that the model gets lie in the original picture of `height` × `width` pixels: a place `y` in the
 * model's picture, in pixels from its upper edge, is `scale_y * y + offset_y` in the original; so for `x`.
 * @typedef {{height: number, width: number, scale_y: number, scale_x: number, offset_y: number, offset_x: number}} Frame
 */

/** One run of a card's steps: those of the inputs leave here what those of the outputs need. */
export class Context {
  /**
   * @param {object} given
   * @param {string[] | null} [given.labels] of the output
   * @param {(name: string) => Promise<Uint8Array>} [given.file] reads a file of the card that a step names
   * @param {(message: string) => void} [given.warn] where to say that a value is outside its range
   * @param {Frame | null} [given.frame] null: no picture has been decoded
   * @param {NumberArray | null} [given.picture] [H, W, 3] uint8, the original, upright
   */
  constructor({ labels = null, file, warn = console.warn, frame = null, picture = null } = {}) {
    Object.assign(this, { labels, file, warn, frame, picture });
  }

  /** Note the original picture. @param {NumberArray} picture */
  decoded(picture) {
    const [height, width] = picture.shape;
    this.picture = picture;
    this.frame = { height, width, scale_y: 1, scale_x: 1, offset_y: 0, offset_x: 0 };
  }

  /** Note a cut that begins at `top`, `left`; negative numbers are borders put around. */
  moved(top, left) {
    if (!this.frame) return;
    const { scale_y, scale_x, offset_y, offset_x } = this.frame;
    this.frame = { ...this.frame, offset_y: offset_y + scale_y * top, offset_x: offset_x + scale_x * left };
  }

  /** Note that `[H, W, …]` became `[h, w, …]`. @param {number[]} old @param {number[]} shape */
  resized(old, shape) {
    if (!this.frame) return;
    const { scale_y, scale_x } = this.frame;
    this.frame = { ...this.frame, scale_y: scale_y * (old[0] / shape[0]), scale_x: scale_x * (old[1] / shape[1]) };
  }

  /** The frame, for a step that leads back to the original picture. @param {string} step @returns {Frame} */
  framed(step) {
    if (!this.frame) {
      throw new StepError(step, "a picture among the inputs", "none", "use decode_image in the steps of an input");
    }
    return this.frame;
  }
}
