import assert from "node:assert/strict";
import * as vscode from "vscode";
import type { ContextResult, SearchResult } from "../../src/protocol";
import { closeEditors, context, test, until } from "./harness";

function inBeta(file: string): vscode.Uri {
  const beta = vscode.workspace.workspaceFolders?.[1]?.uri;
  assert.ok(beta);
  return vscode.Uri.joinPath(beta, file);
}

async function openAt(file: string, line: number, character = 8): Promise<vscode.TextEditor> {
  const editor = await vscode.window.showTextDocument(inBeta(file));
  editor.selection = new vscode.Selection(line, character, line, character);
  return editor;
}

/** Accepts the active row again and again, until the probe is true. */
export async function acceptUntil(what: string, probe: () => boolean): Promise<void> {
  await until(what, async () => {
    await vscode.commands.executeCommand("workbench.action.acceptSelectedQuickOpenItem");
    return probe();
  });
}

function isAt(file: string, line: number): boolean {
  const editor = vscode.window.activeTextEditor;
  return editor?.document.uri.path.endsWith(file) === true && editor.selection.active.line === line;
}

test("every command of package.json is registered", async () => {
  const registered = new Set(await vscode.commands.getCommands(true));
  const { commands } = (await context()).extension.extension.packageJSON.contributes;
  for (const { command } of commands as { command: string }[]) {
    assert.ok(registered.has(command), command);
  }
});

test("Find Code by Meaning opens the best hit at its name", async () => {
  void vscode.commands.executeCommand("semlens.find", "try a download again");
  await acceptUntil("the hit", () => isAt("/net/retry.py", 6));
  assert.equal(vscode.window.activeTextEditor?.selection.active.character, 4);
  await closeEditors();
});

test("Find Code by Meaning finds unsaved text", async () => {
  const editor = await openAt("billing/orders.py", 0, 0);
  const end = editor.document.lineAt(editor.document.lineCount - 1).range.end;
  const text = '\n\ndef refund(order):\n    """Give a customer the money back."""\n';
  await editor.edit((edit) => edit.insert(end, text));
  void vscode.commands.executeCommand("semlens.find", "give the money back");
  await acceptUntil("the hit", () => isAt("/billing/orders.py", editor.document.lineCount - 3));
  await closeEditors();
});

test("Find Similar Code finds code similar to the symbol at the cursor", async () => {
  await openAt("billing/invoices.py", 5);
  void vscode.commands.executeCommand("semlens.similar");
  await acceptUntil("the similar function", () => isAt("/billing/orders.py", 3));
  await closeEditors();
});

test("Copy Context for Prompt uses the selection and the budget setting", async () => {
  const editor = await openAt("billing/invoices.py", 5);
  editor.selection = new vscode.Selection(5, 0, 8, 0);
  const pack = await vscode.commands.executeCommand<ContextResult>("semlens.context.copy", editor.document.uri);
  assert.match(pack.text, /def invoice_total/);
  assert.equal(pack.budget, 4000);
  assert.equal(await vscode.env.clipboard.readText(), pack.text);
  const settings = vscode.workspace.getConfiguration("semlens");
  await settings.update("context.budget", 60, vscode.ConfigurationTarget.Workspace);
  try {
    const small = await vscode.commands.executeCommand<ContextResult>("semlens.context.copy", editor.document.uri);
    assert.equal(small.budget, 60);
    assert.ok(small.tokens <= 60);
  } finally {
    await settings.update("context.budget", undefined, vscode.ConfigurationTarget.Workspace);
  }
  await closeEditors();
});

test("Copy Context for Prompt accepts the symbol at the cursor, a query, or a map", async () => {
  const editor = await openAt("billing/orders.py", 5);
  const atCursor = await vscode.commands.executeCommand<ContextResult>("semlens.context.copy", editor.document.uri);
  assert.match(atCursor.text, /def order_total/);
  const asked = await vscode.commands.executeCommand<ContextResult>("semlens.context.copy", { query: "parcel" });
  assert.match(asked.text, /def ship_order/);
  const map = await vscode.commands.executeCommand<ContextResult>("semlens.context.copy", { query: "" });
  assert.match(map.text, /invoice_total/);
  assert.match(map.text, /fetch_with_retry/);
  await closeEditors();
});

