import { expect, it } from "vitest";
import type { Edge, EdgesAnswer, Hit } from "../../src/api/types";
import { BOX_HEIGHT, layoutOf, neighbourOf, NARROW } from "../../src/graph/layout";
import { CENTER, graphOf, sentenceOf } from "../../src/graph/model";

const hit = (name: string, path = "a.py"): Hit =>
  ({ root: "/w", path, name, qualifiedName: name, kind: "function", startLine: name.length, reasons: [] }) as never;

const edge = (name: string, more: Partial<Edge> = {}): Edge => ({
  hit: hit(name),
  ranges: [{ startLine: 5, endLine: 5 }],
  confidence: 0.95,
  kind: "call",
  test: false,
  distance: 1,
  ...more,
});

const answer = (edges: Edge[], omittedAt = [0]): EdgesAnswer => ({
  symbol: hit("x"),
  edges,
  omitted: 0,
  omittedAt,
  generation: 1,
});

const graph = graphOf(
  answer([
    edge("aa"),
    edge("bbb", { confidence: 0.6 }),
    edge("test", { test: true }),
    edge("far5", { distance: 2, through: 1 }),
    edge("far5", { distance: 2, through: 0 }),
    edge("bbb", { distance: 2, through: 0 }),
  ]),
  answer([edge("x"), edge("used", { kind: "use" })], [7]),
);
const id = (side: string, name: string) => graph.boxes.find((box) => box.side === side && box.hit.name === name)!.id;

it("has each symbol of a side once, with all its lines", () => {
  expect(graph.boxes.map(({ side, distance, hit: { name } }) => [side, distance, name])).toEqual([
    ["center", 0, "x"],
    ["callers", 1, "aa"],
    ["callers", 1, "bbb"],
    ["callers", 1, "test"],
    ["callers", 2, "far5"],
    ["callees", 1, "used"],
  ]);
  const far = graph.lines.filter(({ from }) => from === id("callers", "far5"));
  expect(far.map(({ to }) => to)).toEqual([id("callers", "bbb"), id("callers", "aa")]);
  expect([graph.callsItself, graph.lines.length]).toEqual([true, 7]);
});

it("counts the uses of its own name that were not looked at", () => {
  const seen = answer([]);
  const graphs = [seen, { ...seen, unseen: 9, unseenAt: [7, 2] }].map((callers) => graphOf(callers, seen));
  expect(graphs.map(({ unseen }) => unseen)).toEqual([0, 7]);
});

it.each([
  ["aa", "calls x"],
  ["bbb", "calls x, likely"],
  ["test", "calls x, a test"],
  ["far5", "leads to x, 2 steps away"],
  ["used", "x uses it"],
  ["x", "the symbol in the middle"],
])("says of %s: %s", (name, sentence) => {
  expect(
    sentenceOf(
      graph.boxes.find((box) => box.hit.name === name)!,
      "x",
    ),
  ).toBe(sentence);
});

it.each([NARROW - 1, NARROW, 360, 2560])("keeps all boxes apart and inside at %d pixels", (width) => {
  const { boxes, more, height, ...layout } = layoutOf(graph, width);
  const all = [...boxes.values(), ...more];
  expect([boxes.size, more.map(({ side, count }) => [side, count])]).toEqual([6, [["callees", 7]]]);
  for (const one of all) {
    expect(one.x >= 0 && one.x + one.width <= layout.width && one.y >= 0 && one.y + BOX_HEIGHT <= height).toBe(true);
    for (const other of all)
      if (one !== other)
        expect(
          one.x + one.width <= other.x || other.x + other.width <= one.x || Math.abs(one.y - other.y) >= BOX_HEIGHT,
        ).toBe(true);
  }
});

it("has callers on the left, in order: code, then doubtful, then tests; and the used on the right", () => {
  const { boxes } = layoutOf(graph, 1200);
  const at = (side: string, name: string) => boxes.get(id(side, name))!;
  const columns = [at("callers", "far5"), at("callers", "aa"), boxes.get(CENTER)!, at("callees", "used")].map(
    ({ x }) => x,
  );
  expect(columns).toEqual([...columns].sort((one, other) => one - other));
  const rows = ["aa", "bbb", "test"].map((name) => at("callers", name).y);
  expect(rows).toEqual([...rows].sort((one, other) => one - other));
});

it("leaves no room for a side without boxes", () => {
  const alone = layoutOf(graphOf(answer([edge("aa")]), answer([])), 1200);
  expect([...alone.boxes.values()].map(({ x, width }) => Math.round(x + width / 2 - 600)).reduce((a, b) => a + b)).toBe(
    0,
  );
});

it.each([
  ["left", CENTER, "bbb"],
  ["right", CENTER, "used"],
  ["down", "aa", "bbb"],
  ["up", "bbb", "aa"],
  ["left", "bbb", "far5"],
  ["up", "aa", undefined],
  ["right", "used", undefined],
] as const)("the arrow %s leads from %s to %s", (step, from, to) => {
  const layout = layoutOf(graph, 1200);
  const own = from === CENTER ? CENTER : graph.boxes.find((box) => box.hit.name === from)!.id;
  expect(graph.boxes.find((box) => box.id === neighbourOf(layout, graph, own, step))?.hit.name).toBe(to);
});
