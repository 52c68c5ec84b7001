/** An error in words for the visitor: what happened, what was expected, what to do. */
export class Failure extends Error {
  /**
   * @param {string} what one sentence
   * @param {string} cure one sentence
   * @param {{cause?: unknown}} [options]
   */
  constructor(what, cure, options) {
    super(`${what} ${cure}`, options);
    this.name = "Failure";
  }
}

/**
 * @param {unknown} error
 * @returns {string} a message; errors that are nobody's plain sentence keep their own words
 */
export function sentence(error) {
  const message = error instanceof Error ? error.message : String(error);
  return /[.!?]$/.test(message.trim()) ? message.trim() : `${message.trim()}.`;
}
