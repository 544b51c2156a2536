// The settings: this client's own, and those that the server asks for.

import * as vscode from "vscode";
import { ServerSettings, type Inspect, type Properties } from "./server/settings";

/** Settings whose change takes effect when the server starts. */
const AT_START = ["server.path", "server.arguments"];

interface Section {
  readonly properties: Properties;
}

export class Config {
  private readonly serverSettings: ServerSettings;

  constructor(packageJson: { readonly contributes: { readonly configuration: readonly Section[] } }) {
    // The second section is generated from the server's definition: scripts/settings.py.
    this.serverSettings = new ServerSettings(packageJson.contributes.configuration[1]?.properties ?? {});
  }

  get serverPath(): string {
    return this.get("server.path", "");
  }

  get serverArguments(): readonly string[] {
    return this.get<readonly string[]>("server.arguments", []);
  }

  /** What is installed into the extension's own environment; empty: `semlens` of the package index. */
  get serverPackage(): string {
    return this.get("server.package", "").trim();
  }

  get hasPreview(): boolean {
    return this.get("picker.preview", true);
  }

  /** Tokens of a pack of context; 0: the user is asked. */
  get contextBudget(): number {
    return this.get("context.budget", 4000);
  }

  /**
   * What is set of the server's settings that a workspace may set too, by name.
   *
   * :param scope: the folder whose own settings count too.
   */
  sharedSettings(scope?: vscode.Uri): Record<string, unknown> {
    return this.serverSettings.shared(inspect(scope), vscode.workspace.isTrusted);
  }

  /** What the user has set of the others, as JSON: the server takes it when it starts. */
  userSettings(): string {
    return this.serverSettings.userOnly(inspect());
  }

  /** The user names an embedding service, which texts are sent to. */
  get hasService(): boolean {
    return this.get("remote.url", "") !== "";
  }

  /** The first setting that changed and is read only when the server starts. */
  changedAtStart(event: vscode.ConfigurationChangeEvent): string | undefined {
    return AT_START.map((name) => `semlens.${name}`).find((name) => event.affectsConfiguration(name));
  }

  private get<T>(name: string, fallback: T): T {
    return vscode.workspace.getConfiguration("semlens").get<T>(name, fallback);
  }
}

function inspect(scope?: vscode.Uri): Inspect {
  const settings = vscode.workspace.getConfiguration("semlens", scope ?? null);
  return (name) => settings.inspect(name);
}
