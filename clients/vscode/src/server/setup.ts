// The offer to set the server up: asks once, then makes the extension's own environment, with progress.

import * as vscode from "vscode";
import type { Ctx } from "../ctx";
import { sentenceOf } from "../ctx";
import { choosePython, install, installSteps, pythonCandidates } from "./environment";
import type { Missing } from "./resolve";

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
    const found = this.ctx.find();
    if ("problem" in found) {
      await this.ctx.ready(); // which offers
      return;
    }
    if (found.from !== "own") {
      const told = `The semlens server is installed already: ${found.command}`;
      await Promise.all([this.ctx.ready(), vscode.window.showInformationMessage(told)]);
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
      await this.ctx.ready();
    }
  }

  private async offer(missing: Missing): Promise<boolean> {
    if (this.installing !== undefined) {
      return this.installing;
    }
    const wheel = this.ctx.config.serverPackage;
    const source = wheel === "" ? "from the Python package index that pip is set to" : `from ${wheel}`;
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
        const around = this.ctx.surroundings();
        const reporter = {
          report: (message: string) => bar.report({ message }),
          log: (line: string) => this.ctx.output.info(line),
          signal: stop.signal,
        };
        const python = await choosePython(pythonCandidates(around), reporter);
        const folder = this.ctx.environmentFolder;
        await install(installSteps(python, folder, this.ctx.config.serverPackage, around), folder, reporter);
      });
      return true;
    } catch (error) {
      if (!stop.signal.aborted) {
        const again = { title: "Try Again", run: () => this.run() };
        void this.ctx.problems.tell(`The semlens server could not be installed: ${sentenceOf(error)}`, [again]);
      }
      return false;
    }
  }
}
