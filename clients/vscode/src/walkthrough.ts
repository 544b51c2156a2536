// Ticks the walkthrough's first step when the server runs.

import * as vscode from "vscode";
import type { Ctx } from "./ctx";

/**
 * VS Code ticks a step when a context key becomes true while it knows the walkthrough. It never ticks it if the key was
 * true before, as that of a running server mostly is. So this key waits until the walkthrough is shown too.
 */
export function tickWalkthrough(ctx: Ctx): void {
  const update = (): void => {
    if (ctx.status !== undefined && isShown()) {
      void vscode.commands.executeCommand("setContext", "semlens.walkthrough.serverRuns", true);
    }
  };
  ctx.subscribe(vscode.window.tabGroups.onDidChangeTabs(update), ctx.onDidChangeStatus(update));
}

/** Whether an editor is in front that extensions know no kind of. The walkthrough is one. */
function isShown(): boolean {
  return vscode.window.tabGroups.all.some(({ activeTab }) => activeTab !== undefined && activeTab.input === undefined);
}
