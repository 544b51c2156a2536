// The resident server, shared with another client.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import * as vscode from "vscode";
import type { Ctx } from "../../src/ctx";
import type { SearchResult } from "../../src/protocol";
import { isShared } from "../../src/server/resolve";
import { closeEditors, context, test, until } from "./harness";

interface DaemonStatus {
  readonly running: boolean;
  readonly processId: number;
  readonly sessions: readonly { readonly protocol: string }[];
}

const UNSAVED = "def grind_coffee_beans(grams):\n    return grams\n";

/** The answer of `semlens daemon`. */
function daemon(ctx: Ctx, command: string): DaemonStatus {
  const python = ctx.config.serverPath;
  return JSON.parse(execFileSync(python, ["-m", "semlens", "daemon", command, "--json"]).toString()) as DaemonStatus;
}

async function setShared(value: true | undefined): Promise<void> {
  await vscode.workspace.getConfiguration("semlens").update("server.shared", value, vscode.ConfigurationTarget.Global);
}

async function ready(ctx: Ctx, shared: boolean): Promise<void> {
  await until(shared ? "a shared server" : "a server of its own", () => {
    return ctx.running !== undefined && isShared(ctx.running.command) === shared && ctx.status?.state === "ready";
  });
}

/** The problems that the user was shown while the body ran. */
async function problemsOf(ctx: Ctx, body: () => Promise<void>): Promise<string[]> {
  const shown: string[] = [];
  const { show } = ctx.problems;
  ctx.problems.show = (problem) => Promise.resolve(void shown.push(problem));
  try {
    await body();
  } finally {
    ctx.problems.show = show;
  }
  return shown;
}

test("two clients share one server, which has the user's settings", async () => {
  const ctx = await context();
  await setShared(true);
  await ready(ctx, true);
  assert.deepEqual(JSON.parse(ctx.running?.userSettings ?? ""), { "models.refine": "none", "server.shared": true });
  assert.equal(ctx.status?.tiers.length, 1); // the user's setting came through the bridge
  const answer = await ctx.request<SearchResult>("semlens/search", { query: "try a download again" });
  assert.equal(answer?.hits[0]?.name, "fetch_with_retry");
  const other = spawn(ctx.config.serverPath, ["-m", "semlens", "serve", "--shared"]);
  try {
    const params = { processId: null, rootUri: null, capabilities: {} };
    const message = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params });
    other.stdin.write(`Content-Length: ${message.length}\r\n\r\n${message}`);
    const protocols = (): string[] => daemon(ctx, "status").sessions.map((session) => session.protocol);
    await until("two sessions", () => protocols().join() === "lsp,lsp");
  } finally {
    other.kill();
  }
});

test("after a kill of the shared server, a search finds unsaved text, and the user sees no problem", async () => {
  const ctx = await context();
  const document = await vscode.workspace.openTextDocument({ language: "python", content: UNSAVED });
  await vscode.window.showTextDocument(document);
  const before = daemon(ctx, "status").processId;
  const problems = await problemsOf(ctx, async () => {
    process.kill(before, "SIGKILL");
    await until("the unsaved text", async () => {
      const answer = await ctx.request<SearchResult>("semlens/search", { query: "grind coffee" });
      assert.ok(answer !== undefined);
      return answer.hits[0]?.name === "grind_coffee_beans";
    });
  });
  assert.deepEqual(problems, []);
  assert.notEqual(daemon(ctx, "status").processId, before);
  await closeEditors();
});

test("a request that the shared server did not answer is sent to the next one", async () => {
  const ctx = await context();
  const before = daemon(ctx, "status").processId;
  const problems = await problemsOf(ctx, async () => {
    process.kill(before, "SIGSTOP");
    const answer = ctx.request<SearchResult>("semlens/search", { query: "try a download again" });
    process.kill(before, "SIGKILL");
    assert.ok((await answer) !== undefined);
  });
  assert.deepEqual(problems, []);
  assert.notEqual(daemon(ctx, "status").processId, before);
});

test("a shared server that cannot start is one problem", async () => {
  const ctx = await context();
  daemon(ctx, "stop");
  const folder = process.env["SEMLENS_CACHE_DIR"];
  process.env["SEMLENS_CACHE_DIR"] = "/dev/null/none"; // the extension's server inherits it
  try {
    const problems = await problemsOf(ctx, async () => {
      await ctx.restart();
    });
    assert.equal(ctx.running, undefined);
    assert.deepEqual(problems, ["The shared semlens server ended too often and stays off. The log shows why."]);
  } finally {
    process.env["SEMLENS_CACHE_DIR"] = folder;
  }
});

test("without the setting the server is the editor's own", async () => {
  const ctx = await context();
  await ctx.restart();
  await ready(ctx, true);
  await setShared(undefined);
  await ready(ctx, false);
  daemon(ctx, "stop");
});
