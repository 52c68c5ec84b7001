// Runs jobs from standard input through the JavaScript steps, and prints what came out; the format is codec.py's.
import { runSteps, STEPS } from "../../site/assets/steps/index.js";
import { DATA } from "../../site/assets/steps/errors.js";

const DECODERS = {
  array: ({ dtype, shape, data }) => {
    const bytes = Uint8Array.from(Buffer.from(data, "base64")); // a copy, which begins where any type may begin
    return { dtype, shape, data: new DATA[dtype](bytes.buffer) };
  },
  bytes: (data) => Uint8Array.from(Buffer.from(data, "base64")),
  plain: (value) => value,
};

function decode(value) {
  const [[kind, body]] = Object.entries(value);
  return DECODERS[kind](body);
}

function encode(value) {
  if (!value?.dtype) return { plain: value };
  const { dtype, shape, data } = value;
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { array: { dtype, shape, data: bytes.toString("base64") } };
}

async function run({ steps, value, labels }) {
  const warnings = [];
  try {
    const result = await runSteps(steps, decode(value), { labels, warn: (message) => warnings.push(message) });
    return { value: encode(result), warnings };
  } catch (error) {
    if (error.name !== "StepError") throw error;
    return { refused: error.message, warnings };
  }
}

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const results = [];
for (const job of JSON.parse(Buffer.concat(chunks))) results.push(await run(job));
console.log(JSON.stringify({ names: Object.keys(STEPS), results }));
