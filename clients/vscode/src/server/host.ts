// Collects what `resolve` and `environment` need to know about this machine and this window.

import * as fs from "node:fs";
import * as os from "node:os";
import * as vscode from "vscode";
import type { Config } from "../config";
import type { HostInfo } from "./resolve";

/** :param own: the program in the extension's own environment. */
export function hostInfo(config: Config, own: string): HostInfo {
  return {
    setting: config.serverPath,
    settingArguments: config.serverArguments,
    isShared: config.isShared,
    isTrusted: vscode.workspace.isTrusted,
    python: selectedPython(),
    pathVariable: process.env["PATH"] ?? "",
    home: os.homedir(),
    workspaceFolders: (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath),
    own,
    platform: process.platform,
    isProgram,
  };
}

export function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The interpreter that is selected in the Python extension. Does not activate that extension. */
function selectedPython(): string | undefined {
  interface PythonApi {
    readonly environments: { getActiveEnvironmentPath(): { readonly path: string } };
  }
  const extension = vscode.extensions.getExtension<PythonApi>("ms-python.python");
  const selected = extension?.isActive ? extension.exports.environments.getActiveEnvironmentPath().path : undefined;
  return selected !== undefined && isProgram(selected) ? selected : undefined;
}
