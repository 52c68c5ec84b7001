const LARGEST = 2000; // pixels of a straightened page's longer side

/** @typedef {{y: number, x: number}} Place fractions of the picture's height and width */

/**
 * Map the quadrilateral onto an upright rectangle, as long as the longer of its opposite sides, sampled bilinearly.
 * @param {{data: Uint8Array, shape: number[]}} picture [H, W, 3]
 * @param {Place[]} corners upper left, upper right, lower right, lower left
 * @returns {{data: Uint8Array, shape: number[]} | null} [h, w, 3]; null where the corners enclose no convex area
 */
export function rectified({ data, shape: [height, width] }, corners) {
  const quad = corners.map(({ y, x }) => ({ y: y * height, x: x * width }));
  if (!isConvex(quad)) return null;
  const [top, right, bottom, left] = quad.map((corner, i) => distance(corner, quad[(i + 1) % 4]));
  const [w, h] = [Math.max(top, bottom), Math.max(left, right)];
  const scale = Math.min(1, LARGEST / Math.max(w, h));
  const [columns, rows] = [w, h].map((side) => Math.max(1, Math.round(side * scale)));
  const place = projection(quad);
  const page = new Uint8Array(3 * rows * columns);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at += 3) {
      const { y, x } = place((row + 0.5) / rows, (column + 0.5) / columns);
      sample(data, height, width, y - 0.5, x - 0.5, page, at);
    }
  }
  return { data: page, shape: [rows, columns, 3] };
}

const distance = (a, b) => Math.hypot(a.y - b.y, a.x - b.x);

/** Whether the corners run clockwise and turn the same way at each of them. @param {Place[]} quad */
function isConvex(quad) {
  return quad.every((corner, i) => {
    const [next, last] = [quad[(i + 1) % 4], quad[(i + 2) % 4]];
    return (next.x - corner.x) * (last.y - next.y) - (next.y - corner.y) * (last.x - next.x) > 0;
  });
}

/**
 * The projection of the unit square onto a quadrilateral.
 * Source: P. Heckbert, Fundamentals of Texture Mapping and Image Warping, 1989, section 2.2.3.
 * @param {Place[]} quad
 * @returns {(v: number, u: number) => Place} from fractions downwards and to the right
 */
function projection([a, b, c, d]) {
  const [dx1, dx2, dx3] = [b.x - c.x, d.x - c.x, a.x - b.x + c.x - d.x];
  const [dy1, dy2, dy3] = [b.y - c.y, d.y - c.y, a.y - b.y + c.y - d.y];
  const determinant = dx1 * dy2 - dx2 * dy1;
  const g = (dx3 * dy2 - dx2 * dy3) / determinant;
  const h = (dx1 * dy3 - dx3 * dy1) / determinant;
  return (v, u) => {
    const w = g * u + h * v + 1;
    const along = (p, q, r) => (p + u * (q - p + g * q) + v * (r - p + h * r)) / w;
    return { y: along(a.y, b.y, d.y), x: along(a.x, b.x, d.x) };
  };
}

/** Write the colour between four pixels; beyond the edge its pixels go on. */
function sample(data, height, width, y, x, page, at) {
  const [row, column] = [Math.floor(y), Math.floor(x)];
  const [down, across] = [y - row, x - column];
  const [upper, lower] = [row, row + 1].map((r) => width * Math.min(Math.max(r, 0), height - 1));
  const [left, right] = [column, column + 1].map((c) => Math.min(Math.max(c, 0), width - 1));
  for (let channel = 0; channel < 3; channel++) {
    const value = (line, place) => data[3 * (line + place) + channel];
    const above = value(upper, left) * (1 - across) + value(upper, right) * across;
    const below = value(lower, left) * (1 - across) + value(lower, right) * across;
    page[at + channel] = Math.round(above * (1 - down) + below * down);
  }
}
