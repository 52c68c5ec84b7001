import { el } from "../dom.js";

/**
 * @param {{data: Uint8Array, shape: number[]}} picture [H, W, C], C is 1 or 3
 * @param {string} label
 * @returns {HTMLCanvasElement}
 */
export function canvasOf({ data, shape: [height, width, channels] }, label) {
  const canvas = el("canvas", { width, height, role: "img", "aria-label": label });
  const pixels = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let channel = 0; channel < 3; channel++)
      pixels.data[4 * i + channel] = data[channels * i + Math.min(channel, channels - 1)];
    pixels.data[4 * i + 3] = 255;
  }
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
