/**
 * Make an element. A property named `on…` is a listener, `true` a bare attribute; `false`, `null` and `undefined` are
 * left out.
 * @param {string} tag
 * @param {Record<string, unknown>} [properties]
 * @param {...(Node | string)} children
 * @returns {any} the element
 */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, String(value));
  }
  node.append(...children);
  return node;
}

/**
 * A button per sample, and a mark on the one that was chosen last.
 * @param {object[]} samples as in the API
 * @param {(sample: any) => (Node | string)[]} content
 * @param {(sample: any) => void} choose
 */
export function sampleButtons(samples, content, choose) {
  const buttons = samples.map((sample) => {
    const press = () => {
      mark(button);
      choose(sample);
    };
    const button = el("button", {
      type: "button",
      onclick: press,
      "aria-pressed": "false",
      "data-sample": sample.title,
    });
    button.append(...content(sample));
    return button;
  });
  const mark = (/** @type {Element | null} */ chosen) =>
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(button === chosen)));
  const element = el("div", { class: "td-samples", role: "group", "aria-label": "Samples" }, ...buttons);
  return { element, first: () => buttons[0]?.click(), clear: () => mark(null) };
}

/**
 * Call `action` once, `wait` milliseconds after the last call.
 * @template {unknown[]} A
 * @param {number} wait
 * @param {(...values: A) => void} action
 */
export function debounced(wait, action) {
  let timer = 0;
  const run = (/** @type {A} */ ...values) => {
    clearTimeout(timer);
    timer = setTimeout(action, wait, ...values);
  };
  run.cancel = () => clearTimeout(timer);
  return run;
}
