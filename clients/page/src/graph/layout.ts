/** Places for the boxes of a graph: columns where the window is wide, an indented list where it is narrow. No DOM here. */
import { type Box, CENTER, type Graph, type Side } from "./model";

export const BOX_HEIGHT = 44;
const ROW_GAP = 10;
const MAX_BOX = 320;
const MIN_BOX = 150;
const MAX_GAP = 180;
const MIN_GAP = 44;
const PADDING = 16;
const INDENT = 22;

/** Below this width a column could not hold a name. */
export const NARROW = 640;

export interface Placed {
  id: string;
  x: number;
  y: number;
  width: number;
}

/** A place that stands for what is left out of a column. */
export interface More extends Placed {
  side: "callers" | "callees";
  distance: number;
  count: number;
}

export interface Layout {
  width: number;
  height: number;
  boxes: Map<string, Placed & { box: Box }>;
  more: More[];
  /** SVG paths, in the order of the graph's lines; empty where a line is not drawn. */
  paths: string[];
  isNarrow: boolean;
}

interface Column {
  side: Side;
  distance: number;
  boxes: Box[];
  omitted: number;
}

export function layoutOf(graph: Graph, width: number): Layout {
  return width < NARROW ? narrow(graph, width) : wide(graph, width);
}

/** From left to right: the farthest callers first. A side without boxes has no column. */
export function columnsOf(graph: Graph): Column[] {
  const column = (side: Side, distance: number): Column => ({
    side,
    distance,
    boxes: graph.boxes.filter((box) => box.side === side && box.distance === distance).sort(byTrust),
    omitted: side === "center" ? 0 : (graph.omitted[side][distance - 1] ?? 0),
  });
  const sideColumns = (side: "callers" | "callees"): Column[] => {
    const deepest = Math.max(0, ...graph.boxes.filter((box) => box.side === side).map((box) => box.distance));
    const columns = Array.from({ length: deepest }, (_, at) => column(side, at + 1));
    for (const [at, one] of columns.entries()) if (at > 0) orderByNeighbours(one, columns[at - 1]!, graph);
    return columns;
  };
  return [...sideColumns("callers").reverse(), column("center", 0), ...sideColumns("callees")];
}

/** Code before tests, sure before doubtful, and what lies in one file together. */
function byTrust(one: Box, other: Box): number {
  return (
    Number(one.isTest) - Number(other.isTest) ||
    Number(other.confidence >= 0.8) - Number(one.confidence >= 0.8) ||
    (one.hit.path < other.hit.path ? -1 : one.hit.path > other.hit.path ? 1 : 0) ||
    one.hit.startLine - other.hit.startLine
  );
}

