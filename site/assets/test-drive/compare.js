/**
 * @typedef {object} Tolerance as in the card
 * @property {number} absolute_tolerance
 * @property {number} relative_tolerance
 * @property {number} mismatched_elements_per_million
 * @property {number | null} top1_agreement
 *
 * @typedef {object} Comparison
 * @property {boolean} passed
 * @property {number} largest largest absolute difference
 * @property {number} outside how many values lie outside the tolerance
 * @property {number} total how many values were compared
 */

/**
 * Compare by numpy's `allclose` rule: |got - want| <= absolute + relative * |want|, and the same winner along the last
 * axis where the card asks for it. A value that is NaN or infinite never passes. `edge/verify.py` has the same rule.
 * @param {{data: ArrayLike<number | bigint>, shape: readonly number[]}} got
 * @param {{data: ArrayLike<number | bigint>, shape: readonly number[]}} want
 * @param {Tolerance} tolerance
 * @returns {Comparison}
 */
export function compare(got, want, tolerance) {
  const total = want.data.length;
  if (String(got.shape) !== String(want.shape)) return { passed: false, largest: NaN, outside: total, total };
  const { largest, outside } = differences(got.data, want.data, tolerance);
  const few = outside * 1e6 <= tolerance.mismatched_elements_per_million * total;
  const agreed = tolerance.top1_agreement == null || agreement(got, want) >= tolerance.top1_agreement;
  return { passed: few && agreed && Number.isFinite(largest), largest, outside, total };
}

function differences(got, want, tolerance) {
  let largest = 0;
  let outside = 0;
  for (let i = 0; i < want.length; i++) {
    const expected = Number(want[i]);
    const difference = Math.abs(Number(got[i]) - expected);
    largest = Math.max(largest, difference);
    const allowed = tolerance.absolute_tolerance + tolerance.relative_tolerance * Math.abs(expected);
    if (!(difference <= allowed)) outside += 1;
  }
  return { largest, outside };
}

/** Share of rows with the same winner; rows of one value have none to disagree on. */
function agreement(got, want) {
  const width = want.shape.at(-1) ?? 1;
  const rows = want.data.length / width;
  let equal = 0;
  for (let row = 0; row < rows; row++)
    if (winner(got.data, row * width, width) === winner(want.data, row * width, width)) equal += 1;
  return equal / rows;
}

function winner(data, start, width) {
  let best = start;
  for (let i = start + 1; i < start + width; i++) if (data[i] > data[best]) best = i;
  return best - start;
}
