/** The list of hits of the route: of a search, or code like a place, or its callers. */
import { computed, effect, signal, untracked } from "@preact/signals";
import { announce } from "../app/announce";
import { parsePlace, type Place, placeParams, placeText, route, type View } from "../app/route";
import { call, connection, isAborted, sentenceOf } from "../api/client";
import { generation, repository, roots } from "../api/session";
import type { EdgesAnswer, Hit, ImpactAnswer, SearchAnswer, UnusedAnswer } from "../api/types";
import { impactList, type Section, unusedList } from "../changes/lists";
import { searchKey } from "./query";
import { edgesList, relatedOf } from "./related";

const MAX_EDGES = 100;
const MAX_LISTED = 200; // changes, unused definitions

export interface HitList {
  /** What the list answers. */
  key: string;
  hits: Hit[];
  answer: SearchAnswer | null;
  sections: Section[];
  /** A count in words, where it is more than the number of hits. */
  summary: string;
  notes: string[];
}

const EMPTY: HitList = { key: "", hits: [], answer: null, sections: [], summary: "", notes: [] };

interface Request {
  view: View;
  key: string;
}

/** The last list, why there is no newer one, and what they are about. */
export const answered = signal({ subject: "", list: EMPTY, failure: "" });

/** What a list is about: that of a place or a comparison never stands below another; a list of a question stays until the next. */
export function subjectOf({ view, key }: Request): string {
  return view === "search" ? view : key;
}

const isAboutRequest = computed(() => request.value !== null && subjectOf(request.value) === answered.value.subject);

export const list = computed(() => (isAboutRequest.value ? answered.value.list : EMPTY));
export const failure = computed(() => (isAboutRequest.value ? answered.value.failure : ""));

/** The hits when no newer answer came for a moment: for what need not change with every key. */
export const settledHits = signal<Hit[]>([]);
const SETTLED_MS = 150;
let settleTimer: ReturnType<typeof setTimeout> | undefined;

export const isPending = signal(false);

/** The place that a list of similar code or callers starts from. */
export const origin = computed<Place | undefined>(() => {
  const { params } = route.value;
  return parsePlace(params.get("of"), params.get("ofIn") ?? "");
});

let lastRequest: Request | null = null;

/** What the route asks for. The same object as long as it is the same question: a result that is opened asks nothing. */
export const request = computed<Request | null>(() => {
  const next = requestOfRoute();
  if (next?.view !== lastRequest?.view || next?.key !== lastRequest?.key) lastRequest = next;
  return lastRequest;
});

function requestOfRoute(): Request | null {
  const { view } = route.value;
  if (view === "search") return { view, key: searchKey.value };
  if (view === "unused") return { view, key: view };
  if (view === "changes") return { view, key: `changes ${JSON.stringify(changesParams())}` };
  if (!relatedOf(view)) return null;
  return origin.value ? { view, key: `${view} ${origin.value.root} ${placeText(origin.value)}` } : null;
}

function changesParams(): object {
  const { params } = route.value;
  const root = params.get("root") ?? roots.value[0]?.path;
  return {
    ref: params.get("ref") || "HEAD",
    staged: params.has("staged"),
    limit: MAX_LISTED,
    ...(root ? { roots: [root] } : {}),
  };
}

let controller: AbortController | undefined;
let pendingTimer: ReturnType<typeof setTimeout> | undefined;

async function ask(view: View, key: string, abort: AbortSignal): Promise<HitList> {
  if (view === "search") {
    const params = JSON.parse(key) as { query: string };
    if (!params.query.trim()) return EMPTY;
    const answer = await call<SearchAnswer>("search", params, abort);
    return listOf(key, answer);
  }
  if (view === "changes")
    return { ...EMPTY, key, ...impactList(await call<ImpactAnswer>("impact", untracked(changesParams), abort)) };
  if (view === "unused")
    return { ...EMPTY, key, ...unusedList(await call<UnusedAnswer>("unused", { limit: MAX_LISTED }, abort)) };
  const place = placeParams(untracked(() => origin.value!));
  if (view === "similar") {
    const answer = await call<SearchAnswer>("similar", { ...place, limit: 40 }, abort);
    return listOf(key, answer);
  }
  if (view !== "callers" && view !== "callees") return { ...EMPTY, key };
  const answer = await call<EdgesAnswer>(view, { ...place, limit: MAX_EDGES }, abort);
  return { ...EMPTY, key, ...edgesList(answer, view) };
}

function listOf(key: string, answer: SearchAnswer): HitList {
  return { ...EMPTY, key, hits: answer.hits, answer, notes: answer.notes ?? [] };
}

