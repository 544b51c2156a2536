import assert from "node:assert/strict";
import * as vscode from "vscode";
import type { SearchResult, Status } from "../../src/protocol";
import { closeEditors, context, test, until } from "./harness";

test("the server starts automatically and the index becomes ready", async () => {
  const ctx = await context();
  await until("a ready index", () => ctx.status?.state === "ready");
  const found = ctx.findServer();
  assert.equal("from" in found && found.from, "setting");
});

test("Show Index Status opens a report that updates", async () => {
  const status = await vscode.commands.executeCommand<Status>("semlens.status");
  assert.equal(status.complete, true);
  const document = vscode.window.activeTextEditor?.document;
  assert.equal(document?.uri.path, "/Index Status.txt");
  assert.match(document.getText(), /^State {7}ready, complete/);
  await vscode.commands.executeCommand("semlens.pause");
  await until("the report of a pause", () => document.getText().startsWith("State       paused"));
  await vscode.commands.executeCommand("semlens.resume");
  await until("the report of the end of it", () => document.getText().startsWith("State       ready"));
  await closeEditors();
});

test("Pause Indexing and Resume Indexing change the state", async () => {
  const ctx = await context();
  const paused = await vscode.commands.executeCommand<Status>("semlens.pause");
  assert.equal(paused.state, "paused");
  assert.equal(ctx.status?.state, "paused");
  const resumed = await vscode.commands.executeCommand<Status>("semlens.resume");
  assert.notEqual(resumed.state, "paused");
  ctx.setStatus(paused); // a late, older status
  assert.notEqual(ctx.status?.state, "paused");
  await until("the end of it", () => ctx.status?.state === "ready");
});

test("Rebuild Index reads every file again", async () => {
  const ctx = await context();
  const before = ctx.status?.generation ?? 0;
  await vscode.commands.executeCommand("semlens.reindex");
  await until("a new index", () => ctx.status?.state === "ready" && ctx.status.generation > before);
});

test("Show Log shows the log", async () => {
  await vscode.commands.executeCommand("semlens.log");
  await until("the log in the panel", () =>
    vscode.window.visibleTextEditors.some((editor) => editor.document.uri.scheme === "output"),
  );
  await vscode.commands.executeCommand("workbench.action.closePanel");
});

test("several Restart Server commands at a time restart the server once", async () => {
  const ctx = await context();
  const before = ctx.running?.pid;
  const restarts = [1, 2, 3].map(() => vscode.commands.executeCommand("semlens.restart"));
  await Promise.all(restarts);
  const after = ctx.running?.pid;
  assert.ok(after !== undefined && after !== before);
  await until("a ready index", () => ctx.status?.state === "ready");
  assert.equal(ctx.running?.pid, after);
});

test("a stop ends a server that is being started, too", async () => {
  const ctx = await context();
  await ctx.stop();
  const starting = ctx.ensureRunning();
  await ctx.stop();
  await starting;
  assert.equal(ctx.running, undefined);
  await ctx.ensureRunning();
  await until("a ready index", () => ctx.status?.state === "ready");
});

test("the server gets the user's settings, and no defaults", async () => {
  const ctx = await context();
  const settings = vscode.workspace.getConfiguration("semlens");
  assert.deepEqual(ctx.config.sharedSettings(), {});
  assert.equal(ctx.running?.userSettings, '{"models.refine":"none"}');
  const nHits = async (): Promise<number> =>
    (await ctx.request<SearchResult>("semlens/search", { query: "total" }))?.hits.length ?? 0;
  await until("hits of the server that was started again", async () => (await nHits()) > 1);
  await settings.update("search.limit", 1, vscode.ConfigurationTarget.Workspace);
  try {
    assert.deepEqual(ctx.config.sharedSettings(), { "search.limit": 1 });
    await until("a shorter answer", async () => (await nHits()) === 1);
  } finally {
    await settings.update("search.limit", undefined, vscode.ConfigurationTarget.Workspace);
  }
  await until("a longer answer", async () => (await nHits()) > 1);
});

test("a change of a user-only setting restarts the server, but not with an embedding service configured", async () => {
  const ctx = await context();
  const settings = vscode.workspace.getConfiguration("semlens");
  const set = (name: string, value: unknown): Thenable<void> =>
    settings.update(name, value, vscode.ConfigurationTarget.Global);
  const first = ctx.running?.pid;
  await set("remote.url", "http://127.0.0.1:9/h");
  assert.equal(ctx.config.hasService, true);
  assert.equal(ctx.running?.pid, first);
  await set("remote.url", undefined);
  assert.equal(ctx.config.hasService, false);
  assert.equal(ctx.running?.pid, first);
  await set("models.first", "none");
  try {
    await until("another server", () => ctx.running?.pid !== undefined && ctx.running.pid !== first);
  } finally {
    await set("models.first", undefined);
  }
  await until("the settings of before", () => ctx.running?.userSettings === '{"models.refine":"none"}');
  await until("a ready index", () => ctx.status?.state === "ready");
});

test("Ctrl+T shows symbols of the extension, unless the setting turns them off", async () => {
  const find = async (): Promise<string[]> => {
    const found = await vscode.commands.executeCommand<vscode.SymbolInformation[]>(
      "vscode.executeWorkspaceSymbolProvider",
      "invoice_total",
    );
    return found.map((symbol) => symbol.name);
  };
  assert.ok((await find()).includes("invoice_total"));
  const settings = vscode.workspace.getConfiguration("semlens");
  await settings.update("symbols.workspaceSymbol", false, vscode.ConfigurationTarget.Workspace);
  try {
    await until("no symbols", async () => (await find()).length === 0);
  } finally {
    await settings.update("symbols.workspaceSymbol", undefined, vscode.ConfigurationTarget.Workspace);
  }
  await until("symbols again", async () => (await find()).includes("invoice_total"));
});
