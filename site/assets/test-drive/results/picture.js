import { el } from "../dom.js";
import { opaque } from "../pixels.js";

/**
 * @param {import("../pixels.js").Picture} picture a small one: its pixels are written while the page waits
 * @param {string} label
 * @returns {HTMLCanvasElement}
 */
export function canvasOf(picture, label) {
  const [height, width] = picture.shape;
  const canvas = el("canvas", { width, height, role: "img", "aria-label": label });
  canvas.getContext("2d").putImageData(opaque(picture), 0, 0);
  return canvas;
}

/**
 * A canvas that takes a bitmap over, whatever its size, at once.
 * @param {ImageBitmap} bitmap
 * @param {Record<string, unknown>} [attributes]
 * @returns {HTMLCanvasElement}
 */
export function canvasFor(bitmap, attributes) {
  const canvas = el("canvas", { width: bitmap.width, height: bitmap.height, ...attributes });
  put(canvas, bitmap);
  return canvas;
}

/** Show another bitmap on a canvas of `canvasFor`. @param {HTMLCanvasElement} canvas @param {ImageBitmap} bitmap */
export function put(canvas, bitmap) {
  canvas.getContext("bitmaprenderer").transferFromImageBitmap(bitmap);
}

/**
 * A button that keeps what a canvas shows.
 * @param {() => HTMLCanvasElement | Promise<HTMLCanvasElement>} draw
 * @param {string} name of the input
 * @param {string} [what] is shown, behind the name in the file's name: without it the size
 * @param {string} [words] on the button
 */
export function saveButton(draw, name, what, words = "Download PNG") {
  const save = async () => {
    const canvas = await draw();
    const file = `${name.replace(/\.\w+$/, "")}-${what ?? `${canvas.width}x${canvas.height}`}.png`;
    canvas.toBlob((png) => {
      const href = URL.createObjectURL(png);
      el("a", { href, download: file }).click();
      setTimeout(() => URL.revokeObjectURL(href));
    }, "image/png");
  };
  return el("button", { type: "button", class: "td-save", onclick: save }, words);
}
