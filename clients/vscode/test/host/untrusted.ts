// Tests in an untrusted workspace. Its settings would exclude every file and run another program.

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

  test("its settings have no effect", async () => {
    const ctx = await context();
    assert.deepEqual(ctx.config.sharedSettings(), {});
    assert.equal(ctx.config.userSettings(), '{"models.refine":"none"}');
    assert.notEqual(ctx.config.serverPath, "/bin/false");
    assert.equal(ctx.config.contextBudget, 4000);
  });

  test("the search for the server knows that it is not trusted", async () => {
    const { isTrusted } = (await context()).hostInfo();
    assert.equal(isTrusted, false); // test/unit/server.test.ts tests the consequences
  });

  test("the server from the user's settings runs, and search finds files", async () => {
    const ctx = await context();
    await until("a ready index", () => ctx.status?.state === "ready");
    const answer = await ctx.request<SearchResult>("semlens/search", { query: "try a download again" });
    assert.equal(answer?.hits[0]?.name, "fetch_with_retry");
  });

  await runTests();
}
