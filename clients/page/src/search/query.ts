/** What is asked: the question and the filters, read from the route. */
import { computed } from "@preact/signals";
import { type Changes, changed, CLOSED, route, type View } from "../app/route";
import type { SearchParams } from "../api/types";

export interface Filter {
  languages: string[];
  kinds: string[];
  paths: string[];
  tests: string;
  content: string;
  roots: string[];
}

/** The parameter of the URL that holds each filter. */
export const PARAMETERS = {
  languages: "lang",
  kinds: "kind",
  paths: "path",
  tests: "tests",
  content: "content",
  roots: "root",
} as const satisfies Record<keyof Filter, string>;

export const FIRST_LIMIT = 20;

export const query = computed(() => route.value.params.get("q") ?? "");

export const filter = computed<Filter>(() => {
  const { params } = route.value;
  return {
    languages: params.getAll(PARAMETERS.languages),
    kinds: params.getAll(PARAMETERS.kinds),
    paths: params.getAll(PARAMETERS.paths),
    tests: params.get(PARAMETERS.tests) ?? "",
    content: params.get(PARAMETERS.content) ?? "",
    roots: params.getAll(PARAMETERS.roots),
  };
});

export const limit = computed(() => Number(route.value.params.get("n")) || FIRST_LIMIT);

/** The parameters of the request, as JSON, so that equal questions are one. */
export const searchKey = computed(() => JSON.stringify(searchParams(query.value, filter.value, limit.value)));

export function searchParams(text: string, chosen: Filter, count: number): SearchParams {
  const parts = {
    languages: chosen.languages,
    kinds: chosen.kinds,
    paths: chosen.paths.filter((path) => !path.startsWith("-")),
    excludePaths: chosen.paths.filter((path) => path.startsWith("-")).map((path) => path.slice(1)),
    tests: chosen.tests,
    content: chosen.content,
  };
  const used = Object.fromEntries(Object.entries(parts).filter(([, value]) => value.length > 0));
  return {
    query: text,
    limit: count,
    ...(chosen.roots.length > 0 ? { roots: chosen.roots } : {}),
    ...(Object.keys(used).length > 0 ? { filter: used } : {}),
  };
}

/** A route with one filter changed. The choice of a hit and the number of hits start anew. */
export function filtered(changes: Partial<Record<keyof Filter, string | string[] | null>>, to?: View) {
  const named: Changes = { ...CLOSED, n: null };
  for (const [name, value] of Object.entries(changes)) named[PARAMETERS[name as keyof Filter]] = value ?? null;
  return changed(named, to);
}
