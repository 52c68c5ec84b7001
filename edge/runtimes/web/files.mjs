// Files on their way into the page.

const PIECE = 2 ** 25; // an answer of more than 70 MB ends the connection to the browser

/** Read a file whole. @param {string} url @returns {Promise<Uint8Array>} */
export async function bytes(url) {
  const pieces = [];
  do {
    const response = await fetch(`${url}?start=${pieces.length * PIECE}&length=${PIECE}`);
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    pieces.push(await response.blob());
  } while (pieces.at(-1).size === PIECE);
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

/** Run a classic script. @param {string} url */
export function script(url) {
  return new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement("script"), { src: url, onload: resolve });
    element.onerror = () => reject(new Error(`${url} did not load`));
    document.head.append(element);
  });
}
