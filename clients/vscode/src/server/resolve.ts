// Where the server is. Looks and tells, runs nothing; returns data, so that tests need no editor.
//
// In this order:
// 1. the setting semlens.server.path (machine-scoped: no workspace can set it);
// 2. in a trusted workspace, `semlens` beside the Python interpreter that is selected;
// 3. in a trusted workspace, `semlens` in PATH, and where pipx and uv put programs;
// 4. the environment that this extension made for itself.

import * as path from "node:path";

export interface Surroundings {
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

export interface Found {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly from: "setting" | "python" | "path" | "own";
}

export interface Missing {
  readonly reason: "wrong setting" | "not installed";
  /** One sentence for the user. */
  readonly problem: string;
}

export function resolveServer(around: Surroundings): Found | Missing {
  if (around.setting !== "") {
    return fromSetting(around);
  }
  const join = around.platform === "win32" ? path.win32 : path.posix;
  const program = around.platform === "win32" ? "semlens.exe" : "semlens";
  const serve = ["serve"];
  if (around.isTrusted && around.python !== undefined) {
    const beside = join.join(join.dirname(around.python), program);
    if (around.isProgram(beside)) {
      return { command: beside, arguments: serve, from: "python" };
    }
  }
  if (around.isTrusted) {
    const command = programFolders(around)
      .map((folder) => join.join(folder, program))
      .find(around.isProgram);
    if (command !== undefined) {
      return { command, arguments: serve, from: "path" };
    }
  }
  if (around.isProgram(around.own)) {
    return { command: around.own, arguments: serve, from: "own" };
  }
  const why = around.isTrusted
    ? "The semlens server is not installed."
    : "In a workspace that you do not trust, only a server of this extension's own is run, and there is none yet.";
  return { reason: "not installed", problem: why };
}

/** The folders of PATH, and the usual one, where a program may lie: none of the workspace's, none that is relative. */
export function programFolders(
  around: Pick<Surroundings, "pathVariable" | "home" | "workspaceFolders" | "platform">,
): string[] {
  const join = around.platform === "win32" ? path.win32 : path.posix;
  const usual = around.platform === "win32" ? [] : [join.join(around.home, ".local", "bin")];
  const isInWorkspace = (folder: string): boolean =>
    around.workspaceFolders.some((root) => {
      const relative = join.relative(root, folder);
      return relative === "" || !(relative.startsWith("..") || join.isAbsolute(relative));
    });
  return [...around.pathVariable.split(join.delimiter), ...usual].filter(
    (folder) => folder !== "" && join.isAbsolute(folder) && !isInWorkspace(folder),
  );
}

function fromSetting(around: Surroundings): Found | Missing {
  const join = around.platform === "win32" ? path.win32 : path.posix;
  const command = around.setting.replace(/^~(?=[/\\]|$)/, around.home);
  if (!join.isAbsolute(command) || !around.isProgram(command)) {
    return {
      reason: "wrong setting",
      problem: `"${around.setting}", the setting semlens.server.path, is not the absolute path of a program that can be run: correct it or clear it.`,
    };
  }
  const given = around.settingArguments.length > 0 ? around.settingArguments : ["serve"];
  return { command, arguments: given, from: "setting" };
}
