/** The format and size that an image file declares, read before anything is decoded. */

/**
 * One row a format: does the file begin so, and where does it say its size?
 * @type {{format: string, type: string, begins: (text: string) => boolean, size: (view: DataView) => number[]}[]}
 */
const FORMATS = [
  {
    format: "PNG",
    type: "image/png",
    begins: (text) => text.startsWith("\x89PNG\r\n\x1a\n"),
    size: (view) => [view.getUint32(16), view.getUint32(20)],
  },
  { format: "JPEG", type: "image/jpeg", begins: (text) => text.startsWith("\xff\xd8\xff"), size: jpegSize },
  {
    format: "WebP",
    type: "image/webp",
    begins: (text) => text.startsWith("RIFF") && text.startsWith("WEBPVP8", 8),
    size: webpSize,
  },
  {
    format: "GIF",
    type: "image/gif",
    begins: (text) => text.startsWith("GIF87a") || text.startsWith("GIF89a"),
    size: (view) => [view.getUint16(6, true), view.getUint16(8, true)],
  },
  { format: "BMP", type: "image/bmp", begins: (text) => text.startsWith("BM"), size: bmpSize },
];

const text = (/** @type {Uint8Array} */ bytes) => String.fromCharCode(...bytes);
const viewOf = (/** @type {Uint8Array} */ bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * @param {Uint8Array} bytes
 * @returns {{format: string, type: string, width: number, height: number} | null} null if it has none of these headers
 */
export function imageHeader(bytes) {
  const start = text(bytes.subarray(0, 16));
  const row = FORMATS.find(({ begins }) => begins(start));
  if (!row) return null;
  try {
    const [width, height] = row.size(viewOf(bytes));
    return width > 0 && height > 0 ? { format: row.format, type: row.type, width, height } : null;
  } catch (error) {
    if (error instanceof RangeError) return null; // read past the end
    throw error;
  }
}

/** The first start-of-frame segment holds the size. @param {DataView} view */
function jpegSize(view) {
  for (const { marker, at } of jpegSegments(view)) {
    const isFrame = marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
    if (isFrame) return [view.getUint16(at + 7), view.getUint16(at + 5)];
  }
  return [0, 0];
}

/** Segments of a JPEG file up to its first scan, or to where it breaks off (ITU-T T.81, annex B). @param {DataView} view */
function* jpegSegments(view) {
  const [fill, startOfScan] = [0xffff, 0xffda];
  for (let at = 2, marker = 0; marker !== startOfScan && at + 4 <= view.byteLength; ) {
    marker = view.getUint16(at);
    yield { marker, at };
    at += marker === fill ? 1 : 2 + view.getUint16(at + 2);
  }
}

/** Does a JPEG file bring a colour profile (ICC.1, annex B.4)? @param {Uint8Array} bytes */
export function jpegHasProfile(bytes) {
  const isProfile = ({ marker, at }) => marker === 0xffe2 && text(bytes.subarray(at + 4, at + 15)) === "ICC_PROFILE";
  return [...jpegSegments(viewOf(bytes))].some(isProfile);
}

/** How each kind of WebP writes its size (RFC 9649, sections 2.5 to 2.7). @param {DataView} view */
function webpSize(view) {
  const uint24 = (at) => view.getUint16(at, true) + (view.getUint8(at + 2) << 16);
  const sizes = {
    " ": () => [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff],
    L: () => [(view.getUint32(21, true) & 0x3fff) + 1, ((view.getUint32(21, true) >> 14) & 0x3fff) + 1],
    X: () => [uint24(24) + 1, uint24(27) + 1],
  };
  return sizes[String.fromCharCode(view.getUint8(15))]?.() ?? [0, 0];
}

/** OS/2's header has 12 bytes and 16-bit sizes; a negative height means top to bottom. @param {DataView} view */
function bmpSize(view) {
  if (view.getUint32(14, true) === 12) return [view.getUint16(18, true), view.getUint16(20, true)];
  return [view.getInt32(18, true), Math.abs(view.getInt32(22, true))];
}
