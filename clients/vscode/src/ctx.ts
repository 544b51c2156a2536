// The state that lives as long as the extension: the server and its status, the settings, the log, the subscriptions.
// It starts, restarts and stops the server. The language client itself is in server/client.ts.

import { setTimeout } from "node:timers/promises";
import * as vscode from "vscode";
import { Config } from "./config";
import { Problems } from "./problems";
import { Backoff } from "./server/backoff";
import type { Server } from "./server/client";
import { environmentProgram } from "./server/environment";
import { isShared, resolveServer, type ServerCommand, type MissingServer, type HostInfo } from "./server/resolve";
import { hostInfo } from "./server/host";
import { newerStatus, type Status } from "./protocol";

/** Messages of the server within this time are shown as one. */
const MESSAGE_GROUP_MS = 300;

export class Ctx implements vscode.Disposable {
  readonly output = vscode.window.createOutputChannel("semlens", { log: true });
  readonly config: Config;
  readonly problems: Problems;
  /** The last status from the server; undefined while it does not run. */
  status: Status | undefined;
  /** Offers to install a missing server. True: it is installed now. */
  offerSetup: (missing: MissingServer) => Promise<boolean> = () => Promise.resolve(false);

  private readonly statusChanged = new vscode.EventEmitter<Status | undefined>();
  readonly onDidChangeStatus = this.statusChanged.event;
  private server: Server | undefined;
  private starting: Promise<Server | undefined> | undefined;
  private restarting: Promise<void> | undefined;
  /** Identifies the newest server, because each server numbers its statuses from 1. */
  private serverNumber = 0;
  /** After two crashes within this time the server stays off until the user starts it. */
  crashWindowMs = 60_000;
  private crashedAtMs = Number.NEGATIVE_INFINITY;
  private startedAtMs = 0;
  private readonly backoff = new Backoff();
  /** Ends the delay before a lost shared server is started again. */
  private delayEnd = new AbortController();

