/** The catalogue page: search as you type, facets and order over the cards that the page already holds. */

import { countFacets, drops, readState, select, writeState } from "./catalog-filter.js";

const form = document.getElementById("filters");
const results = document.getElementById("results");
const empty = document.getElementById("empty");
const count = document.getElementById("count");
const boxes = [...form.querySelectorAll(".facet input")];
const facetNames = [...new Set(boxes.map((box) => box.name))];
const cards = new Map([...results.querySelectorAll(".card")].map((card) => [card.dataset.model, card]));
const entries = [...cards].map(([id, card]) => ({
  id,
  name: card.querySelector("h3").textContent,
  bytes: Number(card.dataset.bytes),
  updated: card.dataset.updated,
  facets: Object.fromEntries(facetNames.map((name) => [name, card.dataset[name].split("|")])),
}));

/** One list instead of one a task, so that any order can be shown; CSS has drawn it as one list from the start. */
const list = results.querySelector(".cards").cloneNode();
list.append(...cards.values());
results.replaceChildren(list);

/** Fetches the search library and the models' texts, once. */
let loading;
const loadIndex = () => (loading ??= buildIndex().catch((error) => ((loading = undefined), Promise.reject(error))));

async function buildIndex() {
  const [{ default: MiniSearch }, response] = await Promise.all([
    import("./vendor/minisearch/index.js"),
    fetch(new URL("../api/v1/models.json", import.meta.url)),
  ]);
  if (!response.ok) throw new Error(`models.json: expected status 200, got ${response.status}`);
  const fields = ["name", "summary", "pipeline_tag", "modality", "tags", "authors", "license", "labels", "id"];
  const index = new MiniSearch({
    fields,
    extractField: (row, field) => [row[field]].flat().join(" "),
    searchOptions: {
      boost: { name: 4, pipeline_tag: 2, tags: 2 },
      prefix: true,
      fuzzy: (term) => (term.length > 3 ? 0.2 : false),
      combineWith: "AND",
    },
  });
  index.addAll((await response.json()).models);
  return index;
}

/** Shows a state: cards, counts, form and, for no result, the way out. */
let shown = 0;
async function show(state) {
  const turn = ++shown;
  fillForm(state);
  let ranked = null;
  try {
    ranked = state.q ? (await loadIndex()).search(state.q).map((hit) => hit.id) : null;
  } catch (error) {
    if (turn === shown) count.textContent = `The search could not be loaded (${error.message}). The filters still work.`;
    return;
  }
  if (turn === shown) render(state, ranked);
}

function render(state, ranked) {
  const kept = select(entries, state, ranked);
  list.replaceChildren(...kept.map((entry) => cards.get(entry.id)));
  count.textContent = kept.length === entries.length ? plural(kept.length) : `${kept.length} of ${plural(entries.length)}`;
  const counts = countFacets(entries, state, ranked);
  for (const box of boxes) showCount(box, counts[box.name].get(box.value) ?? 0);
  empty.hidden = kept.length > 0;
  if (!kept.length) showDrops(state, ranked);
}

function showCount(box, number) {
  box.parentElement.querySelector(".facet__count").textContent = number;
  box.parentElement.classList.toggle("facet--none", number === 0 && !box.checked);
}

function showDrops(state, ranked) {
  const rows = drops(entries, state, ranked).map(({ name, state: next, count: number }) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `${describe(name, state)} (then ${plural(number)})`;
    button.addEventListener("click", () => (go(next), form.elements.q.focus()));
    const item = document.createElement("li");
    item.append(button);
    return item;
  });
  document.getElementById("drops").replaceChildren(...rows);
}

function describe(name, state) {
  if (name === "all") return "All conditions";
  if (name === "q") return `Search “${state.q}”`;
  const chosen = boxes.filter((box) => box.name === name && box.checked);
  const legend = form.querySelector(`[name="${name}"]`).closest("fieldset").querySelector("legend").textContent;
  return `${legend}: ${chosen.map((box) => box.nextElementSibling.textContent).join(", ") || state.chosen[name].join(", ")}`;
}

const plural = (number) => `${number} ${number === 1 ? "model" : "models"}`;

function fillForm(state) {
  if (form.elements.q.value.trim() !== state.q) form.elements.q.value = state.q;
  form.elements.sort.value = state.sort;
  for (const box of boxes) box.checked = state.chosen[box.name].includes(box.value);
}

function go(state) {
  history.replaceState(null, "", writeState(state) || location.pathname);
  show(state);
}

const fromForm = () => readState(new URLSearchParams(new FormData(form)).toString(), facetNames);
const fromAddress = () => readState(location.search, facetNames);

form.addEventListener("input", () => go(fromForm()));
form.addEventListener("submit", (event) => event.preventDefault());
form.elements.q.addEventListener("focus", () => loadIndex().catch(() => {}), { once: true });
addEventListener("popstate", () => show(fromAddress()));
show(fromAddress());
