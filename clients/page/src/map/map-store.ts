/** The map of the server: its state while it is computed, its points, and the symbols behind them. */
import { signal } from "@preact/signals";
import { call, isAborted, sentenceOf } from "../api/client";
import type { Hit, SearchAnswer } from "../api/types";
import type { Bounds, Label } from "./camera";
import { type Points, readPoints } from "./points";

export interface MapState {
  state: "absent" | "computing" | "ready";
  progress: number;
  version: string | number;
  points: number;
  bounds: Bounds;
  labels: Label[];
  languages: string[];
  kinds: string[];
  folders: string[];
}

export interface LoadedMap {
  info: MapState;
  points: Points;
}

export const loadedMap = signal<LoadedMap | null>(null);
export const mapProgress = signal(0);
export const mapProblem = signal("");

const POLL_MS = 1000;

/** Loads the map, waits while it is computed, and starts that if need be. */
export async function loadMap(abort: AbortSignal): Promise<void> {
  try {
    for (;;) {
      const info = await call<MapState>("map", {}, abort);
      if (info.state === "ready") {
        if (loadedMap.value?.info.version === info.version) return;
        const response = await fetch(`/api/map/points?version=${encodeURIComponent(info.version)}`, { signal: abort });
        if (!response.ok) throw new Error("The points of the map could not be read. Reload the page.");
        loadedMap.value = { info, points: readPoints(await response.arrayBuffer()) };
        mapProblem.value = "";
        return;
      }
      mapProgress.value = info.progress;
      mapProblem.value = "";
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      if (abort.aborted) return;
    }
  } catch (error) {
    if (!isAborted(error)) mapProblem.value = sentenceOf(error);
  }
}

export async function symbolAt(map: LoadedMap, point: number, abort: AbortSignal): Promise<Hit | null> {
  const params = { version: map.info.version, points: [point] };
  const { symbols } = await call<{ symbols: (Hit | null)[] }>("map/symbols", params, abort);
  return symbols[0] ?? null;
}

const MAX_HITS = 200;

/** The points of what a question finds. */
export async function pointsOf(
  map: LoadedMap,
  query: string,
  abort: AbortSignal,
): Promise<{ hits: Hit[]; points: number[] }> {
  const { hits } = await call<SearchAnswer>("search", { query, limit: MAX_HITS }, abort);
  const places = hits.map(({ root, path, nameLine }) => ({ root, path, nameLine }));
  const { points } = await call<{ points: (number | null)[] }>(
    "map/locate",
    { version: map.info.version, places },
    abort,
  );
  return { hits, points: points.filter((point) => point !== null) };
}
