// Finds the server's program. Runs nothing, and gets all facts as data, so that tests need no editor.
//
// It searches in this order:
// 1. the setting semlens.server.path (machine-scoped: no workspace can set it);
// 2. in a trusted workspace, the folder of the selected Python interpreter;
// 3. in a trusted workspace, PATH and ~/.local/bin, where pipx and uv install programs;
// 4. the virtual environment of this extension.
//
// With the setting semlens.server.shared (machine-scoped too), the program is the bridge to the resident server. An
// untrusted workspace gets a server of its own.

import * as path from "node:path";

export interface HostInfo {
  /** The setting semlens.server.path; empty: not set. */
  readonly setting: string;
  /** The setting semlens.server.arguments, used only with `setting`. */
  readonly settingArguments: readonly string[];
  /** The setting semlens.server.shared. */
  readonly isShared: boolean;
  readonly isTrusted: boolean;
  /** The selected Python interpreter, if one is known. */
  readonly python: string | undefined;
  readonly pathVariable: string;
  readonly home: string;
  /** Folders of the workspace. Programs in them are never used. */
  readonly workspaceFolders: readonly string[];
  /** The program in the extension's virtual environment; it may not exist. */
  readonly own: string;
  readonly platform: NodeJS.Platform;
  /** Whether a file exists and is executable. */
  readonly isProgram: (file: string) => boolean;
}

export interface ServerCommand {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly from: "setting" | "python" | "path" | "own";
}

const SHARED = "--shared";

/** Whether the command runs the bridge to the resident server. */
export function isShared(command: ServerCommand): boolean {
  return command.arguments.includes(SHARED);
}

/** The arguments that run `semlens mcp` instead of the language server. Undefined: the user's own ones run neither. */
export function mcpArguments(command: ServerCommand, folders: readonly string[]): string[] | undefined {
  const at = command.arguments.indexOf("serve");
  const roots = folders.flatMap((folder) => ["--root", folder]);
  return at < 0 ? undefined : [...command.arguments.slice(0, at), "mcp", ...roots];
}

export interface MissingServer {
  readonly reason: "wrong setting" | "not installed";
  /** Message for the user. */
  readonly problem: string;
}

export function resolveServer(host: HostInfo): ServerCommand | MissingServer {
  const found = findProgram(host);
  if ("problem" in found || isShared(found) || !host.isShared || !host.isTrusted) {
    return found;
  }
  return { ...found, arguments: [...found.arguments, SHARED] };
}

function findProgram(host: HostInfo): ServerCommand | MissingServer {
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
    : "In a workspace that you do not trust, only a server that this extension installed is run, and none is installed.";
  return { reason: "not installed", problem };
}

/** The folders of PATH, and ~/.local/bin. Leaves out relative folders and folders of the workspace. */
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
      problem: `The setting semlens.server.path, "${host.setting}", is not the absolute path of a program. Correct it or clear it.`,
    };
  }
  const serverArguments = host.settingArguments.length > 0 ? host.settingArguments : ["serve"];
  return { command, arguments: serverArguments, from: "setting" };
}
