import { el } from "../dom.js";
import { canvasOf, saveButton } from "./picture.js";

const pixels = ([height, width]) => `${width} × ${height} pixels`;

/** The picture before and after, one over the other, with a slider between. @returns {import("./index.js").Drawing} */
export function imageResult() {
  const element = el("div");

  function show({ result, seen }, { name }) {
    if (!seen) return alone(result, name);
    const before = canvasOf(seen, `Before: ${pixels(seen.shape)}`);
    const after = canvasOf(result, `After: ${pixels(result.shape)}`);
    const caption = `Left: the input, ${pixels(seen.shape)}, enlarged by the browser. Right: the output, ${pixels(result.shape)}.`;
    element.replaceChildren(slider(before, after), el("p", { class: "td-note" }, caption), saveButton(() => after, name));
    const [height, width] = result.shape;
    return { summary: pixels(result.shape), data: { width, height, before: seen.shape.slice(0, 2).reverse() } };
  }

  /** A picture that no other was made into. */
  function alone(result, name) {
    const canvas = canvasOf(result, `${name}, ${pixels(result.shape)}`);
    canvas.classList.add("td-made");
    element.replaceChildren(canvas, el("p", { class: "td-note" }, `${pixels(result.shape)}, enlarged`), saveButton(() => canvas, name));
    const [height, width] = result.shape;
    return { summary: pixels(result.shape), data: { width, height } };
  }
  return { element, show };
}

/**
 * @param {HTMLCanvasElement} before
 * @param {HTMLCanvasElement} after
 */
function slider(before, after) {
  before.classList.add("td-before");
  const badges = ["Before", "After"].map((text) => el("span", { class: "td-badge", "aria-hidden": "true" }, text));
  const stack = el("div", { class: "td-stack" }, after, before, el("span", { class: "td-divider" }), ...badges);
  const place = () => stack.style.setProperty("--at", `${range.value}%`);
  const range = el("input", { type: "range", min: 0, max: 100, value: 50, "aria-label": LABEL, oninput: place });
  stack.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    if (event.pointerType !== "mouse" && !event.buttons) return;
    const box = stack.getBoundingClientRect();
    range.value = String((100 * (event.clientX - box.left)) / box.width);
    place();
  });
  place();
  return el("div", { class: "td-compare" }, stack, range);
}

const LABEL = "How much of the picture shows the input; the rest shows the output";
