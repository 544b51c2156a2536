// The offer to set the server up: asks once, then makes the extension's own environment, with progress.

import * as vscode from "vscode";
import type { Ctx } from "../ctx";
import { errorMessage } from "../ctx";
import { choosePython, install, installSteps, pythonCandidates } from "./environment";
import type { MissingServer } from "./resolve";

const INSTALL = "Install";
const TRUST = "Manage Workspace Trust";
const SETTINGS = "Open Settings";

export class Setup {
  private installing: Promise<boolean> | undefined;

  constructor(private readonly ctx: Ctx) {
    ctx.offerSetup = (missing) => this.offer(missing);
  }

  /** The command: sets up, or brings the own environment up to date. The server starts when it is there. */
  async run(): Promise<void> {
    const serverCommand = this.ctx.findServer();
    if ("problem" in serverCommand) {
      await this.ctx.ensureRunning(); // which offers
      return;
    }
    if (serverCommand.from !== "own") {
      const message = `The semlens server is installed already: ${serverCommand.command}`;
      await Promise.all([this.ctx.ensureRunning(), vscode.window.showInformationMessage(message)]);
      return;
    }
    const detail = `It is in an environment of this extension: ${this.ctx.environmentFolder}`;
    const answer = await vscode.window.showInformationMessage(
      "Install the semlens server again?",
      { modal: true, detail },
      INSTALL,
    );
    if (answer === INSTALL) {
      await this.ctx.stop();
      await this.install();
      await this.ctx.ensureRunning();
    }
  }

  private async offer(missing: MissingServer): Promise<boolean> {
    if (this.installing !== undefined) {
      return this.installing;
    }
    const requirement = this.ctx.config.serverPackage;
    const source = requirement === "" ? "from the Python package index that pip is set to" : `from ${requirement}`;
    const detail =
      `It can be installed now, ${source}, into an environment of this extension alone ` +
      "(about 460 MB; Python 3.11 or later is needed). Nothing of yours is sent.";
    const others = vscode.workspace.isTrusted ? [SETTINGS] : [TRUST, SETTINGS];
    const answer = await vscode.window.showInformationMessage(
      missing.problem,
      { modal: true, detail },
      INSTALL,
      ...others,
    );
    if (answer === SETTINGS) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "semlens.server");
    } else if (answer === TRUST) {
      await vscode.commands.executeCommand("workbench.trust.manage");
    }
    return answer === INSTALL ? this.install() : false;
  }

  /** True when the server is there. What goes wrong is told. */
  install(): Promise<boolean> {
    this.installing ??= this.installNow().finally(() => (this.installing = undefined));
    return this.installing;
  }

  private async installNow(): Promise<boolean> {
    const stop = new AbortController();
    const progress = { location: vscode.ProgressLocation.Notification, title: "semlens server", cancellable: true };
    try {
      await vscode.window.withProgress(progress, async (bar, token) => {
        token.onCancellationRequested(() => stop.abort());
        const host = this.ctx.hostInfo();
        const reporter = {
          report: (message: string) => bar.report({ message }),
          log: (line: string) => this.ctx.output.info(line),
          signal: stop.signal,
        };
        const python = await choosePython(pythonCandidates(host), reporter);
        const folder = this.ctx.environmentFolder;
        await install(installSteps(python, folder, this.ctx.config.serverPackage, host), folder, reporter);
      });
      return true;
    } catch (error) {
      if (!stop.signal.aborted) {
        const retry = { title: "Try Again", run: () => this.run() };
        void this.ctx.problems.show(`The semlens server could not be installed: ${errorMessage(error)}`, [retry]);
      }
      return false;
    }
  }
}
