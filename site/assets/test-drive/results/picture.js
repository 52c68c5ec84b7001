import { el } from "../dom.js";

const OPAQUE = 0xff000000;

/**
 * @param {{data: Uint8Array, shape: number[]}} picture [H, W, C], C is 1 or 3
 * @param {string} label
 * @returns {HTMLCanvasElement}
 */
export function canvasOf({ data, shape: [height, width, channels] }, label) {
  const canvas = el("canvas", { width, height, role: "img", "aria-label": label });
  const pixels = new ImageData(width, height);
  const words = new Uint32Array(pixels.data.buffer);
  const [green, blue] = channels === 1 ? [0, 0] : [1, 2];
  for (let i = 0, from = 0; i < words.length; i++, from += channels)
    words[i] = OPAQUE | (data[from + blue] << 16) | (data[from + green] << 8) | data[from];
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

/**
 * A button that keeps what a canvas shows.
 * @param {HTMLCanvasElement} canvas
 * @param {string} name of the input
 * @param {string} [what] is shown, behind the name in the file's name
 * @param {string} [words] on the button
 */
export function saveButton(canvas, name, what = `${canvas.width}x${canvas.height}`, words = "Download PNG") {
  const save = () =>
    canvas.toBlob((png) => {
      const href = URL.createObjectURL(png);
      el("a", { href, download: `${name.replace(/\.\w+$/, "")}-${what}.png` }).click();
      setTimeout(() => URL.revokeObjectURL(href));
    }, "image/png");
  return el("button", { type: "button", class: "td-save", onclick: save }, words);
}
