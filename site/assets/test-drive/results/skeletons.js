/** The corners of a page, in the order in which `rectify.js` takes them. */
export const CORNERS = ["top left", "top right", "bottom right", "bottom left"];

const both = (from, to) => ["left", "right"].map((side) => [`${side}_${from}`, `${side}_${to}`]);
const across = (part) => [`left_${part}`, `right_${part}`];

/** The 17 points of a person in COCO: https://cocodataset.org/#keypoints-2020 */
const PERSON = [
  ...[across("shoulder"), across("hip")],
  ...[both("shoulder", "elbow"), both("elbow", "wrist"), both("shoulder", "hip")].flat(),
  ...[both("hip", "knee"), both("knee", "ankle"), both("eye", "ear")].flat(),
  ...["left_eye", "right_eye"].map((eye) => ["nose", eye]),
];

const PAGE = CORNERS.map((corner, i) => [corner, CORNERS[(i + 1) % CORNERS.length]]);

/**
 * The lines that belong between points of these labels; none where they are of no known kind.
 * @param {string[]} labels
 * @returns {string[][]} pairs of labels
 */
export function linesOf(labels) {
  const known = new Set(labels);
  return [PERSON, PAGE].find((lines) => lines.flat().every((label) => known.has(label))) ?? [];
}
