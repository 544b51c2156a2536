// The language client, behind what the rest of the extension needs of it. Loaded when a server is started, not before.

import type * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  ProgressType,
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
  /** Settings by dotted name, as they are now: for a folder, or for all. */
  readonly settings: (scope?: string) => Record<string, unknown>;
  /** The user's own settings as JSON, for the whole life of the server. */
  readonly userSettings: string;
  readonly onStatus: (status: Status) => void;
  /** A sentence that the server has for the user. */
  readonly onMessage: (message: string) => void;
  /** The server ended, and nobody asked it to. */
  readonly onCrash: () => void;
}

/** A server that runs. */
export class Server {
  private constructor(
    private readonly client: LanguageClient,
    /** The user's own settings that it was started with. */
    readonly userSettings: string,
  ) {}

  /** :raises Error: when it does not start. */
  static async start(command: ServerCommand, callbacks: ServerCallbacks): Promise<Server> {
    const env = { ...process.env, [USER_VARIABLE]: callbacks.userSettings };
    const options: ServerOptions = { command: command.command, args: [...command.arguments], options: { env } };
    let hasStarted = false;
    const client = new LanguageClient("semlens", "Semantic Search", options, {
      documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
      outputChannel: withLevels(callbacks.output),
      middleware: {
        workspace: { configuration: (params) => params.items.map((item) => callbacks.settings(item.scopeUri)) },
      },
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        // Only the extension restarts it, because the program may have changed.
        closed: () => {
          if (hasStarted) {
            callbacks.onCrash();
          }
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
      await client.dispose().catch(() => undefined); // it may not even have begun
      throw error;
    }
    hasStarted = true;
    return new Server(client, callbacks.userSettings);
  }

  get isRunning(): boolean {
    return this.client.state === State.Running;
  }

  get pid(): number | undefined {
    return this.client.serverProcess?.pid;
  }

  request<T>(method: string, params: object, token?: CancellationToken): Promise<T> {
    // An undefined token would be sent as a second parameter.
    return token === undefined
      ? this.client.sendRequest<T>(method, params)
      : this.client.sendRequest<T>(method, params, token);
  }

  /** Partial answers of the request that carries this token. */
  onPartial(refineToken: string, handler: (partial: PartialResult) => void): vscode.Disposable {
    return this.client.onProgress(PARTIAL_RESULT, refineToken, handler);
  }

  /** The server asks for the settings again. */
  async settingsChanged(): Promise<void> {
    await this.client.sendNotification("workspace/didChangeConfiguration", { settings: null });
  }

  async stop(): Promise<void> {
    if (this.client.needsStop()) {
      await this.client.stop();
    }
    await this.client.dispose();
  }
}

const LEVELS = { DEBUG: "debug", INFO: "info", WARNING: "warn", ERROR: "error", CRITICAL: "error" } as const;
const LOG_LINE = /^\S+ \S+ \d+ (DEBUG|INFO|WARNING|ERROR|CRITICAL) (.*)$/;

/** The client library writes whatever the server says on stderr as errors; the lines know better. */
function withLevels(output: vscode.LogOutputChannel): vscode.LogOutputChannel {
  const error = (text: string): void => {
    for (const line of text.split(/\r?\n/).filter((part) => part !== "")) {
      const [, level, message] = LOG_LINE.exec(line) ?? [];
      output[LEVELS[(level ?? "ERROR") as keyof typeof LEVELS]](message ?? line);
    }
  };
  return Object.create(output, { error: { value: error } }) as vscode.LogOutputChannel;
}
