// Tensors on their way between the page and Python.

/**
 * @typedef {{dtype: string, shape: number[], data: string}} Packed `data` is base64, little-endian, C order
 * @typedef {{dtype: string, shape: number[], values: any}} Tensor `values` is a typed array
 */

const ARRAYS = {
  float64: Float64Array,
  float32: Float32Array,
  float16: globalThis.Float16Array ?? Uint16Array, // before Chromium 135: bit patterns
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint64: BigUint64Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

/** @param {Packed} packed @returns {Tensor} */
export function unpack({ dtype, shape, data }) {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  return { dtype, shape, values: new ARRAYS[dtype](bytes.buffer) };
}

/** @param {Tensor} tensor @returns {Packed} */
export function pack({ dtype, shape, values }) {
  const size = shape.reduce((product, length) => product * length, 1);
  if (values.length !== size) throw new Error(`shape [${shape}] has ${values.length} entries`);
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return { dtype, shape: [...shape], data: btoa(text) };
}
