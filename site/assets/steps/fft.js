/** The discrete Fourier transform, in double precision: of any length, fast where it has many factors of 2. */

/** Transforms rows of `size` real numbers. */
export class RealTransform {
  /** @param {number} size */
  constructor(size) {
    this.size = size;
    this.cos = Float64Array.from({ length: size }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    this.sin = Float64Array.from({ length: size }, (_, k) => Math.sin((2 * Math.PI * k) / size));
    this.input = new Float64Array(size);
    this.real = new Float64Array(size);
    this.imaginary = new Float64Array(size);
  }

  /**
   * The squares of the magnitudes at the frequencies 0, 1/size, … 1/2.
   * @param {ArrayLike<number>} row at most `size` numbers; zeros follow them
   * @param {(bin: number, square: number) => void} take
   */
  squares(row, take) {
    this.input.fill(0);
    this.input.set(row);
    this.#transform(0, 1, 0, this.size);
    for (let bin = 0; 2 * bin <= this.size; bin++) take(bin, this.real[bin] ** 2 + this.imaginary[bin] ** 2);
  }

  /** Write the transform of every `stride`-th input from `from` on to `to`…: even and odd ones apart, then joined. */
  #transform(from, stride, to, size) {
    if (size % 2) return this.#directly(from, stride, to, size);
    const half = size / 2;
    this.#transform(from, 2 * stride, to, half);
    this.#transform(from + stride, 2 * stride, to + half, half);
    const { cos, sin, real, imaginary } = this;
    for (let k = to, turn = 0; k < to + half; k++, turn += stride) {
      const re = cos[turn] * real[k + half] + sin[turn] * imaginary[k + half];
      const im = cos[turn] * imaginary[k + half] - sin[turn] * real[k + half];
      [real[k + half], imaginary[k + half]] = [real[k] - re, imaginary[k] - im];
      [real[k], imaginary[k]] = [real[k] + re, imaginary[k] + im];
    }
  }

  /** The definition, for what has no factor of 2: the sum over n of x[n] exp(-2 pi i k n / size). */
  #directly(from, stride, to, size) {
    for (let k = 0; k < size; k++) {
      let [re, im] = [0, 0];
      for (let n = 0; n < size; n++) {
        const turn = ((k * n) % size) * stride;
        re += this.input[from + n * stride] * this.cos[turn];
        im -= this.input[from + n * stride] * this.sin[turn];
      }
      this.real[to + k] = re;
      this.imaginary[to + k] = im;
    }
  }
}
