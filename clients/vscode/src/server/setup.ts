// Offers to install the server: asks the user, then installs it into the extension's virtual environment.

import * as vscode from "vscode";
import type { Ctx } from "../ctx";
import { errorMessage } from "../ctx";
import { choosePython, install, installSteps, pythonCandidates } from "./environment";
import type { MissingServer } from "./resolve";

const INSTALL = "Install";
const CHOOSE = "Choose Wheel...";
const TRUST = "Manage Workspace Trust";
const SETTINGS = "Open Settings";

export class Setup {
  private installing: Promise<boolean> | undefined;

  constructor(private readonly ctx: Ctx) {
    ctx.offerSetup = (missing) => this.offer(missing);
  }

  /** The command Set Up Server: installs the server, or installs it again, and starts it. */
  async run(): Promise<void> {
    const serverCommand = this.ctx.findServer();
    if ("problem" in serverCommand) {
      await this.ctx.ensureRunning(); // this offers to install it
      return;
    }
    if (serverCommand.from !== "own") {
      const message = `The semlens server is already installed: ${serverCommand.command}`;
      await Promise.all([this.ctx.ensureRunning(), vscode.window.showInformationMessage(message)]);
      return;
    }
    const detail = `It is installed in this extension's virtual environment: ${this.ctx.environmentFolder}`;
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
    const question =
      requirement === ""
        ? "It is not on a package index yet. Choose its wheel: a release has it, and “make build” in a clone writes it " +
          "to dist/. It is installed"
        : `Install it now from ${requirement}? It goes`;
    const detail =
      `${question} into a virtual environment of this extension (about 500 MB) and needs Python 3.11 or later. ` +
      "pip fetches the libraries that it needs. None of your data is sent.";
    const others = vscode.workspace.isTrusted ? [SETTINGS] : [TRUST, SETTINGS];
    const answer = await vscode.window.showInformationMessage(
      missing.problem,
      { modal: true, detail },
      requirement === "" ? CHOOSE : INSTALL,
      ...others,
    );
    if (answer === SETTINGS) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "semlens.server");
    } else if (answer === TRUST) {
      await vscode.commands.executeCommand("workbench.trust.manage");
    }
    return answer === INSTALL || (answer === CHOOSE && (await this.chooseWheel())) ? this.install() : false;
  }

  /** False: the user chose none. */
  private async chooseWheel(): Promise<boolean> {
    const title = "The Wheel of the semlens Server";
    const [file] = (await vscode.window.showOpenDialog({ title, filters: { Wheel: ["whl"] } })) ?? [];
    if (file !== undefined) {
      await this.ctx.config.setServerPackage(file.fsPath);
    }
    return file !== undefined;
  }

  /** Installs the server. True: it is installed. False: it failed, and the user was shown why. */
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
        void this.ctx.problems.show(`Cannot install the semlens server: ${errorMessage(error)}`, [retry]);
      }
      return false;
    }
  }
}
