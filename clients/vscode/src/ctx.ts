// Everything that lives as long as the extension: the server and its status, the settings, the log, the subscriptions.

import * as vscode from "vscode";
import { Config } from "./config";
import { Problems } from "./problems";
import type { Server } from "./server/client";
import { ownProgram } from "./server/environment";
import { resolveServer, type Found, type Missing, type Surroundings } from "./server/resolve";
import { surroundings } from "./server/surroundings";
import { newer, type Status } from "./wire";

/** A server that ends twice within this time stays off until the user starts it. */
const CALM_MS = 60_000;
const GATHER_MS = 300;

export class Ctx implements vscode.Disposable {
  readonly output = vscode.window.createOutputChannel("Semantic Search", { log: true });
  readonly config: Config;
  readonly problems: Problems;
  /** The last one that the server told; undefined while none runs. */
  status: Status | undefined;
  /** Sets a server up where there is none; true when there is one then. */
  offerSetup: (missing: Missing) => Promise<boolean> = () => Promise.resolve(false);

  private readonly statusChanged = new vscode.EventEmitter<Status | undefined>();
  readonly onDidChangeStatus = this.statusChanged.event;
  private server: Server | undefined;
  private starting: Promise<Server | undefined> | undefined;
  private restarting: Promise<void> | undefined;
  /** Of the newest server: each server counts its statuses from 1. */
  private run = 0;
  private crashedAtMs = Number.NEGATIVE_INFINITY;

  constructor(readonly extension: vscode.ExtensionContext) {
    this.config = new Config(extension.extension.packageJSON);
    this.problems = new Problems(
      {
        show: (message, ...titles) => vscode.window.showErrorMessage(message, ...titles),
        log: (message) => this.output.error(message),
        later: (callback) => void setTimeout(callback, GATHER_MS),
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

  surroundings(): Surroundings {
    return surroundings(this.config, ownProgram(this.environmentFolder, process.platform));
  }

  /** Where the server is, without running it. */
  find(): Found | Missing {
    return resolveServer(this.surroundings());
  }

  /** The running server; starts it where there is none. Undefined: the user was told why. */
  async ready(): Promise<Server | undefined> {
    if (this.running !== undefined) {
      return this.server;
    }
    this.starting ??= this.start().finally(() => (this.starting = undefined));
    return this.starting;
  }

  /** At the start of the window a missing server is no news: the first command will tell. */
  async readyQuietly(): Promise<void> {
    const found = this.find();
    if ("problem" in found && found.reason === "not installed") {
      this.output.info(found.problem);
      this.show(undefined);
    } else {
      await this.ready();
    }
  }

  /** Restarts that are asked for while one is under way are that one. */
  restart(): Promise<void> {
    this.restarting ??= (async () => {
      await this.starting;
      await this.stop();
      this.crashedAtMs = Number.NEGATIVE_INFINITY;
      await this.ready();
    })().finally(() => (this.restarting = undefined));
    return this.restarting;
  }

  async stop(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    this.run++;
    this.show(undefined);
    await server?.stop();
  }

  /** The server's answer; undefined when there is none, which the user was told. */
  async ask<T>(method: string, params: object, token?: vscode.CancellationToken): Promise<T | undefined> {
    const server = await this.ready();
    try {
      return await server?.request<T>(method, params, token);
    } catch (error) {
      if (token?.isCancellationRequested !== true) {
        void this.problems.tell(sentenceOf(error));
      }
      return undefined;
    }
  }

  /** A status that was overtaken by a newer one on its way changes nothing. */
  show(status: Status | undefined): void {
    status = status && newer(this.status, status);
    this.status = status;
    // Before it shows anywhere: who sees a pause finds the command that ends it.
    void vscode.commands.executeCommand("setContext", "semlens.running", status !== undefined);
    void vscode.commands.executeCommand("setContext", "semlens.paused", status?.state === "paused");
    this.statusChanged.fire(status);
  }

  private async start(): Promise<Server | undefined> {
    const found = this.find();
    if ("problem" in found) {
      this.show(undefined);
      return this.startAfterMending(found);
    }
    this.output.info(`Starting ${found.command} ${found.arguments.join(" ")} (found by: ${found.from})`);
    const run = ++this.run;
    const { Server } = await import("./server/client"); // a file of its own, ten times as large as the rest
    try {
      this.server = await Server.start(found, {
        output: this.output,
        settings: (scope) => this.config.forServer(scope === undefined ? undefined : vscode.Uri.parse(scope)),
        ofUser: this.config.ofUser(),
        onStatus: (status) => run === this.run && this.show(status),
        onMessage: (message) => this.problems.gather(message),
        onCrash: () => this.crashed(),
      });
    } catch (error) {
      this.output.error(String(error));
      this.show(undefined);
      void this.problems.tell("The semlens server could not be started: its log says why.", [this.again()]);
      return undefined;
    }
    return this.server;
  }

  private async startAfterMending(missing: Missing): Promise<Server | undefined> {
    if (missing.reason === "not installed") {
      return (await this.offerSetup(missing)) && !("problem" in this.find()) ? this.start() : undefined;
    }
    const openSettings = (): unknown =>
      vscode.commands.executeCommand("workbench.action.openSettings", "semlens.server.path");
    void this.problems.tell(missing.problem, [{ title: "Open Settings", run: openSettings }]);
    return undefined;
  }

  private crashed(): void {
    const now = Date.now();
    const isStorm = now - this.crashedAtMs < CALM_MS;
    this.crashedAtMs = now;
    const dead = this.server;
    this.server = undefined;
    this.run++;
    this.show(undefined);
    // Not from inside the dead client's own handler.
    setTimeout(() => void dead?.stop().catch((error) => this.output.debug(String(error))), 0);
    if (isStorm) {
      void this.problems.tell("The semlens server ended again and stays off: its log says why.", [this.again()]);
    } else {
      this.output.warn("The server ended and is started again.");
      void this.ready();
    }
  }

  private again(): { title: string; run: () => Promise<void> } {
    return { title: "Restart Server", run: () => this.restart() };
  }

  private async configurationChanged(event: vscode.ConfigurationChangeEvent): Promise<void> {
    const isUsers = this.running !== undefined && this.running.ofUser !== this.config.ofUser();
    // With a service the user is asked: its address may be half typed, and code would be sent there.
    if (isUsers && !this.config.hasService) {
      await this.restart();
      if (this.running !== undefined && this.running.ofUser !== this.config.ofUser()) {
        await this.configurationChanged(event); // changed again while it started
      }
      return;
    }
    const isTold = isUsers && event.affectsConfiguration("semlens");
    const name = isTold ? "The change of your settings" : this.config.changedAtStart(event);
    if (name === undefined) {
      return; // the server asks for what it reads while it runs
    }
    if (this.running === undefined) {
      await this.readyQuietly();
      return;
    }
    const restart = "Restart Server";
    const told = `${name} takes effect when the semlens server starts again.`;
    if ((await vscode.window.showInformationMessage(told, restart)) === restart) {
      await this.restart();
    }
  }

  private async trustGranted(): Promise<void> {
    if (this.running === undefined) {
      await this.readyQuietly();
    } else {
      await this.running.settingsChanged();
    }
  }

  dispose(): void {
    void this.stop();
  }
}

/** An error of the server is one sentence for the user already. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
