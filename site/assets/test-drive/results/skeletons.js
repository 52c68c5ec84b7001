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

const chain = (labels) => labels.slice(1).map((label, i) => [labels[i], label]);

const FINGERS = ["index_finger", "middle_finger", "ring_finger", "pinky"];

/** The 21 points of a hand: https://ai.google.dev/edge/mediapipe/solutions/vision/hand_landmarker */
const HAND = [
  ["wrist", "thumb_cmc", "thumb_mcp", "thumb_ip", "thumb_tip"],
  ...FINGERS.map((finger) => ["mcp", "pip", "dip", "tip"].map((joint) => `${finger}_${joint}`)),
  ["wrist", ...FINGERS.map((finger) => `${finger}_mcp`), "wrist"],
].flatMap(chain);

/** Lines among the 468 points of a face, by MediaPipe's numbers: its FACEMESH_CONTOURS, and the ridge of the nose. */
const CONTOURS = [
  ["lips", [61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291]],
  ["lips", [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291]],
  ["lips", [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308]],
  ["lips", [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308]],
  ["left eye", [263, 249, 390, 373, 374, 380, 381, 382, 362]],
  ["left eye", [263, 466, 388, 387, 386, 385, 384, 398, 362]],
  ["right eye", [33, 7, 163, 144, 145, 153, 154, 155, 133]],
  ["right eye", [33, 246, 161, 160, 159, 158, 157, 173, 133]],
  ["left eyebrow", [276, 283, 282, 295, 285]],
  ["left eyebrow", [300, 293, 334, 296, 336]],
  ["right eyebrow", [46, 53, 52, 65, 55]],
  ["right eyebrow", [70, 63, 105, 66, 107]],
  ["nose", [168, 6, 197, 195, 5, 4, 1, 19, 94, 2]],
  [
    "face oval",
    [
      10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149,
      150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109, 10,
    ],
  ],
];

const FACE = CONTOURS.flatMap(([part, points]) => chain(points.map((point) => `${part} ${point}`)));

const PAGE = CORNERS.map((corner, i) => [corner, CORNERS[(i + 1) % CORNERS.length]]);

/**
 * The lines that belong between points of these labels; none where they are of no known kind.
 * @param {string[]} labels
 * @returns {string[][]} pairs of labels
 */
export function linesOf(labels) {
  const known = new Set(labels);
  return [PERSON, HAND, FACE, PAGE].find((lines) => lines.flat().every((label) => known.has(label))) ?? [];
}
