/** A card and a loaded model become a function from a visitor's input to the task's result, as in `edge/pipeline.py`. */

import { array, DATA } from "./errors.js";
import { Context, runSteps } from "./index.js";

/** @typedef {import("./errors.js").NumberArray} NumberArray */
/** @typedef {Record<string, NumberArray>} Tensors */
/** @typedef {(inputs: Tensors) => Promise<Tensors>} Session */

/** Runs a card's steps around a model, with no code for any one model. */
export class Pipeline {
  /**
   * @param {any} card
   * @param {Record<string, string[]>} labels by the name of the output
   */
  constructor(card, labels) {
    this.card = card;
    this.labels = labels;
    this.states = card.inputs.filter((tensor) => tensor.state_of).map(({ id, state_of: from }) => [id, from]);
    this.streams = card.inputs.filter((tensor) => tensor.stream).map(({ id, axes }) => [id, axes.length]);
  }

  /**
   * Turn what a visitor gives into the input tensors; states begin as zeros.
   * @param {any} value
   * @param {Context} context
   * @param {(value: any, tensor: any) => void} [onStep] called with what each step gave and the card's input
   * @returns {Promise<Tensors>}
   */
  async tensors(value, context, onStep = () => {}) {
    const inputs = /** @type {Tensors} */ ({});
    for (const tensor of this.card.inputs) {
      if (tensor.state_of) inputs[tensor.id] = zeros(tensor);
      else inputs[tensor.id] = await stepByStep(tensor, value, context, onStep);
    }
    return inputs;
  }

  /**
   * Run the model once, or once a row of its streams with the states it left, and put the outputs together along the
   * first axis; of states the last counts.
   * @param {Session} session
   * @param {Tensors} inputs
   * @returns {Promise<Tensors>}
   */
  async outputs(session, inputs) {
    const rows = new Set(this.streams.map(([name]) => inputs[name].shape[0]));
    if (rows.size > 1) {
      const names = this.streams.map(([name]) => name);
      throw new Error(`streams ${names}: expected as many rows in each, got ${[...rows]}`);
    }
    const [count = 1] = rows;
    const results = /** @type {Tensors[]} */ ([]);
    for (let row = 0; row < count; row++) {
      const pieces = this.streams.map(([name, rank]) => [name, rowOf(inputs[name], row, rank)]);
      const outputs = await session({ ...inputs, ...Object.fromEntries(pieces) });
      results.push(outputs);
      inputs = { ...inputs, ...Object.fromEntries(this.states.map(([name, from]) => [name, outputs[from]])) };
    }
    const last = results.at(-1);
    if (results.length === 1) return last;
    const kept = new Set(this.states.map(([, from]) => from));
    const join = (name) => (kept.has(name) ? last[name] : joined(results.map((one) => one[name])));
    return Object.fromEntries(Object.keys(last).map((name) => [name, join(name)]));
  }

  /**
   * Turn the output tensors into the task's result.
   * @param {Tensors} outputs
   * @param {Context} context
   */
  async result(outputs, context) {
    const values = {};
    for (const tensor of this.card.outputs) {
      context.labels = this.labels[tensor.id] ?? null;
      values[tensor.id] = await runSteps(tensor.steps, outputs[tensor.id], context);
    }
    if (!this.card.result.length) return Object.values(values)[0];
    context.labels = this.card.outputs.map(({ id }) => this.labels[id]).find(Boolean) ?? null;
    return runSteps(this.card.result, values, context);
  }
}

async function stepByStep(tensor, value, context, onStep) {
  for (const step of tensor.steps) {
    value = await runSteps([step], value, context);
    onStep(value, tensor);
  }
  return value;
}

const zeros = ({ dtype, axes }) => array(dtype, axes.map(({ size }) => size.min ?? size));

/**
 * A row as a batch of one, or without that axis where the tensor has one axis less.
 * @param {NumberArray} x
 * @param {number} row
 * @param {number} rank of the tensor
 * @returns {NumberArray}
 */
function rowOf({ dtype, shape, data }, row, rank) {
  const rest = shape.slice(1);
  const length = rest.reduce((a, b) => a * b, 1);
  return array(dtype, shape.length === rank ? [1, ...rest] : rest, data.subarray(row * length, (row + 1) * length));
}

/** @param {NumberArray[]} parts @returns {NumberArray} */
function joined(parts) {
  const [{ dtype, shape }] = parts;
  const data = new DATA[dtype](parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return array(dtype, [parts.reduce((sum, part) => sum + part.shape[0], 0), ...shape.slice(1)], data);
}
