// Everything that lives as long as the extension: the client, its status, the status bar. Restarts coalesce.

import * as fs from "node:fs";
import * as os from "node:os";
import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  State,
  type LanguageClientOptions,
  type ServerOptions,
} from "vscode-languageclient/node";
import { resolveServer, type Found, type Missing } from "./resolve";
import type { Status } from "./wire";
import { shortStatus, statusReport } from "./words";

const CALM_MS = 60_000;
/** A server that ends twice within this time stays off until the user restarts it. */

export class Context implements vscode.Disposable {
  readonly output = vscode.window.createOutputChannel("Semantic Search", { log: true });
  status: Status | undefined;
  private client: LanguageClient | undefined;
  private starting: Promise<LanguageClient | undefined> | undefined;
  private lastCrashMs = 0;
  private readonly item = vscode.window.createStatusBarItem("semlens.status", vscode.StatusBarAlignment.Right, 10);

  constructor() {
    this.item.name = "Semantic Search";
    this.item.command = "semlens.status";
  }

  /** The running client; starts it where there is none. Undefined: the user was told why. */
  async ready(): Promise<LanguageClient | undefined> {
    if (this.client?.state === State.Running) {
      return this.client;
    }
    this.starting ??= this.start().finally(() => (this.starting = undefined));
    return this.starting;
  }

  async restart(): Promise<void> {
    await this.starting;
    await this.stop();
    await this.ready();
  }

  /** What was found, without running it. */
  async find(): Promise<Found | Missing> {
    const settings = vscode.workspace.getConfiguration("semlens");
    return resolveServer({
      setting: settings.get<string>("server.path", ""),
      settingArguments: settings.get<string[]>("server.arguments", []),
      isTrusted: vscode.workspace.isTrusted,
      python: await selectedPython(),
      pathVariable: process.env["PATH"] ?? "",
      home: os.homedir(),
      platform: process.platform,
      isProgram,
    });
  }

  private async start(): Promise<LanguageClient | undefined> {
    const found = await this.find();
    if ("problem" in found) {
      await this.tell(found.problem);
      return undefined;
    }
    this.output.info(`Starting ${found.command} ${found.arguments.join(" ")} (found by: ${found.from})`);
    const serverOptions: ServerOptions = { command: found.command, args: [...found.arguments] };
    const clientOptions: LanguageClientOptions = {
      documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
      outputChannel: this.output,
      synchronize: { configurationSection: "semlens" },
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => this.closed(),
      },
    };
    const client = new LanguageClient("semlens", "Semantic Search", serverOptions, clientOptions);
    client.onNotification("semlens/statusChanged", (status: Status) => this.show(status));
    this.client = client;
    try {
      await client.start();
    } catch (error) {
      this.output.error(String(error));
      await this.tell("The semlens server could not be started: its log says why.");
      return undefined;
    }
    return client;
  }

  /** One restart after a crash, no storm. */
  private closed(): { action: CloseAction; handled: true } {
    const now = Date.now();
    const isStorm = now - this.lastCrashMs < CALM_MS;
    this.lastCrashMs = now;
    this.status = undefined;
    this.item.hide();
    if (isStorm) {
      void this.tell("The semlens server ended again and stays off: its log says why.");
      return { action: CloseAction.DoNotRestart, handled: true };
    }
    this.output.warn("The server ended and is started again.");
    return { action: CloseAction.Restart, handled: true };
  }

  private async tell(problem: string): Promise<void> {
    this.output.error(problem);
    const answer = await vscode.window.showErrorMessage(problem, "Open Settings", "Show Log");
    if (answer === "Open Settings") {
      await vscode.commands.executeCommand("workbench.action.openSettings", "semlens.server");
    } else if (answer === "Show Log") {
      this.output.show();
    }
  }

  show(status: Status): void {
    this.status = status;
    this.item.text = shortStatus(status);
    this.item.tooltip = statusReport(status);
    this.item.show();
    void vscode.commands.executeCommand("setContext", "semlens.running", true);
    void vscode.commands.executeCommand("setContext", "semlens.paused", status.state === "paused");
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    this.status = undefined;
    this.item.hide();
    if (client?.needsStop()) {
      await client.stop();
    }
    await client?.dispose();
  }

  dispose(): void {
    this.item.dispose();
    this.output.dispose();
  }
}

function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The interpreter that the Python extension has selected; it is asked only if it is active already. */
async function selectedPython(): Promise<string | undefined> {
  interface PythonApi {
    readonly environments: { getActiveEnvironmentPath(): { readonly path: string } };
  }
  const extension = vscode.extensions.getExtension<PythonApi>("ms-python.python");
  const selected = extension?.isActive ? extension.exports.environments.getActiveEnvironmentPath().path : undefined;
  return selected !== undefined && isProgram(selected) ? selected : undefined;
}
