// The settings: this client's own, and those that the server asks for.

import * as vscode from "vscode";

/** Settings whose change takes effect when the server starts. */
const AT_START = ["server.path", "server.arguments", "models", "index.cacheFolder"];

interface Section {
  readonly properties: Readonly<Record<string, unknown>>;
}

export class Config {
  /** Names of the settings that the server defines, without the namespace. */
  private readonly ofServer: readonly string[];

  constructor(packageJson: { readonly contributes: { readonly configuration: readonly Section[] } }) {
    // The second section is generated from the server's definition: scripts/settings.py.
    const properties = packageJson.contributes.configuration[1]?.properties ?? {};
    this.ofServer = Object.keys(properties).map((name) => name.replace(/^semlens\./, ""));
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
   * What the user has set of the server's settings, by name. Defaults are left out: the server knows them, and has
   * files of its own that they must not hide. An untrusted workspace sets nothing.
   *
   * :param scope: the folder whose own settings count too.
   */
  forServer(scope?: vscode.Uri): Record<string, unknown> {
    const settings = vscode.workspace.getConfiguration("semlens", scope ?? null);
    const result: Record<string, unknown> = {};
    for (const name of this.ofServer) {
      const set = settings.inspect(name);
      const ofWorkspace = vscode.workspace.isTrusted ? (set?.workspaceFolderValue ?? set?.workspaceValue) : undefined;
      const value = ofWorkspace ?? set?.globalValue;
      if (value !== undefined) {
        result[name] = value;
      }
    }
    return result;
  }

  /** The first setting that changed and is read only when the server starts. */
  changedAtStart(event: vscode.ConfigurationChangeEvent): string | undefined {
    return AT_START.map((name) => `semlens.${name}`).find((name) => event.affectsConfiguration(name));
  }

  private get<T>(name: string, otherwise: T): T {
    return vscode.workspace.getConfiguration("semlens").get<T>(name, otherwise);
  }
}
