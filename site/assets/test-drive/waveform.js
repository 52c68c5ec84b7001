/**
 * The outline of a sound: the least and greatest sample in each of as many equal parts.
 * @typedef {{low: Float32Array, high: Float32Array, seconds: number}} Envelope
 */

const COLUMNS = 600;
const SVG = "http://www.w3.org/2000/svg";

/** @param {import("../steps/sound.js").Sound} sound @returns {Envelope} */
export function envelope({ samples: { data, shape }, seconds }) {
  const [length] = shape;
  const channels = data.length / length;
  const columns = Math.min(COLUMNS, length);
  const [low, high] = [new Float32Array(columns), new Float32Array(columns)];
  for (let column = 0; column < columns; column++) {
    const [from, to] = [column, column + 1].map((i) => Math.floor((i * length) / columns) * channels);
    let [least, greatest] = [Infinity, -Infinity];
    for (let i = from; i < to; i++) {
      least = Math.min(least, data[i]);
      greatest = Math.max(greatest, data[i]);
    }
    [low[column], high[column]] = [least, greatest];
  }
  return { low, high, seconds };
}

/**
 * Draw an outline, as wide as there is room, in the colour of the text around it.
 * @param {Envelope} outline
 * @param {string} label for those who do not see it
 * @returns {SVGElement}
 */
export function waveform({ low, high }, label) {
  const columns = low.length;
  const place = (x, y) => `${x},${(1 - Math.min(1, Math.max(-1, y))).toFixed(3)}`;
  const above = Array.from(high, (y, x) => place(x, y + 0.004)); // so that silence is a line
  const below = Array.from(low, (y, x) => place(x, y - 0.004)).reverse();
  const svg = document.createElementNS(SVG, "svg");
  const shape = document.createElementNS(SVG, "polygon");
  shape.setAttribute("points", [...above, ...below].join(" "));
  const attributes = { viewBox: `0 0 ${Math.max(1, columns - 1)} 2`, preserveAspectRatio: "none", role: "img" };
  for (const [name, value] of Object.entries({ ...attributes, "aria-label": label, class: "td-wave" }))
    svg.setAttribute(name, value);
  svg.append(shape);
  return svg;
}
