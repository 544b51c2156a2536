// Installs the server into a Python virtual environment in the extension's storage. Pure functions return the steps as
// data; `install` runs them.

import { spawn } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { programFolders, type HostInfo } from "./resolve";

export const MINIMUM_PYTHON = [3, 11] as const;
const NEWEST_MINOR = 14;

export interface Step {
  readonly title: string;
  readonly command: string;
  readonly arguments: readonly string[];
}

/** The path of the server's program in the virtual environment `folder`. */
export function environmentProgram(folder: string, platform: NodeJS.Platform): string {
  return platform === "win32"
    ? path.win32.join(folder, "Scripts", "semlens.exe")
    : path.posix.join(folder, "bin", "semlens");
}

/** Python interpreters to try, best first. The selected interpreter is used only in a trusted workspace. */
export function pythonCandidates(host: HostInfo): string[] {
  const join = host.platform === "win32" ? path.win32 : path.posix;
  const minors = Array.from({ length: NEWEST_MINOR - MINIMUM_PYTHON[1] + 1 }, (_, n) => NEWEST_MINOR - n);
  const names =
    host.platform === "win32"
      ? ["python.exe", "python3.exe"]
      : ["python3", ...minors.map((minor) => `python3.${minor}`), "python"];
  const inPath = names.flatMap((name) =>
    programFolders(host)
      .map((folder) => join.join(folder, name))
      .filter(host.isProgram),
  );
  const selected = host.isTrusted && host.python !== undefined ? [host.python] : [];
  return [...new Set([...selected, ...inPath])];
}

/**
 * The commands that create the environment and install the server.
 *
 * :param folder: it does not exist.
 * :param requirement: a requirement for pip, or the path of a wheel.
 */
export function installSteps(
  python: string,
  folder: string,
  requirement: string,
  host: Pick<HostInfo, "platform" | "home">,
): Step[] {
  const join = host.platform === "win32" ? path.win32 : path.posix;
  const environmentPython =
    host.platform === "win32" ? join.join(folder, "Scripts", "python.exe") : join.join(folder, "bin", "python");
  const package_ = requirement.replace(/^~(?=[/\\]|$)/, host.home);
  const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--upgrade"];
  return [
    { title: "creating an environment", command: python, arguments: ["-m", "venv", folder] },
    { title: "installing", command: environmentPython, arguments: [...pip, package_] },
  ];
}

export interface Reporter {
  /** Shows progress to the user. */
  readonly report: (line: string) => void;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/** :raises Error: with a message for the user, if no candidate is suitable. */
export async function choosePython(candidates: readonly string[], reporter: Reporter): Promise<string> {
  const [major, minor] = MINIMUM_PYTHON;
  const check = `import sys, venv, ensurepip; sys.exit(sys.version_info < (${major}, ${minor}))`;
  for (const python of candidates) {
    try {
      await run({ title: "", command: python, arguments: ["-c", check] }, reporter);
      return python;
    } catch {
      reporter.signal.throwIfAborted();
      reporter.log(`${python} is not Python ${major}.${minor} or later with venv.`);
    }
  }
  throw new Error(
    `No Python ${major}.${minor} or later with the module venv was found. Install one, or set semlens.server.path.`,
  );
}

const DELETE = { recursive: true, force: true, maxRetries: 5 };

/**
 * Runs the steps, which build an environment in `folder`. If one fails, the environment of before is there again.
 *
 * The programs of an environment contain its path, so a new one cannot be built elsewhere and moved. The old one is moved
 * aside instead.
 */
export async function install(steps: readonly Step[], folder: string, reporter: Reporter): Promise<void> {
  const [old, discarded] = [`${folder}.old`, `${folder}.discarded`];
  await fs.mkdir(path.dirname(folder), { recursive: true });
  await fs.rm(discarded, DELETE);
  if (await exists(old)) {
    await fs.rm(folder, DELETE); // incomplete, because an installation was killed
  } else if (await exists(folder)) {
    await fs.rename(folder, old);
  }
  try {
    for (const step of steps) {
      reporter.report(step.title);
      await run(step, reporter);
    }
  } catch (error) {
    await fs.rm(folder, DELETE);
    if (await exists(old)) {
      await fs.rename(old, folder);
    }
    throw error;
  }
  if (await exists(old)) {
    await fs.rename(old, discarded); // else a kill now would make the new environment look incomplete
    await fs.rm(discarded, DELETE).catch((error) => reporter.log(String(error)));
  }
}

function exists(file: string): Promise<boolean> {
  return fs.access(file).then(
    () => true,
    () => false,
  );
}

function run(step: Step, reporter: Reporter): Promise<void> {
  return new Promise((resolve, reject) => {
    reporter.log(`> ${step.command} ${step.arguments.join(" ")}`);
    const child = spawn(step.command, step.arguments, { signal: reporter.signal, stdio: ["ignore", "pipe", "pipe"] });
    let last = "";
    const onOutput = (chunk: Buffer): void => {
      for (const line of chunk.toString().split(/\r?\n/)) {
        if (line.trim() !== "") {
          last = line.trim();
          reporter.log(last);
          const name = /^(?:Collecting|Downloading|Installing collected packages:)\s+(\S+)/.exec(last)?.[1];
          if (name !== undefined) {
            reporter.report(`${step.title} ${name.replace(/[,;].*$/, "")}`);
          }
        }
      }
    };
    child.stdout.on("data", onOutput);
    child.stderr.on("data", onOutput);
    child.on("error", (error) => {
      // Processes that the child started may keep these open.
      child.stdout.destroy();
      child.stderr.destroy();
      if (child.pid === undefined) {
        reject(error);
      } else {
        child.once("exit", () => reject(error)); // a cancelled step writes until it ends
      }
    });
    child.on("close", (code) => {
      if (code === 0) {
        resolve();
      } else {
        reject(new Error(`${step.title || step.command} failed: ${last === "" ? `exit code ${code}` : last}`));
      }
    });
  });
}
