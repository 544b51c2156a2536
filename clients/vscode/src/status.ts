// Shows the status of the index: in the status bar, as a language status item, and as a report.

import * as vscode from "vscode";
import type { Ctx } from "./ctx";
import type { Documents } from "./documents";
import type { Status } from "./protocol";
import { shortStatus, statusReport } from "./format";

const REPORT = "Index Status.txt";

export class StatusItems {
  private readonly bar = vscode.window.createStatusBarItem("semlens.status", vscode.StatusBarAlignment.Right, 10);
  private readonly language = vscode.languages.createLanguageStatusItem("semlens.status", [
    { scheme: "file" },
    { scheme: "untitled" },
  ]);

  constructor(
    private readonly ctx: Ctx,
    private readonly documents: Documents,
  ) {
    this.bar.name = "semlens";
    this.language.name = "semlens";
    ctx.subscribe(
      this.bar,
      this.language,
      ctx.onDidChangeStatus((status) => this.update(status)),
    );
    this.update(undefined);
  }

  /** Opens the report. It updates while it is open. */
  async report(): Promise<Status | undefined> {
    const status = await this.ctx.request<Status>("semlens/status", {});
    if (status !== undefined) {
      this.ctx.setStatus(status);
      await this.documents.show(REPORT, statusReport(this.ctx.status ?? status));
    }
    return status;
  }

  private update(status: Status | undefined): void {
    if (status === undefined) {
      this.bar.text = "$(telescope) semlens: off";
      this.bar.tooltip = "The semlens server does not run. Click to start it.";
      this.bar.command = "semlens.restart";
      this.language.text = "semlens: off";
      this.language.detail = "the server does not run";
      this.language.severity = vscode.LanguageStatusSeverity.Information;
      this.language.command = { command: "semlens.restart", title: "Start" };
      this.language.busy = false;
    } else {
      const nSymbols = status.roots.reduce((sum, root) => sum + root.symbols, 0);
      this.bar.text = shortStatus(status);
      this.bar.tooltip = `semlens: ${status.state}, ${nSymbols.toLocaleString("en")} symbols`;
      this.bar.command = "semlens.status";
      this.language.text = shortStatus(status).replace(/^\$\([^)]*\) /, "");
      this.language.detail = `${nSymbols.toLocaleString("en")} symbols`;
      this.language.severity =
        status.state === "degraded" ? vscode.LanguageStatusSeverity.Warning : vscode.LanguageStatusSeverity.Information;
      this.language.command = { command: "semlens.status", title: "Show Index Status" };
      this.language.busy = !status.complete && status.state !== "paused";
      this.documents.update(REPORT, statusReport(status));
    }
    this.bar.backgroundColor =
      status?.state === "degraded" ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
    this.bar.show();
  }
}
