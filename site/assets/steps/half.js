/** IEEE 754 binary16, for browsers without Float16Array. */

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/**
 * Round to the nearest binary16, half to even; 65520 and above is infinite.
 * @param {number} x a float32
 * @returns {number} bit pattern, 0..65535
 */
export function toHalf(x) {
  float[0] = x;
  const sign = (bits[0] >>> 16) & 0x8000;
  const size = Math.abs(float[0]);
  if (Number.isNaN(size)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  const magnitude = bits[0] & 0x7fffffff;
  if (size < 2 ** -14) return sign | halfToEven(size * 2 ** 24);
  // Rebias the exponent from 127 to 15, then drop 13 bits of the fraction; a carry runs into the exponent as it should.
  return sign | halfToEven((magnitude - (112 << 23)) / 2 ** 13);
}

/** @param {number} half bit pattern @returns {number} */
export function fromHalf(half) {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24);
}

/** Round to the nearest whole number, the even one of two. @param {number} x @returns {number} */
export function halfToEven(x) {
  const up = Math.round(x); // of two equally near, the greater
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
}