/** Near the boxes that they are linked with, so that few lines cross. */
function orderByNeighbours(column: Column, inner: Column, graph: Graph): void {
  const rank = new Map(inner.boxes.map((box, at) => [box.id, at]));
  const mean = new Map<string, number>();
  for (const { id } of column.boxes) {
    const ranks = graph.lines
      .flatMap(({ from, to }) => (from === id ? [to] : to === id ? [from] : []))
      .flatMap((other) => rank.get(other) ?? []);
    mean.set(id, ranks.length > 0 ? ranks.reduce((sum, one) => sum + one, 0) / ranks.length : 0);
  }
  column.boxes.sort((one, other) => mean.get(one.id)! - mean.get(other.id)! || byTrust(one, other));
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

function wide(graph: Graph, width: number): Layout {
  const columns = columnsOf(graph);
  const n = columns.length;
  const room = width - 2 * PADDING;
  const boxWidth = Math.floor(clamp((room - (n - 1) * MIN_GAP) / n, MIN_BOX, MAX_BOX));
  const gap = n > 1 ? clamp((room - n * boxWidth) / (n - 1), MIN_GAP, MAX_GAP) : 0;
  const used = n * boxWidth + (n - 1) * gap;
  const left = Math.max(PADDING, (width - used) / 2);
  const rows = Math.max(...columns.map(({ boxes, omitted }) => boxes.length + Number(omitted > 0)));
  const height = 2 * PADDING + rows * (BOX_HEIGHT + ROW_GAP) - ROW_GAP;
  const boxes: Layout["boxes"] = new Map();
  const more: More[] = [];
  for (const [at, column] of columns.entries()) {
    const x = left + at * (boxWidth + gap);
    const nRows = column.boxes.length + Number(column.omitted > 0);
    let y = (height - nRows * (BOX_HEIGHT + ROW_GAP) + ROW_GAP) / 2;
    for (const box of column.boxes) {
      boxes.set(box.id, { id: box.id, x, y, width: boxWidth, box });
      y += BOX_HEIGHT + ROW_GAP;
    }
    if (column.omitted > 0) more.push(moreAt(column, x, y, boxWidth));
  }
  const paths = graph.lines.map(({ from, to }) => {
    const [user, used] = [boxes.get(from), boxes.get(to)];
    if (!user || !used) return "";
    return user.x === used.x ? arc(user, used) : curve(user, used);
  });
  return { width: Math.max(width, used + 2 * PADDING), height, boxes, more, paths, isNarrow: false };
}

function moreAt({ side, distance, omitted }: Column, x: number, y: number, width: number): More {
  return { id: `more ${side} ${distance}`, x, y, width, side: side as More["side"], distance, count: omitted };
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** From the right edge of the one that uses to the left edge of the one that is used; around, where that lies behind. */
function curve(user: Placed, used: Placed): string {
  const [x0, y0] = [user.x + user.width, user.y + BOX_HEIGHT / 2];
  const [x1, y1] = [used.x - 6, used.y + BOX_HEIGHT / 2];
  const bend = x1 > x0 ? (x1 - x0) / 2 : 40;
  const points = [x0, y0, x0 + bend, y0, x1 - bend, y1, x1, y1].map(round);
  return `M${points[0]} ${points[1]}C${points[2]} ${points[3]} ${points[4]} ${points[5]} ${points[6]} ${points[7]}`;
}

/** Between two boxes of one column: along its right side. */
function arc(user: Placed, used: Placed): string {
  const x = user.x + user.width;
  const bulge = Math.min(MIN_GAP - 8, 16 + Math.abs(used.y - user.y) / 20);
  const [y0, y1] = [user.y + BOX_HEIGHT * 0.7, used.y + BOX_HEIGHT * 0.7].map(round);
  return `M${x} ${y0}C${x + bulge} ${y0} ${x + bulge} ${y1} ${x + 6} ${y1}`;
}

function narrow(graph: Graph, width: number): Layout {
  const columns = columnsOf(graph);
  const boxes: Layout["boxes"] = new Map();
  const more: More[] = [];
  let y = PADDING;
  const put = (box: Box) => {
    const x = PADDING / 2 + box.distance * INDENT;
    boxes.set(box.id, { id: box.id, x, y, width: width - x - PADDING / 2, box });
    y += BOX_HEIGHT + ROW_GAP;
  };
  const putMore = (column: Column) => {
    const x = PADDING / 2 + column.distance * INDENT;
    more.push(moreAt(column, x, y, width - x - PADDING / 2));
    y += BOX_HEIGHT + ROW_GAP;
  };
  const nearest = (side: Side) => columns.filter((column) => column.side === side);
  const childrenOf = (id: string, side: Side) =>
    nearest(side).flatMap((column) => column.boxes.filter((box) => box.parent === id && box.side === side));
  const above = (id: string) => {
    for (const box of childrenOf(id, "callers").reverse()) {
      above(box.id);
      put(box);
    }
  };
  const below = (id: string) => {
    for (const box of childrenOf(id, "callees")) {
      put(box);
      below(box.id);
    }
  };
  for (const column of nearest("callers")) if (column.omitted > 0) putMore(column);
  above(CENTER);
  put(columns.find(({ side }) => side === "center")!.boxes[0]!);
  below(CENTER);
  for (const column of nearest("callees")) if (column.omitted > 0) putMore(column);
  const paths = graph.lines.map(({ from, to }) => {
    const [user, used] = [boxes.get(from), boxes.get(to)];
    if (!user || !used) return "";
    if (user.box.parent === to) return elbow(used, user, false);
    return used.box.parent === from ? elbow(user, used, true) : "";
  });
  return { width, height: y - ROW_GAP + PADDING, boxes, more, paths, isNarrow: true };
}

/** Along the left side of the inner box to the outer one; its arrow is at the outer one if that is used. */
function elbow(inner: Placed, outer: Placed, isToOuter: boolean): string {
  const rail = inner.x + 8;
  const innerY = outer.y > inner.y ? inner.y + BOX_HEIGHT : inner.y;
  const outerY = outer.y + BOX_HEIGHT / 2;
  if (isToOuter) return `M${rail} ${innerY}V${outerY}H${outer.x - 5}`;
  return `M${outer.x} ${outerY}H${rail}V${innerY < outerY ? innerY + 5 : innerY - 5}`;
}

export type Step = "up" | "down" | "left" | "right";

/** The box that an arrow key leads to. */
export function neighbourOf(layout: Layout, graph: Graph, id: string, step: Step): string | undefined {
  const own = layout.boxes.get(id);
  if (!own) return undefined;
  const all = [...layout.boxes.values()];
  if (step === "up" || step === "down") {
    const sign = step === "up" ? -1 : 1;
    return all
      .filter((one) => sign * (one.y - own.y) > 0 && (layout.isNarrow || one.x === own.x))
      .sort((one, other) => sign * (one.y - other.y))[0]?.id;
  }
  const linked = graph.lines.flatMap(({ from, to }) =>
    step === "left" ? (to === id ? [from] : []) : from === id ? [to] : [],
  );
  const isAside = (x: number) => (step === "left" ? x < own.x : x > own.x);
  const aside = layout.isNarrow ? [] : all.filter((one) => isAside(one.x));
  const distance = (one: Placed) => Math.abs(one.x - own.x) * 10 + Math.abs(one.y - own.y);
  const candidates = linked.length > 0 ? linked.flatMap((other) => layout.boxes.get(other) ?? []) : aside;
  return candidates.sort((one, other) => distance(one) - distance(other))[0]?.id;
}
