/** From an encoded sound to frames of numbers. */

export const STEPS = {};
