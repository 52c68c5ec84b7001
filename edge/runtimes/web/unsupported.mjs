/** A runtime can take no file of this kind, however good. */
export class Unsupported extends Error {}
