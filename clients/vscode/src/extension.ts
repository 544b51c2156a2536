// The entry point: creates the components of the extension and starts the server.

import type * as vscode from "vscode";
import { workspace } from "vscode";
import { registerCommands } from "./commands";
import { Ctx } from "./ctx";
import { Documents } from "./documents";
import { registerMcpServer } from "./mcp";
import { Prompt } from "./prompt";
import { Results } from "./results";
import { Setup } from "./server/setup";
import { StatusItems } from "./status";
import { registerTools } from "./tools";
import { tickWalkthrough } from "./walkthrough";

let active: Ctx | undefined;

/** Returns at once; the server starts in the background. */
export function activate(extension: vscode.ExtensionContext): Ctx {
  const ctx = new Ctx(extension);
  active = ctx;
  const documents = new Documents((...disposables) => ctx.subscribe(...disposables));
  registerCommands({
    ctx,
    setup: new Setup(ctx),
    status: new StatusItems(ctx, documents),
    prompt: new Prompt(ctx, documents),
    results: new Results(ctx),
  });
  registerTools(ctx);
  registerMcpServer(ctx);
  tickWalkthrough(ctx);
  if ((workspace.workspaceFolders ?? []).length > 0) {
    setImmediate(() => void ctx.startQuietly());
  }
  return ctx;
}

export async function deactivate(): Promise<void> {
  await active?.stop();
}
