// Where the server is. Looks and tells, runs nothing; returns data, so that tests need no editor.
//
// In this order:
// 1. the setting semlens.server.path (machine-scoped: no workspace can set it);
// 2. in a trusted workspace: `semlens` beside the interpreter that the Python extension has selected;
// 3. PATH;
// 4. where pipx and uv put programs.

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
  readonly platform: NodeJS.Platform;
  /** Whether a file is there and can be run. */
  readonly isProgram: (file: string) => boolean;
}

export interface Found {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly from: "setting" | "python" | "path" | "home";
}

export interface Missing {
  /** One sentence for the user. */
  readonly problem: string;
}

export function resolveServer(around: Surroundings): Found | Missing {
  const join = around.platform === "win32" ? path.win32 : path.posix;
  const program = around.platform === "win32" ? "semlens.exe" : "semlens";
  const serve = ["serve"];
  if (around.setting !== "") {
    const command = around.setting.replace(/^~(?=[/\\]|$)/, around.home);
    if (!join.isAbsolute(command) || !around.isProgram(command)) {
      return {
        problem: `"${around.setting}", the setting semlens.server.path, is not the absolute path of a program that can be run: correct it or clear it.`,
      };
    }
    const given = around.settingArguments.length > 0 ? around.settingArguments : serve;
    return { command, arguments: given, from: "setting" };
  }
  if (around.isTrusted && around.python !== undefined) {
    const beside = join.join(join.dirname(around.python), program);
    if (around.isProgram(beside)) {
      return { command: beside, arguments: serve, from: "python" };
    }
  }
  for (const folder of around.pathVariable.split(join.delimiter)) {
    // A relative folder would mean one inside the workspace.
    if (folder !== "" && join.isAbsolute(folder) && around.isProgram(join.join(folder, program))) {
      return { command: join.join(folder, program), arguments: serve, from: "path" };
    }
  }
  const usual = join.join(around.home, ".local", "bin", program);
  if (around.platform !== "win32" && around.isProgram(usual)) {
    return { command: usual, arguments: serve, from: "home" };
  }
  return {
    problem:
      "The semlens server is not installed: run `pipx install semlens` in a terminal, or set semlens.server.path.",
  };
}
