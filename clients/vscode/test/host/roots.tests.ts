import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";
import { pathOf } from "../../src/hits";
import type { SearchResult } from "../../src/protocol";
import { context, test, until } from "./harness";

async function paths(query: string): Promise<string[]> {
  const answer = await (await context()).request<SearchResult>("semlens/search", { query });
  return (answer?.hits ?? []).map(pathOf);
}

test("all folders of the workspace are searched, and paths of hits name the folder", async () => {
  const ctx = await context();
  assert.equal(ctx.status?.roots.length, 2);
  assert.equal((await paths("try a download again"))[0], "alpha/net/retry.py");
  assert.equal((await paths("hand a parcel over"))[0], "beta/billing/orders.py");
});

test("an added folder is searched, a removed one is not", async () => {
  const beta = vscode.workspace.workspaceFolders?.[1]?.uri.fsPath ?? "";
  const gamma = path.join(path.dirname(beta), "gamma");
  fs.mkdirSync(gamma, { recursive: true });
  fs.writeFileSync(path.join(gamma, "tides.py"), 'def high_tide(harbour):\n    """When the sea is highest."""\n');
  vscode.workspace.updateWorkspaceFolders(2, 0, { uri: vscode.Uri.file(gamma) });
  await until("hits of the new folder", async () => (await paths("high_tide"))[0] === "gamma/tides.py");
  vscode.workspace.updateWorkspaceFolders(2, 1);
  await until("no hits of it", async () => !(await paths("high_tide")).some((name) => name.includes("tides.py")));
});

test("files that appear and disappear on disk are noticed", async () => {
  const alpha = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "";
  const file = path.join(alpha, "moon.py");
  fs.writeFileSync(file, "def lunar_phase(day):\n    return day % 29.5\n");
  try {
    await until("the new file", async () => (await paths("lunar_phase"))[0] === "alpha/moon.py");
  } finally {
    fs.rmSync(file);
  }
  await until("that it is gone", async () => !(await paths("lunar_phase")).includes("alpha/moon.py"));
});
