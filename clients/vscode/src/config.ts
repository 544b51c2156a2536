// The settings: those of the extension, and those that are sent to the server.

import * as vscode from "vscode";
import { ServerSettings, type Inspect, type Properties } from "./server/settings";

/** Settings of the extension alone. The others are the server's. */
const OWN = ["server.path", "server.arguments", "server.package", "picker.preview", "context.budget"];
/** Settings that are read only when the server starts. */
const AT_START = ["server.path", "server.arguments"];

interface Section {
  readonly properties: Properties;
}

export class Config {
  private readonly serverSettings: ServerSettings;
  /** Names of own settings whose wrong value the user was told. */
  private readonly told = new Set<string>();

  /** :param tell: gets a message for the user about a setting of the extension that has a wrong value. */
  constructor(
    packageJson: { readonly contributes: { readonly configuration: readonly Section[] } },
    private readonly tell: (problem: string) => void,
  ) {
    const all = packageJson.contributes.configuration.flatMap((section) => Object.entries(section.properties));
    const own = OWN.map((name) => `semlens.${name}`);
    this.serverSettings = new ServerSettings(Object.fromEntries(all.filter(([name]) => !own.includes(name))));
  }

  get serverPath(): string {
    return this.get("server.path", "");
  }

  get serverArguments(): readonly string[] {
    return this.get<readonly string[]>("server.arguments", []);
  }

  /** Whether the user wants the resident server, which other editors and commands use too. */
  get isShared(): boolean {
    return this.get("server.shared", false);
  }

  /** The package that Set Up Server installs; empty: it asks for a wheel. */
  get serverPackage(): string {
    return this.get("server.package", "").trim();
  }

  async setServerPackage(path: string): Promise<void> {
    const settings = vscode.workspace.getConfiguration("semlens");
    await settings.update("server.package", path, vscode.ConfigurationTarget.Global);
  }

  /** How many hits a search returns at most. */
  get searchLimit(): number {
    return this.get("search.limit", 20);
  }

  get hasPreview(): boolean {
    return this.get("picker.preview", true);
  }

  /** Maximum of tokens in a context; 0: the user is asked each time. */
  get contextBudget(): number {
    return this.get("context.budget", 4000);
  }

  /**
   * The server settings that a workspace may set, by name. Defaults are left out.
   *
   * :param scope: folder whose settings are included.
   */
  sharedSettings(scope?: vscode.Uri): Record<string, unknown> {
    return this.serverSettings.shared(inspect(scope), vscode.workspace.isTrusted);
  }

  /** The user-only server settings as JSON. The server reads them when it starts. */
  userSettings(): string {
    return this.serverSettings.userOnly(inspect());
  }

  /** True if the user has configured an embedding service, which texts are sent to. */
  get hasService(): boolean {
    return this.get("remote.url", "") !== "";
  }

  /** The name of a changed setting that is read only when the server starts. */
  changedAtStart(event: vscode.ConfigurationChangeEvent): string | undefined {
    return AT_START.map((name) => `semlens.${name}`).find((name) => event.affectsConfiguration(name));
  }

  private get<T>(name: string, fallback: T): T {
    const value = vscode.workspace.getConfiguration("semlens").get<unknown>(name, fallback);
    if (isLike(value, fallback)) {
      this.told.delete(name);
      return value;
    }
    // VS Code returns values of any type. The server tells of its settings itself.
    if (OWN.includes(name) && !this.told.has(name)) {
      this.told.add(name);
      this.tell(`The setting semlens.${name} must be ${kindOf(fallback)}. Its default is used.`);
    }
    return fallback;
  }
}

function inspect(scope?: vscode.Uri): Inspect {
  const settings = vscode.workspace.getConfiguration("semlens", scope ?? null);
  return (name) => settings.inspect(name);
}

/** Whether the value has the type of the fallback. Lists are lists of strings. */
function isLike<T>(value: unknown, fallback: T): value is T {
  return Array.isArray(fallback)
    ? Array.isArray(value) && value.every((item) => typeof item === "string")
    : typeof value === typeof fallback;
}

function kindOf(fallback: unknown): string {
  if (Array.isArray(fallback)) {
    return "a list of strings";
  }
  return typeof fallback === "boolean" ? "true or false" : `a ${typeof fallback}`;
}
