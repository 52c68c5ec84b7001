import { Failure } from "./failure.js";

/** The page's side of `worker.js`. */
export class Client {
  constructor() {
    this.worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "test-drive" });
    this.calls = new Map();
    this.next = 0;
    this.worker.onmessage = ({ data }) => this.#receive(data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      const words = event.message ? `The worker failed: ${event.message}.` : "The worker could not be loaded.";
      this.#end(new Failure(words, "Check the connection and try again."));
    };
  }

  /**
   * @param {"load" | "replay" | "run" | "paint" | "paintWhole"} call
   * @param {unknown} [value]
   * @param {(progress: any) => void} [onProgress]
   * @returns {Promise<any>}
   */
  call(call, value, onProgress = () => {}) {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.calls.set(id, { resolve, reject, onProgress });
      this.worker.postMessage({ id, call, value });
    });
  }

  /** End at once and free all memory; calls that wait are rejected. */
  terminate() {
    this.worker.terminate();
    this.#end(new Cancelled());
  }

  #receive({ id, progress, done, failed }) {
    const waiting = this.calls.get(id);
    if (!waiting) return;
    if (progress) {
      waiting.onProgress(progress);
      return;
    }
    this.calls.delete(id);
    if (failed === undefined) waiting.resolve(done);
    else waiting.reject(new Error(failed));
  }

  #end(error) {
    for (const { reject } of this.calls.values()) reject(error);
    this.calls.clear();
  }
}

/** The visitor stopped what was under way. */
export class Cancelled extends Error {}
