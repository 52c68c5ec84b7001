/**
 * Which known name was meant, as `get_close_matches(word, names, n=1)` of Python's difflib finds it for words of less than
 * 200 characters; in longer ones difflib leaves out those that are frequent.
 */

const LEAST = 0.6; // likeness, from 0 (nothing in common) to 1 (equal)

/**
 * The name that is most like `word`; of equals the one that sorts last; null where none is like it.
 * @param {string} word
 * @param {string[]} names
 * @returns {string | null}
 */
export function nearest(word, names) {
  let best = { ratio: LEAST, name: /** @type {string | null} */ (null) };
  for (const name of names) {
    const ratio = likeness(points(name), points(word));
    if (ratio > best.ratio || (ratio === best.ratio && (best.name === null || isAfter(name, best.name)))) best = { ratio, name };
  }
  return best.name;
}

const points = (text) => Array.from(text, (character) => character.codePointAt(0));

/** Whether one text sorts behind another, by code points as in Python. */
function isAfter(text, other) {
  const [a, b] = [points(text), points(other)];
  const at = a.findIndex((point, i) => point !== b[i]);
  return at >= 0 && (at >= b.length || a[at] > b[at]);
}

/** Twice the characters in common over all characters. @param {number[]} a @param {number[]} b */
const likeness = (a, b) => (a.length + b.length ? (2 * common(a, b)) / (a.length + b.length) : 1);

/**
 * How many characters lie in the longest common stretch, and in those before and behind it, and so on.
 * Source: J. W. Ratcliff and D. E. Metzener, Pattern Matching: The Gestalt Approach, 1988, in difflib's order.
 * @param {number[]} a
 * @param {number[]} b
 * @returns {number}
 */
function common(a, b) {
  const { startA, startB, length } = longest(a, b);
  if (!length) return 0;
  const before = common(a.slice(0, startA), b.slice(0, startB));
  return before + length + common(a.slice(startA + length), b.slice(startB + length));
}

/** The longest common stretch; of equals the first in `a`, then the first in `b`. */
function longest(a, b) {
  let best = { startA: 0, startB: 0, length: 0 };
  for (let startA = 0; startA < a.length; startA++) {
    for (let startB = 0; startB < b.length; startB++) {
      let length = 0;
      while (startA + length < a.length && startB + length < b.length && a[startA + length] === b[startB + length]) length++;
      if (length > best.length) best = { startA, startB, length };
    }
  }
  return best;
}
