/** What a step may know beside its value: labels, the card's files, the original picture or sound. */

import { StepError } from "./errors.js";

/** @typedef {import("./errors.js").NumberArray} NumberArray */

/**
 * Where the model's picture of `rows` × `columns` pixels lies in the original one of `height` × `width`: a place `y` in
 * the model's picture, in pixels from its upper edge, is `scale_y * y + offset_y` in the original; so for `x`.
 * @typedef {{height: number, width: number, rows: number, columns: number,
 *            scale_y: number, scale_x: number, offset_y: number, offset_x: number}} Frame
 * @typedef {{top: number, left: number, bottom: number, right: number}} Box pixels up to but without bottom and right
 */

/** The pixels of the original that the model saw. @param {Frame} frame @returns {Box} */
export function seen({ height, width, rows, columns, scale_y, scale_x, offset_y, offset_x }) {
  const [top, bottom] = span(offset_y, offset_y + scale_y * rows, height);
  const [left, right] = span(offset_x, offset_x + scale_x * columns, width);
  return { top, left, bottom, right };
}

/**
 * The pixels of a model's output `[outHeight, outWidth]` that show the original and no border.
 * @param {Frame} frame
 * @param {number} outHeight
 * @param {number} outWidth
 * @returns {Box}
 */
export function inside({ height, width, rows, columns, scale_y, scale_x, offset_y, offset_x }, outHeight, outWidth) {
  const [byY, byX] = [outHeight / rows / scale_y, outWidth / columns / scale_x];
  const [top, bottom] = span(-offset_y * byY, (height - offset_y) * byY, outHeight);
  const [left, right] = span(-offset_x * byX, (width - offset_x) * byX, outWidth);
  return { top, left, bottom, right };
}

/** The whole places nearest to a stretch, at least one pixel and inside `0..size`. */
function span(start, end, size) {
  const first = Math.min(Math.max(Math.floor(start + 0.5), 0), size - 1);
  return [first, Math.min(Math.max(Math.floor(end + 0.5), first + 1), size)];
}

/** One run of a card's steps: those of the inputs leave here what those of the outputs need. */
export class Context {
  /**
   * @param {object} given
   * @param {string[] | null} [given.labels] of the output
   * @param {(name: string) => Promise<Uint8Array>} [given.file] reads a file of the card that a step names
   * @param {(path: string) => Promise<any>} [given.library] loads a module that other people wrote; see `scripts/vendor.py`
   * @param {(message: string) => void} [given.warn] where to say that a value is outside its range
   * @param {Frame | null} [given.frame] null: no picture has been decoded
   * @param {NumberArray | null} [given.picture] [H, W, 3] uint8, the original, upright
   * @param {import("./sound.js").Sound | null} [given.sound] the original; null: no sound has been decoded
   */
  constructor({ labels = null, file, library, warn = console.warn, frame = null, picture = null, sound = null } = {}) {
    Object.assign(this, { labels, file, library, warn, frame, picture, sound });
  }

  /** Note the original picture. @param {NumberArray} picture */
  decoded(picture) {
    const [height, width] = picture.shape;
    this.picture = picture;
    const same = { scale_y: 1, scale_x: 1, offset_y: 0, offset_x: 0 };
    this.frame = { height, width, rows: height, columns: width, ...same };
  }

  /** Note that so many pixels from `top`, `left` were cut; what lies outside is border. */
  cut(top, left, rows, columns) {
    if (!this.frame) return;
    const { scale_y, scale_x, offset_y, offset_x } = this.frame;
    const offsets = { offset_y: offset_y + scale_y * top, offset_x: offset_x + scale_x * left };
    this.frame = { ...this.frame, rows, columns, ...offsets };
  }

  /** Note that the model's picture was resized. */
  resized(rows, columns) {
    if (!this.frame) return;
    const { scale_y, scale_x } = this.frame;
    const scales = { scale_y: scale_y * (this.frame.rows / rows), scale_x: scale_x * (this.frame.columns / columns) };
    this.frame = { ...this.frame, rows, columns, ...scales };
  }

  /** The frame, for a step that leads back to the original picture. @param {string} step @returns {Frame} */
  framed(step) {
    if (!this.frame) {
      throw new StepError(step, "a picture among the inputs", "none", "use decode_image in the steps of an input");
    }
    return this.frame;
  }

  /** The original sound, for a step whose result lies in its time. @param {string} step */
  heard(step) {
    if (!this.sound) {
      throw new StepError(step, "a sound among the inputs", "none", "use decode_audio in the steps of an input");
    }
    return this.sound;
  }
}
