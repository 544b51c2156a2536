// The picker with sources that the tests control: early, late and refined results.

import assert from "node:assert/strict";
import * as vscode from "vscode";
import { History } from "../../src/picker/history";
import { Picker } from "../../src/picker/picker";
import type { Source } from "../../src/picker/source";
import type { Hit, PartialResult, SearchResult } from "../../src/protocol";
import { acceptUntil } from "./commands.tests";
import { closeEditors, context, test, until } from "./harness";

interface PendingRequest {
  readonly text: string;
  readonly partial: (partial: PartialResult) => void;
  readonly answer: (answer: SearchResult) => void;
  readonly token: vscode.CancellationToken;
}

/** A source whose requests the test answers. */
class ControlledSource implements Source {
  readonly title = "ControlledSource";
  readonly placeholder = "";
  readonly requests: PendingRequest[] = [];

  constructor(readonly isLive = true) {}

  search(
    text: string,
    partial: (answer: PartialResult) => void,
    token: vscode.CancellationToken,
  ): Promise<SearchResult> {
    return new Promise((answer) => this.requests.push({ text, partial, answer, token }));
  }

  nth(n: number): Promise<PendingRequest> {
    return until(`question ${n}`, () => this.requests[n]);
  }
}

function hit(file: string, line: number): Hit {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  assert.ok(folder);
  const at = (character: number): { line: number; character: number } => ({ line, character });
  const span = { start: at(0), end: at(3) };
  return {
    name: `${file} ${line}`,
    kind: 12,
    location: { uri: vscode.Uri.joinPath(folder, file).toString(), range: span },
    selectionRange: span,
    language: "python",
    score: 1,
    signature: "",
    snippet: { text: "", range: span },
    highlights: [span],
    reasons: [],
    dirty: false,
  };
}

const FIRST = hit("colour.py", 3);
const SECOND = hit("net/retry.py", 6);
const THIRD = hit("text.lua", 3);

function answerOf(...hits: Hit[]): SearchResult {
  return { hits, generation: 1, complete: true };
}

async function createPicker(source: Source, history = new History()): Promise<Picker> {
  const noActions = { pin: () => undefined, copyContext: () => undefined, similar: () => undefined };
  return new Picker(await context(), source, history, noActions);
}

function isShown(expected: Hit): boolean {
  return vscode.window.activeTextEditor?.document.uri.toString() === expected.location.uri;
}

test("a new query cancels the previous request, and its late result is dropped", async () => {
  const source = new ControlledSource();
  const picker = await createPicker(source);
  void picker.open("one");
  const one = await source.nth(0);
  void picker.open("two"); // as if typed
  const two = await source.nth(1);
  assert.equal(one.token.isCancellationRequested, true);
  assert.equal(two.token.isCancellationRequested, false);
  two.answer(answerOf(SECOND));
  one.partial({ hits: [FIRST], stage: "first" });
  one.answer(answerOf(FIRST));
  await acceptUntil("the hit of the newer question", () => isShown(SECOND));
  await closeEditors();
});

test("refined hits replace the first ones", async () => {
  const source = new ControlledSource();
  const picker = await createPicker(source);
  void picker.open("one");
  const question = await source.nth(0);
  question.partial({ hits: [FIRST, SECOND], stage: "first" });
  question.answer(answerOf(THIRD, FIRST));
  await acceptUntil("the first of the refined hits", () => isShown(THIRD));
  await closeEditors();
});

/** Moves from the first row to the second, once the list is there. */
async function moveToSecond(picker: Picker): Promise<void> {
  await until("the list", () => picker.active === FIRST);
  await vscode.commands.executeCommand("workbench.action.quickOpenNavigateNext");
  await until("the second row", () => picker.active === SECOND);
}

test("refined hits keep the selected row, and moving shows the preview", async () => {
  const source = new ControlledSource();
  const picker = await createPicker(source);
  const closed = picker.open("one");
  const question = await source.nth(0);
  question.partial({ hits: [FIRST, SECOND], stage: "first" });
  await moveToSecond(picker);
  await until("the preview", () => isShown(SECOND));
  question.answer(answerOf(THIRD, FIRST, SECOND));
  await acceptUntil("that the picker is gone", () => question.token.isCancellationRequested);
  await closed;
  await until("the jump", () => isShown(SECOND)); // opening a document goes on after the picker is gone
  await closeEditors();
});

test("closing the picker without accepting a hit restores the editor", async () => {
  const editor = await vscode.window.showTextDocument(vscode.Uri.parse(FIRST.location.uri), { preview: false });
  editor.selection = new vscode.Selection(5, 2, 5, 6);
  const source = new ControlledSource();
  const picker = await createPicker(source);
  void picker.open("one");
  (await source.nth(0)).answer(answerOf(FIRST, SECOND));
  await moveToSecond(picker);
  await until("the preview", () => isShown(SECOND));
  assert.equal(picker.escape(), true);
  await until("what was open", () => isShown(FIRST));
  await until("the preview's tab is gone", () => vscode.window.tabGroups.activeTabGroup.tabs.length === 1);
  assert.deepEqual(vscode.window.activeTextEditor?.selection, new vscode.Selection(5, 2, 5, 6));
  assert.equal(picker.escape(), false);
  await closeEditors();
});

test("a query to an incomplete index is repeated when the index grows", async () => {
  const ctx = await context();
  const status = ctx.status;
  assert.ok(status);
  const source = new ControlledSource();
  const picker = await createPicker(source);
  void picker.open("one");
  (await source.nth(0)).answer({ hits: [FIRST], generation: status.generation, complete: false });
  await until("the question anew", () => {
    ctx.setStatus({ ...status, generation: status.generation + 1 });
    return source.requests[1];
  });
  assert.equal(source.requests[1]?.text, "one");
  ctx.setStatus(status);
  await closeEditors();
});

test("earlier queries with hits are offered, newest first", async () => {
  const history = new History();
  for (const text of ["one", "two"]) {
    const source = new ControlledSource();
    void (await createPicker(source, history)).open(text);
    (await source.nth(0)).answer(answerOf(FIRST));
    await acceptUntil("the hit", () => isShown(FIRST) && history.last === text);
    await closeEditors();
  }
  assert.deepEqual(history.all, ["two", "one"]);
  const source = new ControlledSource();
  void (await createPicker(source, history)).open("");
  await acceptUntil("the question again", () => source.requests.length > 0);
  assert.equal(source.requests[0]?.text, "two");
  await closeEditors();
});

test("a hit whose file was deleted meanwhile opens as VS Code's own message", async () => {
  const gone = hit("gone.py", 3);
  const source = new ControlledSource();
  const picker = await createPicker(source);
  let isClosed = false;
  void picker.open("one").then(() => (isClosed = true));
  (await source.nth(0)).answer(answerOf(gone));
  await acceptUntil("the end of the picker", () => isClosed);
  await until("the tab", () => vscode.window.tabGroups.activeTabGroup.activeTab?.label === "gone.py");
  await closeEditors();
});
