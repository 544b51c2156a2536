// Everything that lives as long as the extension: the server and its status, the settings, the log, the subscriptions.

import * as vscode from "vscode";
import { Config } from "./config";
import { Problems } from "./problems";
import type { Server } from "./server/client";
import { environmentProgram } from "./server/environment";
import { resolveServer, type ServerCommand, type MissingServer, type HostInfo } from "./server/resolve";
import { hostInfo } from "./server/host";
import { newerStatus, type Status } from "./protocol";

/** A server that ends twice within this time stays off until the user starts it. */
const CRASH_WINDOW_MS = 60_000;
const MESSAGE_GROUP_MS = 300;

export class Ctx implements vscode.Disposable {
  readonly output = vscode.window.createOutputChannel("Semantic Search", { log: true });
  readonly config: Config;
  readonly problems: Problems;
  /** The last one that the server told; undefined while none runs. */
  status: Status | undefined;
  /** Sets a server up where there is none; true when there is one then. */
  offerSetup: (missing: MissingServer) => Promise<boolean> = () => Promise.resolve(false);

  private readonly statusChanged = new vscode.EventEmitter<Status | undefined>();
  readonly onDidChangeStatus = this.statusChanged.event;
  private server: Server | undefined;
  private starting: Promise<Server | undefined> | undefined;
  private restarting: Promise<void> | undefined;
  /** Of the newest server: each server counts its statuses from 1. */
  private serverNumber = 0;
  private crashedAtMs = Number.NEGATIVE_INFINITY;

  constructor(readonly extension: vscode.ExtensionContext) {
    this.config = new Config(extension.extension.packageJSON);
    this.problems = new Problems(
      {
        show: (message, ...titles) => vscode.window.showErrorMessage(message, ...titles),
        log: (message) => this.output.error(message),
        defer: (callback) => void setTimeout(callback, MESSAGE_GROUP_MS),
      },
      [{ title: "Show Log", run: () => this.output.show() }],
    );
    this.subscribe(
      this.output,
      this.statusChanged,
      vscode.workspace.onDidChangeConfiguration((event) => void this.configurationChanged(event)),
      vscode.workspace.onDidGrantWorkspaceTrust(() => void this.trustGranted()),
    );
  }

  subscribe(...disposables: vscode.Disposable[]): void {
    this.extension.subscriptions.push(...disposables);
  }

  /** The running server, or undefined. Starts nothing. */
  get running(): Server | undefined {
    return this.server?.isRunning ? this.server : undefined;
  }

  /** Folder of the server's own environment. */
  get environmentFolder(): string {
    return vscode.Uri.joinPath(this.extension.globalStorageUri, "server").fsPath;
  }

  hostInfo(): HostInfo {
    return hostInfo(this.config, environmentProgram(this.environmentFolder, process.platform));
  }

  /** Where the server is, without running it. */
  findServer(): ServerCommand | MissingServer {
    return resolveServer(this.hostInfo());
  }

  /** The running server; starts it where there is none. Undefined: the user was told why. */
  async ensureRunning(): Promise<Server | undefined> {
    if (this.running !== undefined) {
      return this.server;
    }
    this.starting ??= this.start().finally(() => (this.starting = undefined));
    return this.starting;
  }

  /** At the start of the window a missing server is no news: the first command will tell. */
  async startQuietly(): Promise<void> {
    const serverCommand = this.findServer();
    if ("problem" in serverCommand && serverCommand.reason === "not installed") {
      this.output.info(serverCommand.problem);
      this.setStatus(undefined);
    } else {
      await this.ensureRunning();
    }
  }

  /** Restarts that are asked for while one is under way are that one. */
  restart(): Promise<void> {
    this.restarting ??= (async () => {
      await this.starting;
      await this.stop();
      this.crashedAtMs = Number.NEGATIVE_INFINITY;
      await this.ensureRunning();
    })().finally(() => (this.restarting = undefined));
    return this.restarting;
  }

  async stop(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    this.serverNumber++;
    this.setStatus(undefined);
    await server?.stop();
  }

  /** The server's answer; undefined when there is none, which the user was told. */
  async request<T>(method: string, params: object, token?: vscode.CancellationToken): Promise<T | undefined> {
    const server = await this.ensureRunning();
    try {
      return await server?.request<T>(method, params, token);
    } catch (error) {
      if (token?.isCancellationRequested !== true) {
        void this.problems.show(errorMessage(error));
      }
      return undefined;
    }
  }

