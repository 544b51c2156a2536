/** Boxes as links in lists, over lines that are drawn. The keyboard walks along the lines. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { hasSeveralRoots } from "../api/session";
import type { Hit } from "../api/types";
import { Icon } from "../app/icons";
import { hashOf, route } from "../app/route";
import { relatedRoute } from "../code/code-actions";
import { PathText } from "../code/code-pane";
import { focusCode } from "../search/focus";
import { placeOfHit } from "../search/hits";
import { Kind } from "../search/kind";
import { shortName } from "../search/names";
import { graphCurrent } from "./current";
import { BOX_HEIGHT, type Layout, layoutOf, type More, neighbourOf, type Step } from "./layout";
import { type Box, CENTER, certaintyOf, type Graph, sentenceOf } from "./model";

interface Props {
  graph: Graph;
  onCenter: (hit: Hit) => void;
  onRead: (hit: Hit) => void;
  onMore: () => void;
}

const STEPS: Record<string, Step> = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right" };

/** The box that is in the order of the Tab key. */
export function focusBox(): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>(".graph-box > a[tabindex='0']")?.focus());
}

export function Drawing({ graph, onCenter, onRead, onMore }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const width = useWidth(scroller);
  const layout = useMemo(() => (width > 0 ? layoutOf(graph, width) : null), [graph, width]);
  const [at, setAt] = useState(CENTER);
  const [pointed, setPointed] = useState("");
  const middle = graph.boxes[0]!.hit;
  const middleKey = `${middle.root}\n${middle.path}:${middle.startLine}`;
  const isNarrow = layout?.isNarrow;
  useLayoutEffect(() => {
    setAt(CENTER);
    const box = scroller.current?.querySelector<HTMLElement>(".graph-box.is-center");
    box?.scrollIntoView({ block: "center", inline: "center" });
    // who walked here with the keyboard goes on from the new middle
    if (!document.activeElement?.closest("input, select, .pane"))
      box?.querySelector("a")?.focus({ preventScroll: true });
  }, [middleKey, isNarrow]);
  const current = layout?.boxes.has(at) ? at : CENTER;
  const box = layout?.boxes.get(current)?.box;
  useEffect(() => {
    if (box) graphCurrent.value = { place: placeOfHit(box.hit), hit: box.hit };
  }, [box]);
  const go = (id: string | undefined) => {
    if (!id || !layout) return;
    setAt(id);
    scroller.current?.querySelector<HTMLElement>(`[data-box="${CSS.escape(id)}"] > a`)?.focus();
    const next = layout.boxes.get(id)?.box;
    if (next && route.value.params.has("open")) onRead(next.hit);
  };
  const onKey = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (!layout || !box || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!(event.target as HTMLElement).matches(".graph-box > a")) return;
    if (step) go(neighbourOf(layout, graph, current, step));
    else if (event.key === "Home") go(CENTER);
    else if (event.key === "Enter") (onRead(box.hit), focusCode());
    else if (event.key === " ") onCenter(box.hit);
    else return;
    event.preventDefault();
  };
  const active = pointed || current;
  return (
    <div class="graph-scroll" ref={scroller} onKeyDown={onKey}>
      {layout && (
        <div
          class="graph-drawing"
          style={{ width: `${layout.width}px`, height: `${layout.height}px` }}
          role="group"
          aria-label={`Call graph around ${middle.name}`}
        >
          <Lines layout={layout} graph={graph} active={active} />
          {groupsOf(layout).map(({ label, boxes, more }) => (
            <ul key={label} aria-label={label}>
              {boxes.map(({ box: one, x, y, width: boxWidth }) => (
                <BoxItem
                  key={one.id}
                  box={one}
                  style={{ left: `${x}px`, top: `${y}px`, width: `${boxWidth}px`, height: `${BOX_HEIGHT}px` }}
                  centerName={middle.name}
                  isCurrent={one.id === current}
                  onFocus={() => setAt(one.id)}
                  onPoint={(isOn) => setPointed(isOn ? one.id : "")}
                  onCenter={() => onCenter(one.hit)}
                  onRead={() => (setAt(one.id), onRead(one.hit))}
                />
              ))}
              {more.map((one) => (
                <MoreItem key={one.id} more={one} onMore={onMore} />
              ))}
            </ul>
          ))}
        </div>
      )}
    </div>
  );
}

function useWidth(box: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)));
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return width;
}

interface Group {
  label: string;
  boxes: Layout["boxes"] extends Map<string, infer Placed> ? Placed[] : never;
  more: More[];
}

