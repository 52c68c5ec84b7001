import { el } from "../dom.js";
import { percent } from "../format.js";
import { hues } from "./colours.js";
import { canvasOf, saveButton } from "./picture.js";
import { rectified } from "./rectify.js";
import { paired, scene, share } from "./scene.js";
import { CORNERS, linesOf } from "./skeletons.js";

/**
 * @typedef {{label: string, y: number, x: number, score: number | null}} Keypoint fractions of the picture
 */

/** The picture with its points, the lines between them where they are known, and a list; a page is also straightened. */
export function keypointsResult() {
  const place = el("div");
  const list = el("ol", { class: "td-found", "aria-label": "Points" });
  const more = el("div");
  const element = el("div", {}, place, list, more);

  /** @type {import("./index.js").Drawing["show"]} */
  function show({ result, picture, photo }, { name }) {
    const colour = hues(result);
    const few = result.length <= FEW;
    const rows = result.map((point) => draw(point, colour(point.label), few));
    list.tabIndex = few ? -1 : 0;
    const caption = `${name} with ${result.length} points`;
    place.replaceChildren(scene(photo, caption, lines(result), ...rows.map(({ mark }) => mark)));
    list.replaceChildren(...rows.map(({ entry }) => entry));
    more.replaceChildren(...(isPage(result) ? [page(picture, result, name)] : []));
    return { summary: summary(result), data: { keypoints: result } };
  }
  return { element, show };
}

const FEW = 40; // points that the keyboard walks through one by one; of more it scrolls the list

/** @param {Keypoint[]} points */
function summary(points) {
  const scores = points.map(({ score }) => score).filter((score) => score !== null);
  const count = `${points.length} points`;
  return scores.length ? `${count}, the least sure of them ${percent(Math.min(...scores))}` : count;
}

/** The point and its entry in the list. @param {Keypoint} point @param {string} colour @param {boolean} few */
function draw({ label, y, x, score }, colour, few) {
  const name = few ? "td-point" : "td-point td-tiny";
  const mark = el("span", { class: name, style: `left: ${100 * x}%; top: ${100 * y}%; ${colour}`, title: label });
  const where = `${share(x)} from the left, ${share(y)} from the top`;
  const parts = [["td-label", label], ["td-score", score === null ? "" : percent(score)], ["td-where", where]];
  const spans = parts.map(([part, text]) => el("span", { class: part }, text));
  const entry = el("li", { style: colour, tabindex: few ? 0 : null, "data-label": label }, ...spans);
  paired(mark, entry);
  return { mark, entry };
}

/** @param {Keypoint[]} points */
function lines(points) {
  const at = Object.fromEntries(points.map((point) => [point.label, point]));
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 1 1");
  svg.setAttribute("preserveAspectRatio", "none");
  for (const [from, to] of linesOf(Object.keys(at))) {
    const line = svg.appendChild(document.createElementNS(SVG, "line"));
    const ends = { x1: at[from].x, y1: at[from].y, x2: at[to].x, y2: at[to].y };
    for (const [name, value] of Object.entries(ends)) line.setAttribute(name, String(value));
  }
  return svg;
}

const SVG = "http://www.w3.org/2000/svg";

/** @param {Keypoint[]} points */
function isPage(points) {
  return points.length === CORNERS.length && points.every(({ label }, i) => label === CORNERS[i]);
}

/** The page upright, to look at and to keep. */
function page(picture, corners, name) {
  const upright = rectified(picture, corners);
  if (upright === null) return el("p", { class: "td-note td-warning" }, "The four corners enclose no page.");
  const [height, width] = upright.shape;
  const caption = `The page, straightened: ${width} × ${height} pixels`;
  const canvas = canvasOf(upright, caption);
  const least = Math.min(...corners.map(({ score }) => score ?? 1));
  const doubt = least < DOUBTFUL ? [el("p", { class: "td-note td-warning" }, doubtful(least))] : [];
  const figure = el("figure", { class: "td-page", style: `--aspect: ${width / height}` }, canvas);
  figure.append(el("figcaption", { class: "td-note" }, caption));
  return el("div", {}, figure, ...doubt, saveButton(() => canvas, name));
}

const DOUBTFUL = 0.25;
const doubtful = (score) => `A corner is unsure (${percent(score)}). Is the whole page in the picture?`;
