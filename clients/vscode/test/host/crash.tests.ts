import assert from "node:assert/strict";
import * as vscode from "vscode";
import type { SearchResult } from "../../src/protocol";
import { context, test, until } from "./harness";

async function kill(): Promise<number> {
  const pid = await until("a running server", async () => (await context()).running?.pid);
  process.kill(pid, "SIGKILL");
  return pid;
}

test("a killed server is restarted and answers", async () => {
  const ctx = await context();
  const before = await kill();
  await until("another server", () => ctx.running?.pid !== undefined && ctx.running.pid !== before);
  const answer = await ctx.request<SearchResult>("semlens/search", { query: "try a download again" });
  assert.ok(answer !== undefined);
  await until("a ready index", () => ctx.status?.state === "ready");
});

test("a server that is killed again at once stays off until Restart Server", async () => {
  const ctx = await context();
  const { crashWindowMs } = ctx;
  ctx.crashWindowMs = Number.POSITIVE_INFINITY; // on a busy machine the restart before may take longer than the real one
  try {
    await kill();
    await until("that it is off", () => ctx.running === undefined && ctx.status === undefined);
  } finally {
    ctx.crashWindowMs = crashWindowMs;
  }
  await vscode.commands.executeCommand("semlens.restart");
  await until("a ready index", () => ctx.status?.state === "ready");
});
