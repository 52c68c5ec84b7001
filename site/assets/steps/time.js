/** From scores in time to stretches of sound. */

export const STEPS = {};
