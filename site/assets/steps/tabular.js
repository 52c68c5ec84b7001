/** From named values to tensors. */

import { array, described, StepError } from "./errors.js";

const FLOAT32_MAX = (2 - 2 ** -23) * 2 ** 127;

/**
 * Put named values into the order of `columns`: `[1, N] float32`. A missing, unknown, non-numeric or infinite value is
 * a StepError, one outside its range a warning.
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
  return array("float32", [1, names.length], Float32Array.from(columns, (column) => number(column, value, warn)));
}

/** @param {{name: string, min?: number, max?: number}} column */
function number({ name, min = -Infinity, max = Infinity }, row, warn) {
  const value = row[name];
  if (typeof value !== "number" || !(Math.abs(value) <= FLOAT32_MAX)) {
    const got = typeof value === "string" ? `'${value}'` : String(value);
    throw new StepError("columns", `a finite number for ${name}`, got, "write digits with a decimal point");
  }
  if (value < min || value > max) warn(`columns: ${name} is ${value}; the model was made for ${min} to ${max}`);
  return value;
}

export const STEPS = {
  columns,
};
