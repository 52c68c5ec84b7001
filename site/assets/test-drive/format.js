/** Figures as people read them. */

const whole = new Intl.NumberFormat("en");

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  const [value, unit] = bytes < 1e6 ? [bytes / 1e3, "kB"] : [bytes / 1e6, "MB"];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** @param {number} milliseconds */
export function time(milliseconds) {
  return milliseconds < 10 ? `${milliseconds.toFixed(1)} ms` : `${whole.format(Math.round(milliseconds))} ms`;
}

/** A moment of a sound: `1:04.25`. @param {number} seconds */
export function moment(seconds) {
  const hundredths = Math.round(seconds * 100);
  const rest = ((hundredths % 6000) / 100).toFixed(2).padStart(5, "0");
  return `${Math.floor(hundredths / 6000)}:${rest}`;
}

/** @param {number} fraction 0..1 */
export function percent(fraction) {
  return `${(100 * fraction).toFixed(1)} %`;
}

/** @param {number} value a difference: `3.1e-7`, `0.02`, `0` */
export function small(value) {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  if (value >= 1e-3 && value < 1e4) return String(Number(value.toPrecision(2)));
  return value.toExponential(1).replace(".0e", "e").replace("e+", "e");
}

/** @param {number} value */
export function count(value) {
  return whole.format(value);
}
