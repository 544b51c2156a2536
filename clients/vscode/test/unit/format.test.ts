// Texts for the user: status, contexts, problems. Also the filters in a query and the history.

import assert from "node:assert/strict";
import { test } from "node:test";
import { filtersOf, withFilters, withNextTests } from "../../src/picker/filters";
import { History } from "../../src/picker/history";
import { Problems } from "../../src/problems";
import { newerStatus, type Hit, type SearchResult, type Status } from "../../src/protocol";
import {
  containerOf,
  contextSummary,
  iconOf,
  labelText,
  markOf,
  messageText,
  oneLine,
  printable,
  shortStatus,
  hitCount,
  listTitle,
  statusReport,
} from "../../src/format";

const ROOT = {
  uri: "file:///w/a%20b",
  files: 400,
  symbols: 12345,
  pending: 100,
  skipped: { binary: 2 },
  watching: "client",
};
const STATUS: Status = {
  state: "indexing",
  complete: false,
  refining: false,
  roots: [ROOT],
  tiers: [{ model: "m", role: "first", embedded: 9, pending: 1 }],
  generation: 3,
  rssBytes: 2e8,
  indexBytes: 1e6,
  problems: [{ path: "x.py", message: "too deep" }],
};

const SHORT: readonly [Partial<Status>, string][] = [
  [{}, "$(telescope) semlens: indexing 75%"],
  [{ state: "scanning" }, "$(telescope) semlens: scanning"],
  [{ state: "ready", complete: true }, "$(telescope) semlens"],
  [{ state: "paused", complete: true }, "$(telescope) semlens: paused"],
  [{ state: "degraded", complete: true }, "$(warning) semlens: degraded"],
];

for (const [change, text] of SHORT) {
  test(`status bar: ${text}`, () => assert.equal(shortStatus({ ...STATUS, ...change }), text));
}

test("status report", () => {
  const report = statusReport(STATUS);
  for (const part of ["/w/a b\n", "400 files, 12,345 symbols, 100 pending", "2 binary", "200.0 MB", "x.py: too deep"]) {
    assert.ok(report.includes(part), `${part} in ${report}`);
  }
  assert.match(statusReport({ ...STATUS, roots: [] }), /No folder is indexed/);
  const remote = [{ service: "https://host", texts: 1200, bytes: 3e6, redactions: 2 }];
  assert.match(statusReport({ ...STATUS, remote }), /1,200 texts, 3\.0 MB, 2 secrets masked: to https:\/\/host/);
});

const HITS = Array.from({ length: 20 }, () => ({}) as Hit);
const TITLES: readonly [string, Partial<SearchResult>, string][] = [
  ["a count", { hits: HITS.slice(0, 3) }, "Find: 3 hits"],
  ["one hit", { hits: HITS.slice(0, 1) }, "Find: 1 hit"],
  ["as many as the limit", { hits: HITS }, "Find: 20+ hits"],
  ["nothing", { hits: [], notes: ["There is no kind x."] }, "Nothing found. There is no kind x."],
  [
    "nothing that fits",
    { hits: HITS, nothingFits: true, confidence: 0.1 },
    "Nothing here seems to fit. The nearest code:",
  ],
  ["an older server", { hits: HITS.slice(0, 2), notes: ["A note."] }, "Find: 2 hits. A note."],
  ["an incomplete index", { hits: [], complete: false }, "Nothing found. The index is not complete yet."],
];

for (const [name, answer, expected] of TITLES) {
  test(`the title of a list: ${name}`, () => {
    assert.equal(listTitle("Find", { hits: [], generation: 1, complete: true, ...answer }, 20), expected);
  });
}

test("the report says what leaves the machine", () => {
  assert.match(statusReport(STATUS), /nothing leaves this machine/);
  assert.equal(hitCount(1, 1), "1+ hits");
});

test("contexts: the summary counts pieces, omissions and masked secrets", () => {
  const item = { path: "a.py", name: "a", form: "full" };
  const pack = { text: "", tokens: 1234, countedBy: "estimate", budget: 4000, items: [item], omitted: 0, masked: 0 };
  assert.equal(contextSummary(pack), "1,234 of 4,000 tokens, 1 piece");
  const lacking = { ...pack, items: [item, item], omitted: 3, masked: 1 };
  assert.equal(contextSummary(lacking), "1,234 of 4,000 tokens, 2 pieces, 3 omitted, 1 secret masked");
});

test("icons: known and unknown kinds have one", () => {
  assert.equal(iconOf(12), "symbol-function");
  assert.equal(iconOf(99), "symbol-misc");
});

