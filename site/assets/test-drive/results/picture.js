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