async function run({ view, key }: Request, isRefresh: boolean): Promise<void> {
  controller?.abort();
  const own = new AbortController();
  controller = own;
  const subject = subjectOf({ view, key });
  clearTimeout(pendingTimer);
  if (!isRefresh) pendingTimer = setTimeout(() => (isPending.value = true), 200);
  try {
    const found = await ask(view, key, own.signal);
    if (own.signal.aborted) return;
    answered.value = { subject, list: found, failure: "" };
    clearTimeout(settleTimer);
    settleTimer = setTimeout(() => (settledHits.value = found.hits), SETTLED_MS);
    if (!isRefresh && view === "search") measurePainted(key);
    if (!isRefresh && found.key)
      announce(found.summary || (found.hits.length === 1 ? "1 result" : `${found.hits.length} results`));
  } catch (error) {
    if (isAborted(error) || own.signal.aborted) return;
    const problem = sentenceOf(error).replace(/ Give a diff\.$/, ""); // which the page does not take
    const old = answered.value.list;
    answered.value = { subject, list: old.key === key ? old : { ...EMPTY, key }, failure: problem };
  }
  clearTimeout(pendingTimer);
  isPending.value = false;
}

/** The time from the last key to the painted results, as the browser's developer tools show it. */
function measurePainted(key: string): void {
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      performance.clearMeasures("semlens.results");
      if (performance.getEntriesByName("semlens.key").length > 0)
        performance.measure("semlens.results", { start: "semlens.key", detail: key });
      performance.clearMarks("semlens.key");
    };
    port2.postMessage(0); // runs after the frame
  });
}

/** Before the first contact the question is asked at once; after a lost one, when the server is back. */
const isUsable = computed(() => connection.value === "live" || connection.value === "connecting");

/** Ask when the question changes, and again, quietly, when the index does. */
export function followQuestions(): void {
  let lastKey = "";
  let lastNumber = 0;
  effect(() => {
    const asked = request.value;
    const number = generation.value;
    if (asked?.view === "changes") repository.value; // a comparison changes with a commit
    if (!asked || !isUsable.value) return;
    const isRefresh = asked.key === lastKey;
    const isFirstNumber = lastNumber === 0;
    [lastKey, lastNumber] = [asked.key, number];
    if (isRefresh && isFirstNumber) return; // the question was asked before the number was known
    untracked(() => void run(asked, isRefresh));
  });
}

export function keyOf(hit: Hit): string {
  return `${hit.root ?? ""}\n${placeText({ path: hit.path, line: hit.startLine })}\n${symbolText(hit)}`;
}

/** What the preview shows: the place of the URL, or else the first hit. */
export const shown = computed<Opened | null>(() => {
  const { hits } = list.value;
  const [hit] = hits;
  return openedOf(route.value.params, hits) ?? (hit ? { place: placeOfHit(hit), hit } : null);
});

export interface Opened {
  place: Place;
  hit: Hit | undefined;
}

/** The place of an address and the hit there: the first of the line where no symbol is named, or one that is gone. */
export function openedOf(params: URLSearchParams, hits: Hit[]): Opened | null {
  const place = parsePlace(params.get("open"), params.get("in") ?? "");
  if (!place) return null;
  const there = hits.filter((hit) => isAt(hit, place));
  const symbol = params.get("symbol") ?? "";
  const hit =
    there.find((one) => symbolText(one) === symbol) ??
    there.find((one) => one.qualifiedName === symbol.replace(COLUMN, "")) ??
    there[0];
  return { place: { ...place, root: place.root || (hit?.root ?? "") }, hit };
}

const COLUMN = /:\d+$/;

/** Tells the hits of one line apart: by their names, and by the column where even these are the same. */
function symbolText({ qualifiedName, nameColumn }: Hit): string {
  return nameColumn ? `${qualifiedName}:${nameColumn}` : qualifiedName;
}

export function placeOfHit(hit: Hit): Place {
  return { root: hit.root ?? "", path: hit.path, line: hit.startLine, endLine: hit.endLine };
}

function isAt(hit: Hit, place: Place): boolean {
  return (
    hit.path === place.path && hit.startLine === place.line && (!place.root || !hit.root || hit.root === place.root)
  );
}

export function hitParams(hit: Hit): { open: string; in: string | null; symbol: string } {
  return {
    open: placeText({ path: hit.path, line: hit.startLine }),
    in: hit.root ?? null,
    symbol: symbolText(hit),
  };
}

/** The same as part of an address. */
export function hitQuery(hit: Hit): string {
  const { open, in: root, symbol } = hitParams(hit);
  const inRoot = root ? `&in=${encodeURIComponent(root)}` : "";
  return `open=${encodeURIComponent(open)}${inRoot}&symbol=${encodeURIComponent(symbol)}`;
}
