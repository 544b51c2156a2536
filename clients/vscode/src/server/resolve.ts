// Where the server is. Looks and tells, runs nothing; returns data, so that tests need no editor.
//
// In this order:
// 1. the setting semlens.server.path (machine-scoped: no workspace can set it);
// 2. in a trusted workspace, `semlens` beside the Python interpreter that is selected;
// 3. in a trusted workspace, `semlens` in PATH, and where pipx and uv put programs;
// 4. the environment that this extension made for itself.

import * as path from "node:path";

export interface HostInfo {
  /** The setting; empty: not set. */
  readonly setting: string;
  /** The setting semlens.server.arguments, used with `setting` alone. */
  readonly settingArguments: readonly string[];
  readonly isTrusted: boolean;
  /** The selected Python interpreter, if one is known. */
  readonly python: string | undefined;
  readonly pathVariable: string;
  readonly home: string;
  /** Folders whose programs are never taken from PATH. */
  readonly workspaceFolders: readonly string[];
  /** The program in the extension's own environment; it may not be there. */
  readonly own: string;
  readonly platform: NodeJS.Platform;
  /** Whether a file is there and can be run. */
  readonly isProgram: (file: string) => boolean;
}

export interface ServerCommand {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly from: "setting" | "python" | "path" | "own";
}

export interface MissingServer {
  readonly reason: "wrong setting" | "not installed";
  /** One sentence for the user. */
  readonly problem: string;
}

export function resolveServer(host: HostInfo): ServerCommand | MissingServer {
  if (host.setting !== "") {
    return fromSetting(host);
  }
  const join = host.platform === "win32" ? path.win32 : path.posix;
  const program = host.platform === "win32" ? "semlens.exe" : "semlens";
  const serve = ["serve"];
  if (host.isTrusted && host.python !== undefined) {
    const besidePython = join.join(join.dirname(host.python), program);
    if (host.isProgram(besidePython)) {
      return { command: besidePython, arguments: serve, from: "python" };
    }
  }
  if (host.isTrusted) {
    const command = programFolders(host)
      .map((folder) => join.join(folder, program))
      .find(host.isProgram);
    if (command !== undefined) {
      return { command, arguments: serve, from: "path" };
    }
  }
  if (host.isProgram(host.own)) {
    return { command: host.own, arguments: serve, from: "own" };
  }
  const problem = host.isTrusted
    ? "The semlens server is not installed."
    : "In a workspace that you do not trust, only a server of this extension's own is run, and there is none yet.";
  return { reason: "not installed", problem };
}

/** The folders of PATH, and the defaultFolders one, where a program may lie: none of the workspace's, none that is relative. */
export function programFolders(
  host: Pick<HostInfo, "pathVariable" | "home" | "workspaceFolders" | "platform">,
): string[] {
  const join = host.platform === "win32" ? path.win32 : path.posix;
  const defaultFolders = host.platform === "win32" ? [] : [join.join(host.home, ".local", "bin")];
  const isInWorkspace = (folder: string): boolean =>
    host.workspaceFolders.some((root) => {
      const relative = join.relative(root, folder);
      return relative === "" || !(relative.startsWith("..") || join.isAbsolute(relative));
    });
  return [...host.pathVariable.split(join.delimiter), ...defaultFolders].filter(
    (folder) => folder !== "" && join.isAbsolute(folder) && !isInWorkspace(folder),
  );
}

function fromSetting(host: HostInfo): ServerCommand | MissingServer {
  const join = host.platform === "win32" ? path.win32 : path.posix;
  const command = host.setting.replace(/^~(?=[/\\]|$)/, host.home);
  if (!join.isAbsolute(command) || !host.isProgram(command)) {
    return {
      reason: "wrong setting",
      problem: `"${host.setting}", the setting semlens.server.path, is not the absolute path of a program that can be run: correct it or clear it.`,
    };
  }
  const serverArguments = host.settingArguments.length > 0 ? host.settingArguments : ["serve"];
  return { command, arguments: serverArguments, from: "setting" };
}
