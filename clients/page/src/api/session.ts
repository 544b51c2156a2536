/** What the server is doing: its status by server-sent events, and the way back to it when it was lost. */
import { batch, computed, effect, signal } from "@preact/signals";
import { ApiError, call, connection, isAborted } from "./client";
import { parseJson } from "./json";
import type { Session, Status } from "./types";

export const status = signal<Status | null>(null);

/** Changes when the index has other content: views ask again. */
export const generation = signal(0);

/** Changes with the commits, the branches and what is staged: comparisons are asked again. */
export const repository = signal(0);

export const session = signal<Session | null>(null);

const isComplete = computed(() => status.value?.complete ?? true);

/** Whether code is missing in the index for longer than a file that was just saved takes. */
export const isGrowing = signal(false);
const GROWING_MS = 1000;
let growingTimer: ReturnType<typeof setTimeout> | undefined;

/** Absolute paths of the roots. */
export const roots = computed(() => session.value?.roots ?? []);
export const hasSeveralRoots = computed(() => roots.value.length > 1);

/** Whether the server has a method. */
export function has(method: string): boolean {
  return session.value?.methods.includes(method) ?? false;
}

/** The name of a root as the page shows it. */
export function rootName(path: string): string {
  return roots.value.find((root) => root.path === path)?.name ?? path.split(/[\\/]/).filter(Boolean).at(-1) ?? path;
}

/** Where the file lies for an editor, which may run outside of this container. */
export function hostFile(root: string, path: string): string {
  const folder = roots.value.find((one) => one.path === root)?.hostPath ?? root;
  return folder ? `${folder.replace(/[\\/]$/, "")}/${path}` : path;
}

export function pathOfUri(uri: string): string {
  try {
    const path = decodeURIComponent(new URL(uri).pathname);
    return /^\/[A-Za-z]:/.test(path) ? path.slice(1) : path;
  } catch {
    return uri;
  }
}

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 3000;

let events: EventSource | undefined;
let attempt: AbortController | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

export function take(next: Status): void {
  const last = status.value;
  // an answer may be older than the event before it
  if (last?.number !== undefined && next.number !== undefined && next.number < last.number) return;
  status.value = next;
}

/** A browser opens six connections to a server for all its tabs, so a tab that is hidden gives its own back. */
export function follow(): void {
  void reconnect(FIRST_RETRY_MS);
  document.addEventListener("visibilitychange", () => {
    events?.close();
    events = undefined;
    if (!document.hidden) void reconnect(FIRST_RETRY_MS);
  });
  effect(() => {
    if (connection.value === "lost") retry(FIRST_RETRY_MS);
  });
  effect(() => {
    clearTimeout(growingTimer);
    if (isComplete.value) isGrowing.value = false;
    else growingTimer = setTimeout(() => (isGrowing.value = true), GROWING_MS);
  });
}

function retry(retryMs: number): void {
  clearTimeout(timer);
  if (document.hidden) return;
  timer = setTimeout(() => void reconnect(Math.min(retryMs * 2, LAST_RETRY_MS)), retryMs);
}

async function reconnect(retryMs: number): Promise<void> {
  attempt?.abort();
  clearTimeout(timer);
  const { signal: abort } = (attempt = new AbortController());
  try {
    session.value = await call<Session>("session", {}, abort);
    const now = await call<Status>("status", {}, abort);
    batch(() => {
      status.value = now;
      generation.value = now.generation;
      repository.value++; // a commit may have been made meanwhile
      connection.value = "live";
    });
    if (!document.hidden) listen();
  } catch (error) {
    if (isAborted(error) || (error instanceof ApiError && error.status === 401)) return;
    connection.value = status.value ? "lost" : "connecting";
    retry(retryMs);
  }
}

function listen(): void {
  events?.close();
  const source = new EventSource("/api/events");
  events = source;
  source.addEventListener("status", (event: MessageEvent<string>) => {
    connection.value = "live";
    take(parseJson(event.data) as Status);
  });
  source.addEventListener("changed", (event: MessageEvent<string>) => {
    generation.value = (JSON.parse(event.data) as { generation: number }).generation;
  });
  source.addEventListener("repository", () => repository.value++);
  source.addEventListener("error", () => {
    // the source does not say why it failed; a request does
    source.close();
    if (events === source) connection.value = "lost";
  });
}
