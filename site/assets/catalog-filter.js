/**
 * What the catalogue shows for a choice of filters: pure functions over plain data, no page.
 *
 * @typedef {{id: string, bytes: number, updated: string, name: string, facets: Record<string, string[]>}} Entry
 * @typedef {{q: string, sort: string, chosen: Record<string, string[]>}} State  chosen: facet name to its values
 */

/** Orders by the `sort` value of the address; without one, the page's own order or the search's ranking stays. */
export const ORDERS = {
  name: (a, b) => a.name.localeCompare(b.name),
  size: (a, b) => a.bytes - b.bytes,
  updated: (a, b) => b.updated.localeCompare(a.updated),
};

/**
 * Reads the state out of an address such as `?q=digit&task=image-classification&format=onnx&format=ort`.
 * @param {string} query @param {string[]} facetNames @returns {State}
 */
export function readState(query, facetNames) {
  const params = new URLSearchParams(query);
  const chosen = Object.fromEntries(facetNames.map((name) => [name, params.getAll(name)]));
  return { q: (params.get("q") ?? "").trim(), sort: params.get("sort") ?? "", chosen };
}

/** Writes a state as the query of an address, empty when nothing is chosen. @param {State} state */
export function writeState({ q, sort, chosen }) {
  const pairs = Object.entries(chosen).flatMap(([name, values]) => values.map((value) => [name, value]));
  const params = new URLSearchParams([...(q ? [["q", q]] : []), ...pairs, ...(sort ? [["sort", sort]] : [])]);
  return params.size ? `?${params}` : "";
}

/** Values of one facet widen the choice, facets narrow it. @param {Entry} entry @param {State["chosen"]} chosen */
function fits(entry, chosen, except) {
  return Object.entries(chosen).every(
    ([name, values]) => name === except || !values.length || values.some((value) => entry.facets[name].includes(value)),
  );
}

/**
 * Gives the entries to show, in order. `ranked` holds the ids that the search found, best first; null: no search.
 * @param {Entry[]} entries @param {State} state @param {string[] | null} ranked @returns {Entry[]}
 */
export function select(entries, state, ranked) {
  const kept = found(entries, ranked).filter((entry) => fits(entry, state.chosen));
  return state.sort in ORDERS ? kept.sort(ORDERS[state.sort]) : kept;
}

function found(entries, ranked) {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  return ranked ? ranked.flatMap((id) => byId.get(id) ?? []) : [...entries];
}

/**
 * Counts for each facet value the entries it would show, given the search and the choices in the other facets.
 * @param {Entry[]} entries @param {State} state @param {string[] | null} ranked
 * @returns {Record<string, Map<string, number>>}
 */
export function countFacets(entries, state, ranked) {
  const pool = found(entries, ranked);
  return Object.fromEntries(Object.keys(state.chosen).map((name) => [name, tally(pool, state.chosen, name)]));
}

function tally(pool, chosen, name) {
  const counts = new Map();
  const values = pool.filter((entry) => fits(entry, chosen, name)).flatMap((entry) => entry.facets[name]);
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/**
 * Lists the states that lack one condition of `state` and show something, most first; if none does, the empty state.
 * @param {Entry[]} entries @param {State} state @param {string[] | null} ranked
 * @returns {{name: string, state: State, count: number}[]}  name: `q`, a facet, or `all`
 */
export function drops(entries, state, ranked) {
  const facets = Object.keys(state.chosen).filter((name) => state.chosen[name].length);
  const without = facets.map((name) => ({ name, state: { ...state, chosen: { ...state.chosen, [name]: [] } }, ids: ranked }));
  if (state.q) without.push({ name: "q", state: { ...state, q: "" }, ids: null });
  const ways = without
    .map(({ name, state: next, ids }) => ({ name, state: next, count: select(entries, next, ids).length }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count);
  return ways.length ? ways : [{ name: "all", state: readState("", Object.keys(state.chosen)), count: entries.length }];
}
