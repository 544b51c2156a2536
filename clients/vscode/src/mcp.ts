// Offers `semlens mcp` to the agents of VS Code 1.101 and later. The extension supports older versions too, so the
// typings lack this API. VS Code asks the user before it starts the program.

import * as vscode from "vscode";
import type { Ctx } from "./ctx";
import { mcpArguments } from "./server/resolve";

interface McpApi {
  readonly lm?: {
    registerMcpServerDefinitionProvider?(
      id: string,
      provider: { provideMcpServerDefinitions(): unknown[] },
    ): vscode.Disposable;
  };
  readonly McpStdioServerDefinition: new (
    label: string,
    command: string,
    args: readonly string[],
    env: Record<string, string>,
    version: string,
  ) => unknown;
}

export function registerMcpServer(ctx: Ctx): void {
  const api = vscode as unknown as McpApi;
  const provideMcpServerDefinitions = (): unknown[] => {
    const found = ctx.findServer();
    const folders = (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath);
    const args = "problem" in found ? undefined : mcpArguments(found, folders);
    if ("problem" in found || args === undefined || !vscode.workspace.isTrusted) {
      return [];
    }
    const version = String((ctx.extension.extension.packageJSON as { version: unknown }).version);
    return [new api.McpStdioServerDefinition("semlens", found.command, args, {}, version)];
  };
  const registered = api.lm?.registerMcpServerDefinitionProvider?.("semlens.mcp", { provideMcpServerDefinitions });
  if (registered !== undefined) {
    ctx.subscribe(registered);
  }
}
