// Offers to install the server: asks the user, then installs it into the extension's virtual environment.

import * as vscode from "vscode";
import type { Ctx } from "../ctx";
import { errorMessage } from "../ctx";
import { choosePython, install, installSteps, pythonCandidates } from "./environment";
import type { MissingServer } from "./resolve";

const INSTALL = "Install";
const NO_PACKAGE =
  "Its package is not on a package index yet. Choose its wheel: a release has it, and “make build” in a clone writes it to " +
  "dist/.";
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
    const place = `It is installed in this extension's virtual environment, ${this.ctx.environmentFolder}.`;
    const requirement = await this.ask("Install the semlens server again?", place, []);
    if (requirement !== undefined) {
      await this.ctx.stop();
      await this.install(requirement);
      await this.ctx.restart(); // not one that was started before its files were replaced
    }
  }

  private async offer(missing: MissingServer): Promise<boolean> {
    if (this.installing !== undefined) {
      return this.installing;
    }
    const size =
      "It is installed into a virtual environment of this extension (about 500 MB) and needs Python 3.11 or later. pip " +
      "fetches the libraries that it needs. None of your data is sent.";
    const others = vscode.workspace.isTrusted ? [SETTINGS] : [TRUST, SETTINGS];
    const requirement = await this.ask(missing.problem, size, others);
    return requirement !== undefined && this.install(requirement);
  }

  /**
   * Asks whether to install the server. Returns the package of the setting, or without one a wheel that the user
   * chooses. Undefined: the user does not want to.
   */
  private async ask(message: string, place: string, others: readonly string[]): Promise<string | undefined> {
    const requirement = this.ctx.config.serverPackage;
    const [detail, yes] =
      requirement === "" ? [`${NO_PACKAGE} ${place}`, CHOOSE] : [`Its package is ${requirement}. ${place}`, INSTALL];
    const answer = await vscode.window.showInformationMessage(message, { modal: true, detail }, yes, ...others);
    if (answer === SETTINGS) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "semlens.server");
    } else if (answer === TRUST) {
      await vscode.commands.executeCommand("workbench.trust.manage");
    }
    return answer === INSTALL ? requirement : answer === CHOOSE ? this.chooseWheel() : undefined;
  }

  /** Undefined: the user chose none. */
  private async chooseWheel(): Promise<string | undefined> {
    const title = "The Wheel of the semlens Server";
    const [file] = (await vscode.window.showOpenDialog({ title, filters: { Wheel: ["whl"] } })) ?? [];
    if (file !== undefined) {
      await this.ctx.config.setServerPackage(file.fsPath);
    }
    return file?.fsPath;
  }

  /** Installs the server. True: it is installed. False: it failed, and the user was shown why. */
  private install(requirement: string): Promise<boolean> {
    this.installing ??= this.installNow(requirement).finally(() => (this.installing = undefined));
    return this.installing;
  }

  private async installNow(requirement: string): Promise<boolean> {
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
        await install(installSteps(python, folder, requirement, host), folder, reporter);
      });
      return true;
    } catch (error) {
      const kept = "problem" in this.ctx.findServer() ? "" : " The server that was installed before is kept.";
      if (stop.signal.aborted) {
        void vscode.window.showInformationMessage(`The installation of the semlens server was cancelled.${kept}`);
      } else {
        const retry = { title: "Try Again", run: () => this.run() };
        void this.ctx.problems.show(`Cannot install the semlens server: ${errorMessage(error)}${kept}`, [retry]);
      }
      return false;
    }
  }
}