const NAMES = { callers: "Who uses it", center: "The symbol", callees: "What it uses" };

/** The columns as lists, so that they are read in order. */
function groupsOf(layout: Layout): Group[] {
  const groups = new Map<string, Group>();
  const groupOf = (side: Box["side"], distance: number): Group => {
    const label = `${NAMES[side]}${distance > 1 ? `, ${distance} steps away` : ""}`;
    const group = groups.get(label) ?? { label, boxes: [], more: [] };
    groups.set(label, group);
    return group;
  };
  for (const placed of layout.boxes.values()) groupOf(placed.box.side, placed.box.distance).boxes.push(placed);
  for (const more of layout.more) groupOf(more.side, more.distance).more.push(more);
  return [...groups.values()];
}

function Lines({ layout, graph, active }: { layout: Layout; graph: Graph; active: string }) {
  const order = graph.lines.map((line, at) => ({ ...line, path: layout.paths[at]! }));
  // all that leads to the middle is in sight anyway
  const isLit = ({ from, to }: { from: string; to: string }) => active !== CENTER && (from === active || to === active);
  return (
    <svg class="graph-lines" width={layout.width} height={layout.height} aria-hidden="true">
      <defs>
        {["arrow", "arrow-lit"].map((id) => (
          <marker key={id} id={id} viewBox="0 0 8 8" refX="4" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path class={id} d="M0 0L8 4L0 8z" />
          </marker>
        ))}
      </defs>
      {[false, true].map((lit) =>
        order
          .filter((line) => line.path && isLit(line) === lit)
          .map(({ from, to, confidence, path }) => (
            <path
              key={`${from}\r${to}`}
              class={`edge ${certaintyOf(confidence)}${lit ? " lit" : ""}`}
              d={path}
              marker-end={`url(#${lit ? "arrow-lit" : "arrow"})`}
            />
          )),
      )}
    </svg>
  );
}

interface BoxProps {
  box: Box;
  style: Record<string, string>;
  centerName: string;
  isCurrent: boolean;
  onFocus: () => void;
  onPoint: (isOn: boolean) => void;
  onCenter: () => void;
  onRead: () => void;
}

function BoxItem({ box, style, centerName, isCurrent, onFocus, onPoint, onCenter, onRead }: BoxProps) {
  const { hit, isTest, confidence, side, kind } = box;
  const certainty = certaintyOf(confidence);
  const isCenter = side === "center";
  const tags = [...(kind && kind !== "call" ? [kind] : []), ...(certainty === "sure" ? [] : [certainty])];
  return (
    <li
      class={`graph-box${isCenter ? " is-center" : ""}${isTest ? " is-test" : ""}`}
      data-box={box.id}
      style={style}
      onPointerEnter={() => onPoint(true)}
      onPointerLeave={() => onPoint(false)}
    >
      <a
        href={hashOf(relatedRoute("graph", placeOfHit(hit), hit))}
        tabIndex={isCurrent ? 0 : -1}
        title={`${hit.qualifiedName || hit.name}\n${hit.path}:${hit.startLine}\n${hit.signature}`}
        aria-current={isCenter ? "true" : undefined}
        onFocus={onFocus}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return;
          event.preventDefault();
          if (isCenter) onRead();
          else onCenter();
        }}
      >
        <span class="box-title">
          <Kind kind={hit.kind} />
          <span class="name">{shortName(hit)}</span>
          {tags.map((tag) => (
            <span class="reason" key={tag} aria-hidden="true">
              {tag}
            </span>
          ))}
          {isTest && (
            <span class="tag-test" aria-hidden="true">
              test
            </span>
          )}
        </span>
        <span class="box-where">
          <PathText path={hit.path} root={hasSeveralRoots.value ? (hit.root ?? "") : ""} />
          <span class="line-no">:{hit.startLine}</span>
        </span>
        <span class="unseen">, {sentenceOf(box, centerName)}</span>
      </a>
      <button
        type="button"
        class="box-read"
        tabIndex={-1}
        aria-label={`Read ${hit.name}`}
        title="Read the code (Enter)"
        onClick={onRead}
      >
        <Icon name="code" />
      </button>
    </li>
  );
}

function MoreItem({ more, onMore }: { more: More; onMore: () => void }) {
  return (
    <li
      style={{ left: `${more.x}px`, top: `${more.y}px`, width: `${more.width}px`, height: `${BOX_HEIGHT}px` }}
      class="graph-more"
    >
      <button type="button" class="button" onClick={onMore}>
        <Icon name="plus" /> {more.count.toLocaleString("en")} more
      </button>
    </li>
  );
}
