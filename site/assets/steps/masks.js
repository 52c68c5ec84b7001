/** From a model's tensors to a class or an opacity for each pixel. */

export const STEPS = {};
