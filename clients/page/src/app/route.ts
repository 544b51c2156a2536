/** The state of the page is in the fragment of its URL, which the browser sends to nobody: `#/search?q=retry&lang=go`. */
import { batch, computed, signal } from "@preact/signals";

export const VIEWS = [
  "search",
  "similar",
  "callers",
  "callees",
  "graph",
  "folders",
  "duplicates",
  "unused",
  "changes",
  "map",
  "index",
] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  view: View;
  params: URLSearchParams;
}

/** A stretch of a file: what `open=src/a.py:10-20` names. */
export interface Place {
  root: string;
  path: string;
  line: number;
  endLine: number;
}

export function parseHash(hash: string): Route {
  const [path = "", query = ""] = splitOnce(hash.replace(/^#\/?/, ""), "?");
  const view = VIEWS.find((one) => one === path) ?? "search";
  return { view, params: new URLSearchParams(query) };
}

export function hashOf({ view, params }: Route): string {
  const query = params.toString();
  return `#/${view}${query && `?${query}`}`;
}

/** `path:10`, `path:10-20` or `path`; a path may have colons itself. */
export function parsePlace(text: string | null, root: string): Place | undefined {
  if (!text) return undefined;
  const match = /^(.*?)(?::(\d+)(?:-(\d+))?)?$/s.exec(text);
  const path = match?.[1];
  if (!path) return undefined;
  const line = Number(match[2] ?? 1);
  return { root, path, line, endLine: Math.max(line, Number(match[3] ?? line)) };
}

export function placeText(place: Pick<Place, "path" | "line"> & { endLine?: number }): string {
  const last = place.endLine && place.endLine > place.line ? `-${place.endLine}` : "";
  return `${place.path}:${place.line}${last}`;
}

/** A place as requests take it. */
export function placeParams({ root, path, line }: Pick<Place, "root" | "path" | "line">): object {
  return { ...(root ? { root } : {}), path, position: { line, character: 1 } };
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

export const route = signal<Route>(parseHash(""));
export const view = computed(() => route.value.view);

/** What this page knows of an entry of the history. */
interface Entry {
  isOurs?: boolean;
  /** Whether code covers the list there, on a narrow window; unknown where a link led to. */
  isReading?: boolean;
}

export const entry = (): Entry => (history.state as Entry | null) ?? {};

let writeTimer: ReturnType<typeof setTimeout> | undefined;
let isWritten = true;

function write(state = entry()): void {
  clearTimeout(writeTimer);
  isWritten = true;
  history.replaceState(state, "", hashOf(route.value));
}

/** Changes of the same view replace the entry of the history; another view is a new entry. */
export function navigate(next: Route, { replace = false } = {}): void {
  const url = hashOf(next);
  if (url === hashOf(route.value) && url === location.hash) return;
  if (replace) {
    route.value = next;
    isWritten = false;
    clearTimeout(writeTimer);
    // browsers limit how often a page may do this, and a user types faster
    writeTimer = setTimeout(write, 120);
  } else {
    if (!isWritten) write(); // the way back leads to what was seen
    route.value = next;
    history.pushState({ isOurs: true } satisfies Entry, "", url);
  }
}

/** A new entry for code that covers the list, from which the way back leads to the list. */
export function navigateToCode(next: Route): void {
  write({ ...entry(), isReading: false });
  route.value = next;
  history.pushState({ isOurs: true, isReading: true } satisfies Entry, "", hashOf(next));
}

/** To the state before; to an empty search for a page that was opened here. */
export function goBack(): void {
  if (entry().isOurs) history.back();
  else navigate({ view: "search", params: new URLSearchParams() });
}

export type Changes = Record<string, string | string[] | null>;

/** The parameters of the hit or line that is open, removed. */
export const CLOSED = { open: null, in: null, symbol: null } satisfies Changes;

/** The current route with some parameters changed; `null` removes one. */
export function changed(changes: Changes, to: View = route.value.view): Route {
  const params = new URLSearchParams(route.value.params);
  for (const [name, value] of Object.entries(changes)) {
    params.delete(name);
    for (const one of value === null ? [] : [value].flat()) if (one) params.append(name, one);
  }
  return { view: to, params };
}

export function followLocation(): void {
  const read = () =>
    batch(() => {
      clearTimeout(writeTimer);
      isWritten = true;
      route.value = parseHash(location.hash);
    });
  addEventListener("popstate", read);
  addEventListener("hashchange", read);
  read();
}
