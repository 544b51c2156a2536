// In a workspace that is not trusted, whose settings would hide every file and run another program.

import assert from "node:assert/strict";
import * as vscode from "vscode";
import type { SearchResult } from "../../src/protocol";
import { context, runTests, test, until } from "./harness";

export async function run(): Promise<void> {
  test("the workspace is not trusted, and has settings", async () => {
    assert.equal(vscode.workspace.isTrusted, false);
    const text = await vscode.workspace.fs.readFile(
      vscode.Uri.joinPath(vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file("/"), ".vscode/settings.json"),
    );
    assert.match(text.toString(), /semlens\.files\.exclude/);
  });

  test("what it sets counts for nothing", async () => {
    const ctx = await context();
    assert.deepEqual(ctx.config.sharedSettings(), {});
    assert.equal(ctx.config.userSettings(), '{"models.refine":"none"}');
    assert.notEqual(ctx.config.serverPath, "/bin/false");
    assert.equal(ctx.config.contextBudget, 4000);
  });

  test("neither PATH nor a Python environment is looked into", async () => {
    const { isTrusted } = (await context()).hostInfo();
    assert.equal(isTrusted, false); // what follows from it: test/unit/server.test.ts
  });

  test("the user's own server runs, and everything is found", async () => {
    const ctx = await context();
    await until("a ready index", () => ctx.status?.state === "ready");
    const answer = await ctx.request<SearchResult>("semlens/search", { query: "try a download again" });
    assert.equal(answer?.hits[0]?.name, "fetch_with_retry");
  });

  await runTests();
}
