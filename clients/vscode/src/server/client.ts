// Wraps the language client. Its bundle is large, so it is loaded only when the server starts.

import type * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  ErrorCodes,
  LanguageClient,
  ProgressType,
  ResponseError,
  State,
  type CancellationToken,
  type ServerOptions,
  type ShowMessageParams,
} from "vscode-languageclient/node";
import type { PartialResult, Status } from "../protocol";
import type { ServerCommand } from "./resolve";
import { USER_VARIABLE } from "./settings";

const PARTIAL_RESULT = new ProgressType<PartialResult>();

export interface ServerCallbacks {
  readonly output: vscode.LogOutputChannel;
  /** The current settings by dotted name, for a folder or for all. */
  readonly settings: (scope?: string) => Record<string, unknown>;
  /** The user-only settings as JSON. They cannot change while the server runs. */
  readonly userSettings: string;
  readonly onStatus: (status: Status) => void;
  /** A message of the server for the user. */
  readonly onMessage: (message: string) => void;
  /** The server ended unexpectedly. Its requests fail only afterwards. */
  readonly onCrash: () => void;
}

/** The extension shows one notification of its own when the server does not start. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown, showNotification?: boolean | "force"): void {
    super.error(message, data, showNotification === "force" ? false : showNotification);
  }
}

/** A running server. */
export class Server {
  private constructor(
    private readonly client: LanguageClient,
    /** The user-only settings that it was started with. */
    readonly userSettings: string,
    /** The command that it was started with. */
    readonly command: ServerCommand,
    private readonly ended: Promise<void>,
  ) {}

  /** :raises Error: if it does not start. */
  static async start(command: ServerCommand, callbacks: ServerCallbacks): Promise<Server> {
    const env = { ...process.env, [USER_VARIABLE]: callbacks.userSettings };
    const options: ServerOptions = { command: command.command, args: [...command.arguments], options: { env } };
    let hasStarted = false;
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const client = new QuietClient("semlens", "semlens", options, {
      documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
      outputChannel: withLevels(callbacks.output),
      middleware: {
        workspace: { configuration: (params) => params.items.map((item) => callbacks.settings(item.scopeUri)) },
      },
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        // The extension restarts the server with a new client, because its program may have changed. A new client sends
        // all open documents.
        closed: () => {
          if (hasStarted) {
            callbacks.onCrash();
          }
          end();
          return { action: CloseAction.DoNotRestart, handled: true, message: "The connection to the server ended." };
        },
      },
      initializationFailedHandler: () => false,
    });
    client.onNotification("semlens/statusChanged", callbacks.onStatus);
    client.onNotification("window/showMessage", (params: ShowMessageParams) => callbacks.onMessage(params.message));
    try {
      await client.start();
    } catch (error) {
      await client.dispose().catch(() => undefined); // it may not have started at all
      throw error;
    }
    hasStarted = true;
    return new Server(client, callbacks.userSettings, command, ended);
  }

  get isRunning(): boolean {
    return this.client.state === State.Running;
  }

  get pid(): number | undefined {
    return this.client.serverProcess?.pid;
  }

  request<T>(method: string, params: object, token?: CancellationToken): Promise<T> {
    // The library would send an undefined token as a second parameter.
    return token === undefined
      ? this.client.sendRequest<T>(method, params)
      : this.client.sendRequest<T>(method, params, token);
  }

  /** If a request failed because it could not be written, waits until the end of the server was reported. */
  async settle(error: unknown): Promise<void> {
    if (error instanceof ResponseError && error.code === ErrorCodes.MessageWriteError) {
      await this.ended;
    }
  }

  /** Calls back with partial results of the request that has this token. */
  onPartial(refineToken: string, handler: (partial: PartialResult) => void): vscode.Disposable {
    return this.client.onProgress(PARTIAL_RESULT, refineToken, handler);
  }

  /** Makes the server request the settings again. */
  async settingsChanged(): Promise<void> {
    await this.client.sendNotification("workspace/didChangeConfiguration", { settings: null });
  }

  async stop(): Promise<void> {
    try {
      if (this.client.needsStop()) {
        await this.client.stop();
      }
    } finally {
      await this.client.dispose();
    }
  }
}

const LEVELS = { DEBUG: "debug", INFO: "info", WARNING: "warn", ERROR: "error", CRITICAL: "error" } as const;
const LOG_LINE = /^\S+ \S+ \d+ (DEBUG|INFO|WARNING|ERROR|CRITICAL) (.*)$/;

/** The client library logs all of stderr as errors. This logs each line with the level that it names. */
function withLevels(output: vscode.LogOutputChannel): vscode.LogOutputChannel {
  const error = (text: string): void => {
    for (const line of text.split(/\r?\n/).filter((part) => part !== "")) {
      const [, level, message] = LOG_LINE.exec(line) ?? [];
      output[LEVELS[(level ?? "ERROR") as keyof typeof LEVELS]](message ?? line);
    }
  };
  return Object.create(output, { error: { value: error } }) as vscode.LogOutputChannel;
}
