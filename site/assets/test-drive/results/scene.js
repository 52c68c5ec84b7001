import { el } from "../dom.js";
import { canvasOf } from "./picture.js";

/**
 * The visitor's picture with marks over it, which bear `left`, `top` and so on in percent.
 * @param {{data: Uint8Array, shape: number[]}} picture
 * @param {string} label
 * @param {...Element} marks
 */
export function scene(picture, label, ...marks) {
  const [height, width] = picture.shape;
  return el("div", { class: "td-scene", style: `--aspect: ${width / height}` }, canvasOf(picture, label), ...marks);
}

/** A mark and its entry in a list: both stand out while one of them is pointed at or has the focus. */
export function paired(mark, entry) {
  const set = (on) => () => [mark, entry].forEach((part) => part.classList.toggle("td-chosen", on));
  for (const part of [mark, entry]) {
    part.addEventListener("pointerenter", set(true));
    part.addEventListener("pointerleave", set(false));
  }
  entry.addEventListener("focus", set(true));
  entry.addEventListener("blur", set(false));
}

/** @param {number} fraction */
export const share = (fraction) => `${(100 * fraction).toFixed(0)} %`;
