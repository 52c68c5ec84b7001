import { el } from "../dom.js";
import { canvasFor } from "./picture.js";

/**
 * The visitor's picture with marks over it, which bear `left`, `top` and so on in percent.
 * @param {ImageBitmap} photo
 * @param {string} label
 * @param {...Element} marks
 */
export function scene(photo, label, ...marks) {
  const style = `--aspect: ${photo.width / photo.height}`;
  return el("div", { class: "td-scene", style }, canvasFor(photo, { role: "img", "aria-label": label }), ...marks);
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
