import { debounced, el } from "../dom.js";

const SIDE = 280; // pixels of the picture, whatever its size on the screen
const BRUSH = 22;
const PAUSE = 300; // ms after the last stroke before the drawing is run
const [PAPER, INK] = ["#ffffff", "#111111"]; // in both themes: models are trained on dark ink

/**
 * A sheet to draw on with mouse, pen or finger.
 * @param {(png: Blob) => void} submit called with a PNG once drawing rests
 * @returns {{element: HTMLElement, clear: () => void}}
 */
export function drawingArea(submit) {
  const canvas = el("canvas", { width: SIDE, height: SIDE, class: "td-paper", role: "img", "aria-label": LABEL });
  const context = canvas.getContext("2d");
  /** @type {[number, number][][]} */
  const strokes = [];

  function paint() {
    context.fillStyle = PAPER;
    context.fillRect(0, 0, SIDE, SIDE);
    Object.assign(context, { strokeStyle: INK, lineWidth: BRUSH, lineCap: "round", lineJoin: "round" });
    strokes.forEach((stroke) => trace(context, stroke));
    clear.disabled = undo.disabled = strokes.length === 0;
  }

  const runSoon = debounced(PAUSE, () => {
    if (strokes.length) canvas.toBlob(submit, "image/png");
  });

  function removeLast(count) {
    strokes.splice(-count, count);
    paint();
    runSoon();
  }

  const empty = () => {
    runSoon.cancel();
    removeLast(strokes.length);
  };
  const undo = el("button", { type: "button", onclick: () => removeLast(1) }, "Undo stroke");
  const clear = el("button", { type: "button", onclick: empty }, "Clear");
  followPointer(canvas, {
    start: (point) => {
      runSoon.cancel();
      strokes.push([point]);
      paint();
    },
    move: (points) => {
      strokes.at(-1).push(...points);
      paint();
    },
    end: runSoon,
  });
  paint();
  const buttons = el("div", { class: "td-buttons" }, undo, clear);
  return { element: el("div", { class: "td-drawing" }, canvas, buttons), clear: empty };
}

const LABEL = "Sheet to draw on with mouse, pen or finger. With a keyboard, use the samples or choose a file.";

/**
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number][]} stroke
 */
function trace(context, stroke) {
  context.beginPath();
  context.moveTo(...stroke[0]);
  stroke.forEach((point) => context.lineTo(...point)); // a single point becomes a dot, thanks to the round caps
  context.stroke();
}

/**
 * Follow one pointer from press to release, in pixels of the picture.
 * @param {HTMLCanvasElement} canvas
 * @param {{start: (p: [number, number]) => void, move: (p: [number, number][]) => void, end: () => void}} on
 */
function followPointer(canvas, on) {
  let pointer = /** @type {number | null} */ (null);
  /** @type {(event: PointerEvent) => [number, number]} */
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * SIDE) / box.width, ((event.clientY - box.top) * SIDE) / box.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    on.start(place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const events = event.getCoalescedEvents?.() ?? [];
    on.move((events.length ? events : [event]).map(place));
  });
  const end = (/** @type {PointerEvent} */ event) => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    on.end();
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
}
