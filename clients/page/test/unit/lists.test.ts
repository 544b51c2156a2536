import { expect, it } from "vitest";
import type { Edge, Hit } from "../../src/api/types";
import { impactList, unusedList } from "../../src/changes/lists";
import { edgesList } from "../../src/search/related";

const hit = (name: string, path = "a.py"): Hit => ({ root: "/w", path, name, reasons: ["name"] }) as never;

it("puts the changed first, then the tests, then what may be affected", () => {
  const list = impactList({
    changed: [hit("core")],
    affected: [{ hit: hit("far"), via: ["core", "near"], distance: 2, confidence: 0.6 }],
    tests: [{ ...hit("test_core", "t.py"), via: ["core"], distance: 1, confidence: 0.95 }],
    omitted: 3,
    notes: ["1 deleted files: what used them is not followed."],
    generation: 1,
  });
  expect(list.hits.map(({ name, reasons, why }) => [name, reasons, why])).toEqual([
    ["core", [], "Here because the change is in it."],
    ["test_core", [], "Here because it uses core."],
    ["far", ["2 steps", "likely"], "Here because it uses near, which uses core."],
  ]);
  expect(list.sections).toEqual([
    { at: 0, title: "Changed (1)" },
    { at: 1, title: "Tests that reach it (1)" },
    { at: 2, title: "May be affected (1)" },
  ]);
  expect(list.summary).toBe("1 symbol changed, 4 others may be affected, tests in 1 file");
  expect(list.notes.at(-1)).toBe("3 more may be affected; the nearest are shown.");
});

it("draws the first of very many, and counts all", () => {
  const changed = Array.from({ length: 6507 }, (_, at) => hit(`f${at}`));
  const rest = {
    affected: [],
    tests: [{ ...hit("test"), via: [], distance: 1, confidence: 1 }],
    omitted: 0,
    notes: [],
    generation: 1,
  };
  const list = impactList({ changed, ...rest });
  expect(list.hits.length).toBe(201);
  expect(list.sections.map(({ at, title }) => [at, title])).toEqual([
    [0, "Changed (the first 200 of 6,507)"],
    [200, "Tests that reach it (1)"],
  ]);
  expect(list.summary).toMatch(/^6,507 symbols changed/);
});

it("says nothing of a change of nothing", () => {
  const list = impactList({ changed: [], affected: [], tests: [], omitted: 0, notes: [], generation: 1 });
  expect([list.hits, list.sections, list.summary]).toEqual([[], [], ""]);
});

it("groups unused definitions by what else may use them", () => {
  const symbols = [
    { hit: hit("private"), confidence: 0.9, assumption: "" },
    { hit: hit("open"), confidence: 0.5, assumption: "it is public" },
  ];
  const list = unusedList({ symbols, assumed: { tests: 2, "entry points": 9 }, omitted: 5, generation: 1 });
  expect(list.sections.map(({ title }) => title)).toEqual([
    "Nothing seems to use them (1)",
    "Perhaps: it is public (1)",
  ]);
  expect(list.summary).toBe("2 of 7 definitions");
  expect(list.notes).toEqual(["Taken as used: 9 entry points; 2 tests."]);
});

it.each([
  [{ omitted: 0 }, "", []],
  [{ omitted: 1179 }, "The surest 2 of 1,181 results", []],
  [{ omitted: 0, unseen: 1 }, "", ["1 more use of the name was not looked at, because it is very common."]],
  [{ omitted: 0, unseen: 2500 }, "", ["2,500 more uses of the name were not looked at, because it is very common."]],
])("a list of callers says what it leaves out: %j", (left, summary, notes) => {
  const edge = { ranges: [], confidence: 1, kind: "call", test: false, distance: 1 };
  const edges: Edge[] = ["a", "b"].map((name) => ({ ...edge, hit: hit(name) }));
  const list = edgesList({ symbol: hit("x"), edges, omittedAt: [], generation: 1, ...left }, "callers");
  expect([list.hits.length, list.summary, list.notes]).toEqual([2, summary, notes]);
});
