/** The graph around a symbol as boxes and lines between them, without their places on the page. */
import type { Edge, EdgesAnswer, Hit } from "../api/types";
import { keyOf } from "../search/hits";
import { hitOfEdge } from "../search/related";

/** Who uses the symbol, the symbol, what it uses. */
export type Side = "callers" | "center" | "callees";

export interface Box {
  id: string;
  hit: Hit;
  side: Side;
  /** Steps from the symbol. */
  distance: number;
  isTest: boolean;
  /** Of the surest line that leads to it. */
  confidence: number;
  kind: string;
  /** The box nearer to the symbol that its first line leads to. */
  parent: string;
}

/** From the one that uses to the one that is used. */
export interface Line {
  from: string;
  to: string;
  confidence: number;
  kind: string;
}

export interface Graph {
  boxes: Box[];
  lines: Line[];
  callsItself: boolean;
  /** What is not shown, by side and distance from 1 on. */
  omitted: Record<"callers" | "callees", number[]>;
  /** Uses of the name in the middle that were not looked at. */
  unseen: number;
}

export const CENTER = "center";

export function graphOf(callers: EdgesAnswer, callees: EdgesAnswer): Graph {
  const center = keyOf(callers.symbol);
  const boxes = new Map<string, Box>();
  boxes.set(CENTER, {
    id: CENTER,
    hit: callers.symbol,
    side: "center",
    distance: 0,
    isTest: false,
    confidence: 1,
    kind: "",
    parent: "",
  });
  const lines = new Map<string, Line>();
  let callsItself = false;
  const add = (side: "callers" | "callees", { edges }: EdgesAnswer) => {
    const idOf = (edge: Edge | undefined): string => {
      if (!edge) return CENTER;
      const key = keyOf(edge.hit);
      return key === center ? CENTER : `${side}\n${key}`;
    };
    for (const edge of edges) {
      const far = idOf(edge);
      const near = idOf(edge.through === undefined ? undefined : edges[edge.through]);
      if (far === near) {
        callsItself ||= far === CENTER;
        continue;
      }
      const { confidence, kind } = edge;
      const [from, to] = side === "callers" ? [far, near] : [near, far];
      const known = lines.get(`${from}\r${to}`);
      if (!known || known.confidence < confidence) lines.set(`${from}\r${to}`, { from, to, confidence, kind });
      if (boxes.has(far)) continue;
      const hit = hitOfEdge(edge, side);
      boxes.set(far, {
        id: far,
        hit,
        side,
        distance: edge.distance,
        isTest: edge.test,
        confidence,
        kind,
        parent: near,
      });
    }
  };
  add("callers", callers);
  add("callees", callees);
  return {
    boxes: [...boxes.values()],
    lines: [...lines.values()],
    callsItself,
    omitted: { callers: callers.omittedAt, callees: callees.omittedAt },
    unseen: callers.unseenAt?.[0] ?? 0,
  };
}

/** How sure a line is, in the words and the strokes of the page. */
export function certaintyOf(confidence: number): "sure" | "likely" | "possible" {
  return confidence >= 0.8 ? "sure" : confidence >= 0.5 ? "likely" : "possible";
}

const DONE: Record<string, string> = { call: "calls", use: "uses", inherits: "inherits from", imports: "imports" };

/** What a line says, for those who do not see it. */
export function sentenceOf(box: Box, centerName: string): string {
  if (box.side === "center") return "the symbol in the middle";
  const doubt = { sure: "", likely: ", likely", possible: ", possibly" }[certaintyOf(box.confidence)];
  const verb = DONE[box.kind] ?? box.kind;
  const steps = box.distance > 1 ? `, ${box.distance} steps away` : "";
  const test = box.isTest ? ", a test" : "";
  if (box.distance > 1)
    return `${box.side === "callers" ? "leads to" : "is reached from"} ${centerName}${steps}${doubt}${test}`;
  return box.side === "callers" ? `${verb} ${centerName}${doubt}${test}` : `${centerName} ${verb} it${doubt}${test}`;
}
