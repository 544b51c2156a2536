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
  assert.ok(names.includes("semlens_search") && names.includes("semlens_context"), names.join(" "));
  return Promise.resolve();
});

test("semlens_search returns paths, signatures and lines, and accepts filters", async () => {
  const text = await invoke("semlens_search", { query: "try a download again", limit: 3 });
  assert.match(text, /^alpha\/net\/retry\.py:7-\d+ {2}fetch_with_retry/);
  assert.match(text, /def fetch_with_retry\(url, attempts=3\)/);
  const go = await invoke("semlens_search", { query: "copy a file", languages: ["go"] });
  assert.match(go, /backup\.go/);
  assert.doesNotMatch(go, /\.py:/);
});

test("semlens_context accepts a query and a position", async () => {
  const asked = await invoke("semlens_context", { query: "hand a parcel over", budget: 500 });
  assert.match(asked, /def ship_order/);
  const place = await invoke("semlens_context", { path: "beta/billing/invoices.py", line: 5 });
  assert.match(place, /def invoice_total/);
});

test("no tool sends a secret in the code to the assistant", async () => {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  assert.ok(folder);
  const file = vscode.Uri.joinPath(folder, "vault_login.py");
  const secret = "3f9a1c0b7e5d2846a9b0c1d2e3f4a5b6c7d8e9f0";
  const code = `def login_to_vault(token='${secret}'):\n    return open_vault(token)\n`;
  await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(code));
  try {
    for (const name of ["semlens_search", "semlens_context"]) {
      const text = await until(`the hit of ${name}`, async () => {
        const answer = await invoke(name, { query: "login_to_vault", budget: 500 });
        return answer.includes("login_to_vault") ? answer : undefined;
      });
      assert.match(text, /token='\[masked\]'/);
      assert.ok(!text.includes(secret), text);
    }
  } finally {
    await vscode.workspace.fs.delete(file);
  }
});
