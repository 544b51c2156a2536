// The extension: registers its commands and starts the server. What they do stands beside this file.

import * as vscode from "vscode";
import { Context } from "./context";
import { findCode } from "./picker";
import type { Status } from "./wire";
import { statusReport } from "./words";

let context: Context | undefined;

export function activate(extension: vscode.ExtensionContext): void {
  const own = new Context();
  context = own;
  const register = (name: string, run: (...given: unknown[]) => Promise<void>): void => {
    extension.subscriptions.push(vscode.commands.registerCommand(`semlens.${name}`, run));
  };
  register("find", (query) => findCode(own, typeof query === "string" ? query : undefined));
  register("status", async () => {
    const status = await request(own, "semlens/status", {});
    if (status !== undefined) {
      void vscode.window.showInformationMessage("Semantic Search", { modal: true, detail: statusReport(status) });
    }
  });
  register("reindex", async () => void (await request(own, "semlens/reindex", { full: true })));
  register("pause", async () => void (await request(own, "semlens/pause", {})));
  register("resume", async () => void (await request(own, "semlens/resume", {})));
  register("restart", () => own.restart());
  register("log", async () => own.output.show());
  extension.subscriptions.push(own);
  if ((vscode.workspace.workspaceFolders ?? []).length > 0) {
    void startQuietly(own);
  }
}

export async function deactivate(): Promise<void> {
  await context?.stop();
}

/** At the start of the window a missing server is no news: the first command will tell. */
async function startQuietly(own: Context): Promise<void> {
  const found = await own.find();
  if ("problem" in found) {
    own.output.info(found.problem);
  } else {
    await own.ready();
  }
}

async function request(own: Context, method: string, params: object): Promise<Status | undefined> {
  const client = await own.ready();
  if (client === undefined) {
    return undefined;
  }
  try {
    const status = await client.sendRequest<Status>(method, params);
    own.show(status);
    return status;
  } catch (error) {
    void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}
