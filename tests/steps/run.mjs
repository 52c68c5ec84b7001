// Runs jobs from standard input through the JavaScript steps, and prints what came out; the format is codec.py's.
// Its argument is the folder of the files that steps name.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { DATA } from "../../site/assets/steps/errors.js";
import { Context, runSteps, STEPS } from "../../site/assets/steps/index.js";
import { Sound } from "../../site/assets/steps/sound.js";

const file = (name) => readFile(join(process.argv[2], name));
const LIBRARIES = { "tokenizers/tokenizers.mjs": "@huggingface/tokenizers/dist/tokenizers.min.mjs" }; // as vendor.py has it
const library = (path) => import(`../../site/node_modules/${LIBRARIES[path]}`);

const DECODERS = {
  array: ({ dtype, shape, data }) => {
    const bytes = Uint8Array.from(Buffer.from(data, "base64")); // a copy, which begins where any type may begin
    return { dtype, shape, data: new DATA[dtype](bytes.buffer) };
  },
  sound: ({ samples, rate }) => new Sound(decode(samples), rate),
  bytes: (data) => Uint8Array.from(Buffer.from(data, "base64")),
  named: (parts) => mapped(parts, decode),
  plain: (value) => value,
};

const mapped = (parts, change) => Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, change(part)]));

function decode(value) {
  const [[kind, body]] = Object.entries(value);
  return DECODERS[kind](body);
}

const isArray = (value) => Boolean(value?.dtype);

function encode(value) {
  if (value instanceof Sound) return { sound: { samples: encode(value.samples), rate: value.rate } };
  const isNamed = value && typeof value === "object" && !Array.isArray(value) && Object.values(value).some(isArray);
  if (isNamed) return { named: mapped(value, encode) };
  if (!isArray(value)) return { plain: value };
  const { dtype, shape, data } = value;
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { array: { dtype, shape, data: bytes.toString("base64") } };
}

async function run({ steps, value, labels, frame, picture, sound = { plain: null } }) {
  const warnings = [];
  const warn = (message) => warnings.push(message);
  const context = new Context({ labels, frame, file, library, warn, picture: decode(picture), sound: decode(sound) });
  try {
    const result = await runSteps(steps, decode(value), context);
    return { value: encode(result), frame: context.frame, warnings };
  } catch (error) {
    if (error.name !== "StepError") throw error;
    return { refused: error.message, frame: context.frame, warnings };
  }
}

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const results = [];
for (const job of JSON.parse(Buffer.concat(chunks))) results.push(await run(job));
console.log(JSON.stringify({ names: Object.keys(STEPS), results }));
