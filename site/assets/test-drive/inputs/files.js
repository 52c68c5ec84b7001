import { el } from "../dom.js";

/**
 * A labelled choice of files.
 * @param {string} words
 * @param {string} accept types, as in HTML
 * @param {(files: FileList) => void} receive
 * @returns {HTMLElement}
 */
export function filePicker(words, accept, receive) {
  const chosen = () => {
    receive(file.files);
    file.value = ""; // so that the same file can be chosen again
  };
  const file = el("input", { id: "td-file", type: "file", accept, multiple: true, onchange: chosen });
  const label = el("label", { for: "td-file" }, words);
  return el("div", { class: "td-picker" }, label, file);
}

/**
 * Take files that are dropped on the element, or pasted anywhere.
 * @param {HTMLElement} element
 * @param {(files: FileList) => void} receive
 */
export function acceptDrops(element, receive) {
  const over = (/** @type {boolean} */ on) => (/** @type {Event} */ event) => {
    event.preventDefault();
    element.classList.toggle("td-over", on);
  };
  element.addEventListener("dragover", over(true));
  element.addEventListener("dragleave", over(false));
  element.addEventListener("drop", (event) => {
    over(false)(event);
    receive(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => receive(event.clipboardData.files));
}
