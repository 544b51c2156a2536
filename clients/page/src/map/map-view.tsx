/** Every symbol of the index as a point: near ones mean something alike. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { connection, isAborted, sentenceOf } from "../api/client";
import { generation } from "../api/session";
import type { Hit } from "../api/types";
import { showToast } from "../app/announce";
import { Icon } from "../app/icons";
import { changed, CLOSED, navigate, placeText, route } from "../app/route";
import { CodePane } from "../code/code-pane";
import { hitParams, openedOf } from "../search/hits";
import { type LoadedMap, loadedMap, loadMap, mapProblem, mapProgress, pointsOf, symbolAt } from "./map-store";
import { type Column, coloursOf, N_COLOURS, rankedValues } from "./points";
import { ScatterPlot } from "./scatter-plot";

const COLUMNS: { column: Column; label: string; names: "folders" | "languages" | "kinds" }[] = [
  { column: "folder", label: "folder", names: "folders" },
  { column: "language", label: "language", names: "languages" },
  { column: "kind", label: "kind", names: "kinds" },
];

export function MapView() {
  const number = generation.value;
  const isLive = connection.value === "live";
  useEffect(() => {
    if (!isLive) return;
    const abort = new AbortController();
    void loadMap(abort.signal);
    return () => abort.abort();
  }, [number, isLive]);
  const map = loadedMap.value;
  if (map) return <LoadedMapView map={map} />;
  if (mapProblem.value)
    return (
      <p class="notice bad" role="alert">
        {mapProblem.value}
      </p>
    );
  return (
    <div class="progress map-wait">
      <label>
        Placing every symbol. This happens once.
        <progress max={1} value={mapProgress.value} />
      </label>
    </div>
  );
}

function LoadedMapView({ map }: { map: LoadedMap }) {
  const { params } = route.value;
  const chosen = COLUMNS.find(({ column }) => column === params.get("colour")) ?? COLUMNS[0]!;
  const ranked = useMemo(() => rankedValues(map.points[chosen.column], map.info[chosen.names]), [map, chosen]);
  const colours = useMemo(() => coloursOf(map.points[chosen.column], ranked), [map, chosen]);
  const query = params.get("q") ?? "";
  const { found, problem } = useFound(map, query);
  const only = params.get("only");
  const lit = useMemo(() => {
    if (query) return Uint32Array.from(found.points);
    const value = ranked.find(({ name }) => name === only)?.value;
    return value === undefined ? new Uint32Array() : indicesOf(map.points[chosen.column], value);
  }, [map, query, found, only, ranked, chosen]);
  const pick = usePick(map);
  const opened = openedOf(params, found.hits);
  return (
    <div class={`map-view${opened ? " has-code" : ""}`}>
      <h1 class="unseen">Map</h1>
      <div class="map-box">
        <ScatterPlot map={map} colours={colours} lit={lit} onPick={pick} />
        <div class="map-tools">
          <div class="question" role="search">
            <Icon name="search" />
            <input
              id="query"
              type="text"
              autocomplete="off"
              spellcheck={false}
              aria-label="Light up what a question finds"
              placeholder="Light up what a question finds"
              value={query}
              onInput={(event) => navigate(changed({ q: event.currentTarget.value || null }), { replace: true })}
            />
          </div>
          {query && (
            <p class="muted" role="status">
              {problem || `${found.points.length} points`}
            </p>
          )}
          <Legend chosen={chosen.column} ranked={ranked} only={only} total={map.points.count} />
        </div>
      </div>
      {opened && (
        <div class="map-code">
          <button
            type="button"
            class="ghost map-close"
            aria-label="Close the code"
            onClick={() => navigate(changed(CLOSED), { replace: true })}
          >
            <Icon name="close" />
          </button>
          <CodePane {...opened} key={placeText(opened.place)} />
        </div>
      )}
    </div>
  );
}

function indicesOf(column: ArrayLike<number>, value: number): Uint32Array {
  const indices: number[] = [];
  for (let index = 0; index < column.length; index++) if (column[index] === value) indices.push(index);
  return Uint32Array.from(indices);
}

interface Found {
  hits: Hit[];
  points: number[];
}

const NOTHING: Found = { hits: [], points: [] };

function useFound(map: LoadedMap, query: string): { found: Found; problem: string } {
  const [state, setState] = useState<{ found: Found; problem: string }>({ found: NOTHING, problem: "" });
  useEffect(() => {
    if (!query.trim()) return setState({ found: NOTHING, problem: "" });
    const abort = new AbortController();
    pointsOf(map, query, abort.signal).then(
      (found) => setState({ found, problem: "" }),
      (error: unknown) => !isAborted(error) && setState({ found: NOTHING, problem: sentenceOf(error) }),
    );
    return () => abort.abort();
  }, [map, query]);
  return state;
}

/** Opens the symbol of a point. Of several points in a short time it is the last. */
function usePick(map: LoadedMap): (point: number) => void {
  const [picked, setPicked] = useState<{ point: number } | null>(null);
  useEffect(() => {
    if (!picked) return;
    const abort = new AbortController();
    symbolAt(map, picked.point, abort.signal).then(
      (hit) => hit && navigate(changed(hitParams(hit)), { replace: true }),
      (error: unknown) => {
        if (isAborted(error)) return;
        showToast(sentenceOf(error));
        void loadMap(abort.signal); // the server may have another map by now
      },
    );
    return () => abort.abort();
  }, [picked]);
  return (point) => setPicked({ point });
}

interface LegendProps {
  chosen: Column;
  ranked: { value: number; name: string; count: number }[];
  only: string | null;
  total: number;
}

function Legend({ chosen, ranked, only, total }: LegendProps) {
  const others = ranked.slice(N_COLOURS).reduce((sum, { count }) => sum + count, 0);
  return (
    <details class="legend" open={!matchMedia("(max-width: 860px)").matches}>
      <summary>
        <span class="muted">{total.toLocaleString("en")} symbols</span>
      </summary>
      <label>
        <span class="muted">coloured by</span>{" "}
        <select
          value={chosen}
          onChange={(event) => navigate(changed({ colour: event.currentTarget.value, only: null }), { replace: true })}
        >
          {COLUMNS.map(({ column, label }) => (
            <option key={column} value={column}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <ul>
        {ranked.slice(0, N_COLOURS).map(({ name, count }, rank) => (
          <li key={name}>
            <button
              type="button"
              class="legend-row"
              aria-pressed={only === name}
              onClick={() => navigate(changed({ only: only === name ? null : name, q: null }), { replace: true })}
            >
              <span class={`swatch colour-${rank}`} aria-hidden="true" /> <span class="legend-name">{name}</span>
              <span class="muted num">{count.toLocaleString("en")}</span>
            </button>
          </li>
        ))}
        {others > 0 && (
          <li class="legend-row">
            <span class={`swatch colour-${N_COLOURS}`} aria-hidden="true" /> <span class="legend-name">others</span>
            <span class="muted num">{others.toLocaleString("en")}</span>
          </li>
        )}
      </ul>
    </details>
  );
}