  /** A status that was overtaken by a newer one on its way changes nothing. */
  setStatus(status: Status | undefined): void {
    status = status && newerStatus(this.status, status);
    this.status = status;
    // Before it shows anywhere: who sees a pause finds the command that ends it.
    void vscode.commands.executeCommand("setContext", "semlens.running", status !== undefined);
    void vscode.commands.executeCommand("setContext", "semlens.paused", status?.state === "paused");
    this.statusChanged.fire(status);
  }

  private async start(): Promise<Server | undefined> {
    const serverCommand = this.findServer();
    if ("problem" in serverCommand) {
      this.setStatus(undefined);
      return this.startAfterSetup(serverCommand);
    }
    this.output.info(
      `Starting ${serverCommand.command} ${serverCommand.arguments.join(" ")} (found by: ${serverCommand.from})`,
    );
    const serverNumber = ++this.serverNumber;
    const { Server } = await import("./server/client"); // a file of its own, ten times as large as the rest
    try {
      this.server = await Server.start(serverCommand, {
        output: this.output,
        settings: (scope) => this.config.sharedSettings(scope === undefined ? undefined : vscode.Uri.parse(scope)),
        userSettings: this.config.userSettings(),
        onStatus: (status) => serverNumber === this.serverNumber && this.setStatus(status),
        onMessage: (message) => this.problems.showGrouped(message),
        onCrash: () => this.crashed(),
      });
    } catch (error) {
      this.output.error(String(error));
      this.setStatus(undefined);
      void this.problems.show("The semlens server could not be started: its log says why.", [this.restartAction()]);
      return undefined;
    }
    return this.server;
  }

  private async startAfterSetup(missing: MissingServer): Promise<Server | undefined> {
    if (missing.reason === "not installed") {
      return (await this.offerSetup(missing)) && !("problem" in this.findServer()) ? this.start() : undefined;
    }
    const openSettings = (): unknown =>
      vscode.commands.executeCommand("workbench.action.openSettings", "semlens.server.path");
    void this.problems.show(missing.problem, [{ title: "Open Settings", run: openSettings }]);
    return undefined;
  }

  private crashed(): void {
    const now = Date.now();
    const isRepeated = now - this.crashedAtMs < CRASH_WINDOW_MS;
    this.crashedAtMs = now;
    const crashed = this.server;
    this.server = undefined;
    this.serverNumber++;
    this.setStatus(undefined);
    // Not from inside the crashed client's own handler.
    setTimeout(() => void crashed?.stop().catch((error) => this.output.debug(String(error))), 0);
    if (isRepeated) {
      void this.problems.show("The semlens server ended again and stays off: its log says why.", [
        this.restartAction(),
      ]);
    } else {
      this.output.warn("The server ended and is started again.");
      void this.ensureRunning();
    }
  }

  private restartAction(): { title: string; run: () => Promise<void> } {
    return { title: "Restart Server", run: () => this.restart() };
  }

  private async configurationChanged(event: vscode.ConfigurationChangeEvent): Promise<void> {
    const hasUserChange = this.running !== undefined && this.running.userSettings !== this.config.userSettings();
    // With a service the user is asked: its address may be half typed, and code would be sent there.
    if (hasUserChange && !this.config.hasService) {
      await this.restart();
      if (this.running !== undefined && this.running.userSettings !== this.config.userSettings()) {
        await this.configurationChanged(event); // changed again while it started
      }
      return;
    }
    const isPromptNeeded = hasUserChange && event.affectsConfiguration("semlens");
    const name = isPromptNeeded ? "The change of your settings" : this.config.changedAtStart(event);
    if (name === undefined) {
      return; // the server asks for what it reads while it runs
    }
    if (this.running === undefined) {
      await this.startQuietly();
      return;
    }
    const restart = "Restart Server";
    const message = `${name} takes effect when the semlens server starts again.`;
    if ((await vscode.window.showInformationMessage(message, restart)) === restart) {
      await this.restart();
    }
  }

  private async trustGranted(): Promise<void> {
    if (this.running === undefined) {
      await this.startQuietly();
    } else {
      await this.running.settingsChanged();
    }
  }

  dispose(): void {
    void this.stop();
  }
}

/** An error of the server is one sentence for the user already. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
