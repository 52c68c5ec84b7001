// Reads [{got, want, shape, tolerance}, …] from standard input and writes what the test-drive makes of each.
import { readFileSync } from "node:fs";
import { compare } from "../../site/assets/test-drive/compare.js";

const numbers = (/** @type {(number | string)[]} */ list) => Float64Array.from(list, Number);
const cases = JSON.parse(readFileSync(0, "utf8"));
const outcomes = cases.map(({ got, want, shape, tolerance }) =>
  compare({ data: numbers(got), shape }, { data: numbers(want), shape }, tolerance),
);
process.stdout.write(JSON.stringify(outcomes));
