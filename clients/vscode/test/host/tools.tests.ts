import assert from "node:assert/strict";
import * as vscode from "vscode";
import { test, until } from "./harness";

interface ToolApi {
  readonly tools: readonly { readonly name: string; readonly inputSchema?: object }[];
  invokeTool(
    name: string,
    options: { input: object; toolInvocationToken: undefined },
  ): Thenable<{ content: readonly { value: string }[] }>;
}

const api = vscode.lm as unknown as ToolApi;

async function invoke(name: string, input: object): Promise<string> {
  const result = await api.invokeTool(name, { input, toolInvocationToken: undefined });
  return result.content.map((part) => part.value).join("");
}

test("the language-model tools are registered", () => {
  const names = api.tools.map((tool) => tool.name);
  const own = names.filter((name) => name.startsWith("semlens_")).sort();
  assert.deepEqual(
    own,
    ["explore_symbol", "get_context", "index_status", "search_code"].map((name) => `semlens_${name}`),
  );
  return Promise.resolve();
});

test("semlens_search_code returns paths, signatures and lines, and accepts filters", async () => {
  const text = await invoke("semlens_search_code", { query: "try a download again", limit: 3 });
  assert.match(text, /^confidence 0\.\d\d\.\nalpha\/net\/retry\.py:7-\d+ {2}fetch_with_retry/);
  assert.match(text, /def fetch_with_retry\(url, attempts=3\)/);
  const go = await invoke("semlens_search_code", { query: "copy a file", languages: ["go"] });
  assert.match(go, /backup\.go/);
  assert.doesNotMatch(go, /\.py:/);
});

test("semlens_get_context accepts a query and a position", async () => {
  const asked = await invoke("semlens_get_context", { query: "hand a parcel over", budget: 500 });
  assert.match(asked, /def ship_order/);
  const place = await invoke("semlens_get_context", { path: "beta/billing/invoices.py", line: 5 });
  assert.match(place, /def invoice_total/);
});

test("semlens_explore_symbol follows the call graph, of unsaved text too", async () => {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  assert.ok(folder);
  const file = vscode.Uri.joinPath(folder, "net", "pages.py");
  const code =
    "from net.retry import fetch_with_retry\n\n\ndef load_pages(urls):\n    return [fetch_with_retry(url) for url in urls]\n";
  await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(code));
  const document = await vscode.workspace.openTextDocument(file);
  try {
    const edit = new vscode.WorkspaceEdit();
    edit.insert(file, new vscode.Position(5, 0), "\n\ndef mirror(urls):\n    return load_pages(urls)\n");
    await vscode.workspace.applyEdit(edit);
    const text = await until("the callers of callers", async () => {
      const answer = await invoke("semlens_explore_symbol", { place: "fetch_with_retry", depth: 2 });
      return answer.includes("mirror") ? answer : undefined;
    });
    assert.match(text, /^definition:\n {2}alpha\/net\/retry\.py:7-\d+ {2}fetch_with_retry\n/);
    assert.match(
      text,
      /used by:\n {2}alpha\/net\/pages\.py:4-5 \(unsaved\) {2}load_pages\n {4}alpha\/net\/pages\.py:8-9 \(unsaved\) {2}mirror/,
    );
    assert.match(text, /```python net\/retry\.py:|def fetch_with_retry\(url, attempts=3\):/);
    const near = await invoke("semlens_explore_symbol", { place: "alpha/net/pages.py:4" });
    assert.match(near, /uses:\n {2}alpha\/net\/retry\.py:7-\d+ {2}fetch_with_retry/);
    const small = await invoke("semlens_explore_symbol", { place: "fetch_with_retry", depth: 2, budget: 30 });
    assert.match(small, /and \d more/);
  } finally {
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
    await vscode.workspace.fs.delete(file);
  }
});

test("semlens_index_status says how fresh the index is", async () => {
  const text = await until("an index that is up to date", async () => {
    const answer = await invoke("semlens_index_status", {});
    return answer.startsWith("Complete and up to date.") ? answer : undefined;
  });
  assert.match(text, /\nalpha: \d+ files, \d+ symbols, 0 pending\n/);
});

test("no tool sends a secret in the code to the assistant", async () => {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  assert.ok(folder);
  const file = vscode.Uri.joinPath(folder, "vault_login.py");
  const secret = "3f9a1c0b7e5d2846a9b0c1d2e3f4a5b6c7d8e9f0";
  const code = `def login_to_vault(token='${secret}'):\n    return open_vault(token)\n`;
  await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(code));
  try {
    for (const name of ["semlens_search_code", "semlens_get_context", "semlens_explore_symbol"]) {
      const text = await until(`the hit of ${name}`, async () => {
        const input = name === "semlens_explore_symbol" ? { place: "vault_login.py:1" } : { query: "login_to_vault" };
        const answer = await invoke(name, { ...input, budget: 500 });
        return answer.includes("login_to_vault") ? answer : undefined;
      });
      assert.match(text, /token='\[masked\]'/);
      assert.ok(!text.includes(secret), text);
    }
  } finally {
    await vscode.workspace.fs.delete(file);
  }
});