  constructor(readonly extension: vscode.ExtensionContext) {
    this.problems = new Problems(
      {
        show: (message, ...titles) => vscode.window.showErrorMessage(message, ...titles),
        log: (message) => this.output.error(message),
        defer: (callback) => void setTimeout(MESSAGE_GROUP_MS).then(callback),
      },
      [{ title: "Show Log", run: () => this.output.show() }],
    );
    this.config = new Config(extension.extension.packageJSON, (problem) => this.problems.showGrouped(problem));
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

  /** Folder of the virtual environment that the extension installs the server into. */
  get environmentFolder(): string {
    return vscode.Uri.joinPath(this.extension.globalStorageUri, "server").fsPath;
  }

  hostInfo(): HostInfo {
    return hostInfo(this.config, environmentProgram(this.environmentFolder, process.platform));
  }

  /** Finds the server's program. Runs nothing. */
  findServer(): ServerCommand | MissingServer {
    return resolveServer(this.hostInfo());
  }

  /** The running server; starts it first if necessary. Undefined: it cannot run, and the user was shown why. */
  async ensureRunning(): Promise<Server | undefined> {
    if (this.running !== undefined) {
      return this.server;
    }
    this.starting ??= this.start().finally(() => (this.starting = undefined));
    return this.starting;
  }

  /** Starts the server, but shows no message if it is not installed. The first command will show one. */
  async startQuietly(): Promise<void> {
    const serverCommand = this.findServer();
    if ("problem" in serverCommand && serverCommand.reason === "not installed") {
      this.output.info(serverCommand.problem);
      this.setStatus(undefined);
    } else {
      await this.ensureRunning();
    }
  }

  /** Restarts the server. A call during a restart joins that restart. */
  restart(): Promise<void> {
    this.restarting ??= (async () => {
      await this.stop();
      this.crashedAtMs = Number.NEGATIVE_INFINITY;
      this.backoff.reset();
      await this.ensureRunning();
    })().finally(() => (this.restarting = undefined));
    return this.restarting;
  }

  /** Stops the server, also one that is being started. */
  async stop(): Promise<void> {
    this.delayEnd.abort();
    await this.starting;
    const server = this.server;
    this.server = undefined;
    this.serverNumber++;
    this.setStatus(undefined);
    await server?.stop().catch((error) => this.output.debug(String(error))); // it may have ended just now
  }

  /** Sends a request. Undefined: it failed or was cancelled; the user was shown an error. */
  async request<T>(method: string, params: object, token?: vscode.CancellationToken): Promise<T | undefined> {
    try {
      return await this.ask((server) => server.request<T>(method, params, token));
    } catch (error) {
      if (token?.isCancellationRequested !== true) {
        void this.problems.show(errorMessage(error));
      }
      return undefined;
    }
  }

  /**
   * Sends a request with `send`, and again to the next server if one ends before it answers. Undefined: no server can
   * run, and the user was shown why.
   *
   * :raises Error: if the server refuses the request.
   */
  async ask<T>(send: (server: Server) => Promise<T>): Promise<T | undefined> {
    for (;;) {
      const server = await this.ensureRunning();
      if (server === undefined) {
        return undefined;
      }
      try {
        return await send(server);
      } catch (error) {
        await server.settle(error);
        const isBeingReplaced = this.server !== server && this.starting !== undefined;
        if (!isBeingReplaced) {
          throw error;
        }
      }
    }
  }

  /** Sets the status, unless it is older than the current one. */
  setStatus(status: Status | undefined): void {
    status = status && newerStatus(this.status, status);
    this.status = status;
    // Set before the event, so that a visible pause has its Resume command enabled.
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
    const { Server } = await import("./server/client"); // a separate bundle, ten times as large as the rest
    try {
      this.server = await Server.start(serverCommand, {
        output: this.output,
        settings: (scope) => this.config.sharedSettings(scope === undefined ? undefined : vscode.Uri.parse(scope)),
        userSettings: this.config.userSettings(),
        onStatus: (status) => serverNumber === this.serverNumber && this.setStatus(status),
        onMessage: (message) => this.problems.showGrouped(message),
        onCrash: () => serverNumber === this.serverNumber && this.crashed(),
      });
    } catch (error) {
      this.output.error(String(error));
      this.setStatus(undefined);
      if (isShared(serverCommand)) {
        return this.startAgain(0);
      }
      void this.problems.show("Cannot start the semlens server. Its log shows why.", [this.restartAction()]);
      return undefined;
    }
    this.startedAtMs = Date.now();
    return this.server;
  }

  /** Starts a lost shared server after a delay. Undefined: it stays off. :param lifeMs: how long it ran. */
  private async startAgain(lifeMs: number): Promise<Server | undefined> {
    const delayMs = this.backoff.lost(lifeMs);
    if (delayMs === undefined) {
      void this.problems.show("The shared semlens server ended too often and stays off. The log shows why.", [
        this.restartAction(),
      ]);
      return undefined;
    }
    this.output.info(`The shared server was lost. It is started again in ${delayMs} ms.`);
    this.delayEnd = new AbortController();
    const isOver = await setTimeout(delayMs, true, { signal: this.delayEnd.signal }).catch(() => false);
    return isOver ? this.start() : undefined;
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
    const isRepeated = now - this.crashedAtMs < this.crashWindowMs;
    this.crashedAtMs = now;
    const crashed = this.server;
    this.server = undefined;
    this.serverNumber++;
    this.setStatus(undefined);
    // Deferred, because this runs inside a handler of the crashed client.
    setImmediate(() => void crashed?.stop().catch((error) => this.output.debug(String(error))));
    if (crashed !== undefined && isShared(crashed.command)) {
      this.starting ??= this.startAgain(now - this.startedAtMs).finally(() => (this.starting = undefined));
    } else if (isRepeated) {
      void this.problems.show("The semlens server crashed again and stays off. Its log shows why.", [
        this.restartAction(),
      ]);
    } else {
      this.output.warn("The server crashed and is being restarted.");
      void this.ensureRunning();
    }
  }

  private restartAction(): { title: string; run: () => Promise<void> } {
    return { title: "Restart Server", run: () => this.restart() };
  }

  private async configurationChanged(event: vscode.ConfigurationChangeEvent): Promise<void> {
    await this.starting; // it may have read the settings of before
    const hasUserChange = this.running !== undefined && this.running.userSettings !== this.config.userSettings();
    // With an embedding service the user has to confirm, because code would be sent to a half-typed address.
    if (hasUserChange && !this.config.hasService) {
      await this.restart();
      if (this.running !== undefined && this.running.userSettings !== this.config.userSettings()) {
        await this.configurationChanged(event); // the settings changed again during the restart
      }
      return;
    }
    const isPromptNeeded = hasUserChange && event.affectsConfiguration("semlens");
    const name = isPromptNeeded ? "The change of your settings" : this.config.changedAtStart(event);
    if (name === undefined) {
      return; // the language client sends the other settings to the running server
    }
    if (this.running === undefined) {
      await this.startQuietly();
      return;
    }
    const restart = "Restart Server";
    const message = `${name} takes effect when the semlens server is restarted.`;
    if ((await vscode.window.showInformationMessage(message, restart)) === restart) {
      await this.restart();
    }
  }

  private async trustGranted(): Promise<void> {
    if (this.running === undefined) {
      await this.startQuietly();
    } else {
      const serverCommand = this.findServer();
      const isOther = !("problem" in serverCommand) && isShared(serverCommand) !== isShared(this.running.command);
      await (isOther ? this.restart() : this.running.settingsChanged());
    }
  }

  dispose(): void {
    void this.stop();
  }
}

/** Errors of the server are messages for the user already. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