test("Copy Context for Prompt without an argument first offers the symbol at the cursor", async () => {
  await openAt("billing/orders.py", 15);
  const packing = vscode.commands.executeCommand<ContextResult>("semlens.context.copy");
  let pack: ContextResult | undefined;
  void packing.then((answer) => (pack = answer));
  await acceptUntil("a pack", () => pack !== undefined);
  assert.match(pack?.text ?? "", /def ship_order/);
  await closeEditors();
});

test("Open Context as Document shows a context, which search does not find", async () => {
  const pack = await vscode.commands.executeCommand<ContextResult>("semlens.context.open", { query: "parcel" });
  const document = vscode.window.activeTextEditor?.document;
  assert.equal(document?.getText(), pack.text);
  assert.equal(document.languageId, "markdown");
  const found = await (await context()).request<SearchResult>("semlens/search", { query: "parcel carrier ship_order" });
  assert.deepEqual(
    found?.hits.filter((hit) => !hit.location.uri.startsWith("file:")),
    [],
  );
  await closeEditors();
});

test("Show Duplicates lists groups that can be copied, refreshed and cleared", async () => {
  await vscode.commands.executeCommand("semlens.duplicates");
  await vscode.commands.executeCommand("semlens.results.copyAll");
  const text = await vscode.env.clipboard.readText();
  assert.deepEqual(text.trim().split("\n").sort(), [
    "beta/billing/invoices.py:4  def invoice_total(lines, tax)",
    "beta/billing/orders.py:4  def order_total(items, tax_rate)",
  ]);
  await vscode.commands.executeCommand("semlens.results.refresh");
  await vscode.commands.executeCommand("semlens.results.copyAll");
  assert.equal(await vscode.env.clipboard.readText(), text);
  await vscode.commands.executeCommand("semlens.results.clear");
});

test("Show Callers and Show Callees list symbols of unsaved text too", async () => {
  const editor = await openAt("billing/orders.py", 4);
  const end = editor.document.lineAt(editor.document.lineCount - 1).range.end;
  await editor.edit((edit) => edit.insert(end, "\n\ndef refund(order):\n    return -order_total(order, 0)\n"));
  const listed = async (direction: string): Promise<string> => {
    await vscode.commands.executeCommand(`semlens.${direction}`);
    await vscode.commands.executeCommand("semlens.results.copyAll");
    return vscode.env.clipboard.readText();
  };
  await until("the caller", async () => (await listed("callers")).includes("  def refund(order)"));
  const line = editor.document.lineCount - 2;
  editor.selection = new vscode.Selection(line, 8, line, 8);
  await until("the callee", async () => (await listed("callees")).includes(":4  def order_total(items, tax_rate)"));
  await vscode.commands.executeCommand("semlens.results.clear");
  await closeEditors();
});

test("Show Impact of the Change lists the tests that reach unsaved text", async () => {
  const tests = inBeta("billing/test_orders.py");
  const source = "from orders import order_total\n\n\ndef test_total():\n    assert order_total([], 0) == 0\n";
  await vscode.workspace.fs.writeFile(tests, new TextEncoder().encode(source));
  const editor = await openAt("billing/orders.py", 5);
  await editor.edit((edit) => edit.replace(editor.document.lineAt(5).range, "    result = 1"));
  await until("the test", async () => {
    await vscode.commands.executeCommand("semlens.impact");
    await vscode.commands.executeCommand("semlens.results.copyAll");
    return (await vscode.env.clipboard.readText()).includes("billing/test_orders.py:4  def test_total()");
  });
  await vscode.commands.executeCommand("semlens.results.clear");
  await closeEditors();
  await vscode.workspace.fs.delete(tests);
});

test("a command about the symbol at the cursor asks for a file where none is active", async () => {
  await vscode.commands.executeCommand("semlens.status"); // a document that is no file
  const { showInformationMessage } = vscode.window;
  const shown: string[] = [];
  (vscode.window as { showInformationMessage: unknown }).showInformationMessage = (message: string) => {
    shown.push(message);
    return Promise.resolve();
  };
  try {
    for (const command of ["similar", "callers", "callees"]) {
      await vscode.commands.executeCommand(`semlens.${command}`);
    }
  } finally {
    (vscode.window as { showInformationMessage: unknown }).showInformationMessage = showInformationMessage;
  }
  assert.deepEqual(shown, Array(3).fill("Open a file and put the cursor on a symbol first."));
  await closeEditors();
});
