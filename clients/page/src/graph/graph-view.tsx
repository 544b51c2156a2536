/** The code around a symbol: who uses it on the left, what it uses on the right, with the code of a box beside it. */
import { useEffect, useMemo } from "preact/hooks";
import { rootName, hasSeveralRoots } from "../api/session";
import type { Hit } from "../api/types";
import { Icon } from "../app/icons";
import { changed, CLOSED, goBack, hashOf, navigate, placeText, route } from "../app/route";
import { relatedRoute } from "../code/code-actions";
import { CodePane } from "../code/code-pane";
import { hitParams, openedOf, placeOfHit } from "../search/hits";
import { unseenNote } from "../search/related";
import { graphCurrent } from "./current";
import { Drawing, focusBox } from "./drawing";
import { MOST_ROWS, MOST_STEPS, useGraph, type Wanted } from "./graph-store";
import { CENTER, type Graph, sentenceOf } from "./model";

export function GraphView() {
  const { wanted, answered, isPending } = useGraph();
  const { params } = route.value;
  useEffect(() => () => void (graphCurrent.value = null), []);
  if (!wanted) return <NoSymbol />;
  const { graph, problem } = answered;
  const boxes = graph?.boxes ?? [];
  const open = openedOf(
    params,
    boxes.map(({ hit }) => hit),
  );
  const shown = boxes.find(({ hit }) => hit === open?.hit);
  const close = () => {
    navigate(changed(CLOSED), { replace: true });
    focusBox();
  };
  return (
    <div class={`graph-view${open ? " has-code" : ""}`} onKeyDown={(event) => onEscape(event, Boolean(open), close)}>
      <div class="graph-side">
        <Head wanted={wanted} graph={graph} isPending={isPending} />
        {problem && (
          <p class="notice bad" role="alert">
            {problem}
          </p>
        )}
        {graph && <Drawing graph={graph} onCenter={center} onRead={read} onMore={() => showMore(wanted)} />}
      </div>
      {open && (
        <div class="graph-code">
          <button type="button" class="ghost pane-close" aria-label="Close the code" onClick={close}>
            <Icon name="close" />
          </button>
          <CodePane
            place={open.place}
            hit={open.hit}
            why={shown && shown.id !== CENTER ? `${capital(sentenceOf(shown, boxes[0]!.hit.name))}.` : ""}
            key={placeText(open.place)}
          />
        </div>
      )}
    </div>
  );
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

function center(hit: Hit): void {
  navigate({ ...relatedRoute("graph", placeOfHit(hit), hit) });
}

function read(hit: Hit): void {
  navigate(changed(hitParams(hit)), { replace: true });
}

function showMore({ rows }: Wanted): void {
  navigate(changed({ rows: String(Math.min(rows * 2, MOST_ROWS)) }), { replace: true });
}

/** From the code to its box, from the drawing to no code, then back to where the user came from. */
function onEscape(event: KeyboardEvent, isOpen: boolean, close: () => void): void {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  event.preventDefault();
  if ((event.target as HTMLElement).closest(".pane")) focusBox();
  else if (isOpen) close();
  else goBack();
}

function NoSymbol() {
  return (
    <div class="graph-view">
      <div class="graph-side">
        <header class="view-head">
          <h1>Call graph</h1>
        </header>
        <p class="notice quiet">
          No symbol is named. <a href="#/search">Search</a> for one, and press <kbd>g</kbd>.
        </p>
      </div>
    </div>
  );
}

function Head({ wanted, graph, isPending }: { wanted: Wanted; graph: Graph | null; isPending: boolean }) {
  const { params } = route.value;
  const middle = graph?.boxes[0]?.hit;
  const name = middle?.name ?? params.get("name") ?? "this place";
  const place = middle ? placeOfHit(middle) : { ...wanted, endLine: wanted.line };
  return (
    <header class="graph-head">
      <button type="button" class="ghost" onClick={goBack}>
        <Icon name="back" /> Back <kbd>Esc</kbd>
      </button>
      <div class="graph-title">
        <h1>
          Around <span class="origin-name">{name}</span>
        </h1>
        <p class="muted path-line">
          {hasSeveralRoots.value && <span class="root-name">{rootName(place.root)}</span>}
          {placeText(place)}
        </p>
      </div>
      <div class="graph-tools">
        <label class="steps">
          Steps
          <select
            class="button"
            value={String(wanted.steps)}
            onChange={(event) => navigate(changed({ steps: event.currentTarget.value }), { replace: true })}
          >
            {Array.from({ length: MOST_STEPS }, (_, at) => (
              <option key={at}>{at + 1}</option>
            ))}
          </select>
        </label>
        <a class="button" href={hashOf(relatedRoute("callers", place, middle))}>
          Callers as a list
        </a>
        <a class="button" href={hashOf(relatedRoute("callees", place, middle))}>
          Uses as a list
        </a>
      </div>
      {graph && <Counts graph={graph} name={name} rows={wanted.rows} />}
      <Legend />
      {isPending && <span class="progress-line" />}
    </header>
  );
}

function Counts({ graph, name, rows }: { graph: Graph; name: string; rows: number }) {
  const text = useMemo(() => {
    const total = (side: "callers" | "callees") =>
      graph.boxes.filter((box) => box.side === side && box.distance === 1).length + (graph.omitted[side][0] ?? 0);
    const [callers, callees] = [total("callers"), total("callees")];
    const left = [...graph.omitted.callers, ...graph.omitted.callees].reduce((sum, one) => sum + one, 0);
    const parts = [
      callers === 0
        ? `Nothing that uses ${name} is known`
        : `${callers.toLocaleString("en")} ${callers === 1 ? "symbol uses" : "symbols use"} it`,
      callees === 0 ? "it uses nothing that is indexed" : `it uses ${callees.toLocaleString("en")}`,
      ...(graph.callsItself ? ["it calls itself"] : []),
    ];
    const more = rows >= MOST_ROWS ? "left out" : "not shown yet";
    const leftOut = left === 0 ? "" : ` ${left.toLocaleString("en")} ${left === 1 ? "is" : "are"} ${more}.`;
    const unseen = graph.unseen > 0 ? ` ${unseenNote(graph.unseen)}` : "";
    return `${parts.join(", ")}.${leftOut}${unseen}`;
  }, [graph, name, rows]);
  return (
    <p class="graph-counts" role="status">
      {text}
    </p>
  );
}

function Legend() {
  return (
    <ul class="graph-legend" aria-label="Legend">
      {(["sure", "likely", "possible"] as const).map((certainty) => (
        <li key={certainty}>
          <svg viewBox="0 0 30 8" aria-hidden="true">
            <path class={`edge ${certainty}`} d="M0 4H30" />
          </svg>
          {certainty}
        </li>
      ))}
      <li>
        <span class="tag-test">test</span> in a file of tests
      </li>
      <li class="keys-hint">
        <span>
          <kbd>←</kbd> <kbd>↓</kbd> <kbd>↑</kbd> <kbd>→</kbd> walk
        </span>
        <span>
          <kbd>Enter</kbd> read
        </span>
        <span>
          <kbd>Space</kbd> or a click: to the middle
        </span>
      </li>
    </ul>
  );
}
