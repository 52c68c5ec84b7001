/** From a detector's tensors to boxes in the picture. */

export const STEPS = {};