test("untrusted text: invisible characters, icons and links are escaped", () => {
  const evil = "a\u001b[2J\u009b\u202e\u2028\u{e0041}\ud800\nb";
  const shown = "a\\x1b[2J\\x9b\\u202e\\u2028\\ue0041\\ud800";
  assert.equal(printable(evil), `${shown}\nb`);
  assert.equal(oneLine(evil), `${shown} b`);
  assert.equal(printable("\tcafé 👩\u200d💻"), "\tcafé 👩\u200d💻");
  assert.equal(labelText("$(date) $(x~spin) $(a b) $x"), "\\$(date) \\$(x~spin) $(a b) $x");
  assert.equal(messageText("[x](command:y)\n[z][w] a[0] b"), "[x] (command:y) [z] [w] a[0] b");
});

test("filters: values in a query are read, replaced and removed", () => {
  const query = "lang:go copy a file lang:c kind:function";
  assert.deepEqual(filtersOf(query, "lang"), ["go", "c"]);
  assert.equal(withFilters(query, "lang", ["python"]), "copy a file kind:function lang:python");
  assert.equal(withFilters(query, "kind", []), "lang:go copy a file lang:c");
  assert.equal(withFilters("slang:go", "lang", []), "slang:go");
});

test("filters: withNextTests cycles through its values", () => {
  const steps = [1, 2, 3].reduce<string[]>((all) => [...all, withNextTests(all.at(-1) ?? "")], ["parse"]);
  assert.deepEqual(steps, ["parse", "parse test:exclude", "parse test:only", "parse"]);
});

test("history: newest first, no repeats, no empty query", () => {
  const history = new History();
  for (const query of ["one", "two", " one ", "  "]) {
    history.add(query);
  }
  assert.deepEqual(history.all, ["one", "two"]);
  assert.equal(history.last, "one");
});

interface Shown {
  readonly messages: string[];
  readonly flush: () => void;
  readonly problems: Problems;
}

function problemsWith(answer?: string): Shown {
  const messages: string[] = [];
  const waiting: (() => void)[] = [];
  const window = {
    show: (message: string, ...titles: string[]) => {
      messages.push(`${message} [${titles.join(", ")}]`);
      return Promise.resolve(answer);
    },
    log: () => undefined,
    defer: (callback: () => void) => waiting.push(callback),
  };
  const problems = new Problems(window, [{ title: "Show Log", run: () => messages.push("log shown") }]);
  return { messages, problems, flush: () => waiting.splice(0).forEach((callback) => callback()) };
}

test("problems: a notification shows its actions, and the chosen one runs", async () => {
  const { messages, problems } = problemsWith("Show Log");
  await problems.show("It broke.", [{ title: "Fix", run: () => messages.push("fixed") }]);
  assert.deepEqual(messages, ["It broke. [Fix, Show Log]", "log shown"]);
});

test("problems: messages within a short time become one notification", () => {
  const { messages, problems, flush } = problemsWith();
  for (const sentence of ["a is wrong.", "b is wrong.", "c is wrong."]) {
    problems.showGrouped(sentence);
  }
  assert.deepEqual(messages, []);
  flush();
  problems.showGrouped("d is wrong.");
  flush();
  assert.deepEqual(messages, ["a is wrong. (2 more in the log) [Show Log]", "d is wrong. [Show Log]"]);
});

for (const [shown, next, expected] of [
  [undefined, 1, 1],
  [1, 2, 2],
  [2, 1, 2],
  [2, 2, 2],
  [2, undefined, undefined],
] as const) {
  test(`status ${String(next)} after status ${String(shown)} shows ${String(expected)}`, () => {
    assert.equal(newerStatus(shown === undefined ? undefined : { number: shown }, { number: next }).number, expected);
  });
}

test("a hit of the team or of unsaved text is marked", () => {
  assert.equal(markOf({ dirty: false }), "");
  assert.equal(markOf({ dirty: true }), " (unsaved)");
  assert.equal(markOf({ dirty: false, team: "example.org/app" }), " (team)");
});

test("a container is named unless it is the file or its folder", () => {
  const shown = (containerName: string | undefined, path: string) => containerOf({ containerName, path } as Hit);
  assert.equal(shown("net.Pool", "src/net.py"), "Pool");
  for (const container of ["src/net/retry.py", "src/net", "", undefined]) {
    assert.equal(shown(container, "src/net/retry.py"), "");
  }
  assert.equal(shown("src/net", "src/network.py"), "src/net");
});
