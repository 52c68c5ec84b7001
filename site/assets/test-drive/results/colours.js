const GOLDEN_ANGLE = 137.5; // degrees between the hues of neighbouring labels: never twice the same

/** The hue of the label at this place, in degrees. @param {number} index */
export const hueOf = (index) => (210 + index * GOLDEN_ANGLE) % 360;

/**
 * A colour for each label: the `style` that sets `--hue`.
 * @param {{label: string}[]} rows
 * @returns {(label: string) => string}
 */
export function hues(rows) {
  const labels = [...new Set(rows.map(({ label }) => label))];
  return (label) => `--hue: ${hueOf(labels.indexOf(label))}`;
}

/** Red, green and blue, 0..255, of a hue at full saturation and medium lightness. @param {number} hue degrees */
export function rgbOf(hue) {
  const part = (shift) => {
    const k = (shift + hue / 30) % 12;
    return Math.round(255 * (0.5 - 0.42 * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [part(0), part(8), part(4)];
}
