/** From a model's tensors to places in the picture. */

export const STEPS = {};
