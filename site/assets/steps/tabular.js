/** From named values to tensors. */

import { array, described, quoted, StepError } from "./errors.js";
import { nearest } from "./nearest.js";

const FLOAT32_MAX = (2 - 2 ** -23) * 2 ** 127;

/**
 * Put named values into the order of `columns`, a category as one number each: `[1, N] float32`. A missing, unknown,
 * non-numeric or infinite value and an unknown category are StepErrors, a number outside its range is a warning.
 */
export function columns(value, { columns }, { warn }) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new StepError("columns", "named values", described(value), "pass an object of column names and numbers");
  }
  const names = columns.map(({ name }) => name);
  const unknown = Object.keys(value).filter((name) => !names.includes(name));
  const missing = names.filter((name) => !Object.hasOwn(value, name));
  if (unknown.length || missing.length) {
    const got = [...unknown.map((name) => `unknown ${name}`), ...missing.map((name) => `no ${name}`)].join(", ");
    throw new StepError("columns", `the values ${names.join(", ")}`, got, "give each of them once");
  }
  const numbers = columns.flatMap((column) => (column.categories ? oneHot(column, value) : number(column, value, warn)));
  return array("float32", [1, numbers.length], Float32Array.from(numbers));
}

/** @param {{name: string, categories: string[]}} column */
function oneHot({ name, categories }, row) {
  if (!categories.includes(row[name])) {
    const expected = `${name} to be one of ${categories.join(", ")}`;
    const near = nearest(String(row[name]), categories);
    throw new StepError("columns", expected, quoted(row[name]), near === null ? "write one of them" : `did you mean ${near}?`);
  }
  return categories.map((category) => Number(category === row[name]));
}

/** @param {{name: string, min?: number, max?: number}} column */
function number({ name, min = -Infinity, max = Infinity }, row, warn) {
  const value = row[name];
  if (typeof value !== "number" || !(Math.abs(value) <= FLOAT32_MAX)) {
    throw new StepError("columns", `a finite number for ${name}`, quoted(value), "write digits with a decimal point");
  }
  if (value < min || value > max) warn(`columns: ${name} is ${value}; the model was made for ${min} to ${max}`);
  return value;
}

export const STEPS = {
  columns,
};
