// The results view, while requests run: what comes late must not replace what the user asked for since.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as vscode from "vscode";
import type { Ctx } from "../../src/ctx";
import { Results, type Group, type Listing } from "../../src/results";

const ctx = { subscribe: () => undefined } as unknown as Ctx;

const group = (label: string): Group => ({ label, description: "", hits: [] });

const listing = (title: string, reload: Listing["reload"]): Listing => ({ title, groups: [group(title)], reload });

async function labels(results: Results): Promise<string[]> {
  return (await results.getChildren()).map((node) => ("group" in node ? node.group.label : ""));
}

const MEANWHILE: readonly [string, (results: Results) => unknown, readonly string[]][] = [
  ["is shown", () => undefined, ["callers, again"]],
  ["is dropped after Clear Results", (results) => results.clear(), []],
  [
    "is dropped when the view shows another listing",
    (results) => results.show(listing("duplicates", () => Promise.resolve(undefined))),
    ["duplicates"],
  ],
];

for (const [name, act, expected] of MEANWHILE) {
  test(`results: the answer to a refresh ${name}`, async () => {
    const results = new Results(ctx);
    let answer: (groups: readonly Group[]) => void = () => assert.fail("not asked");
    await results.show(listing("callers", () => new Promise((resolve) => (answer = resolve))));
    const refresh = results.refresh();
    await act(results);
    answer([group("callers, again")]);
    await refresh;
    assert.deepEqual(await labels(results), expected);
  });
}

test("results: a listing that was replaced while the view opened is not revealed", async (t) => {
  const revealed: unknown[] = [];
  const view = { reveal: (node: { group: Group }) => revealed.push(node.group.label) };
  t.mock.method(vscode.window, "createTreeView", () => view);
  const results = new Results(ctx);
  const reload = (): Promise<undefined> => Promise.resolve(undefined);
  await Promise.all([results.show(listing("callers", reload)), results.show(listing("duplicates", reload))]);
  assert.deepEqual(revealed, ["duplicates"]);
});
