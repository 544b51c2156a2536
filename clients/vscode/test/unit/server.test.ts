// Finding the server's program, and installing it.

import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { test } from "node:test";
import {
  choosePython,
  install,
  installSteps,
  environmentProgram,
  pythonCandidates,
} from "../../src/server/environment";
import { Backoff } from "../../src/server/backoff";
import { isShared, mcpArguments, resolveServer, type HostInfo } from "../../src/server/resolve";

const OWN = "/storage/server/bin/semlens";

function hostWith(programs: readonly string[], more: Partial<HostInfo> = {}): HostInfo {
  return {
    setting: "",
    settingArguments: [],
    isShared: false,
    isTrusted: true,
    python: undefined,
    pathVariable: "/usr/bin:/opt/tools",
    home: "/home/me",
    workspaceFolders: ["/home/me/project"],
    own: OWN,
    platform: "linux",
    isProgram: (file) => programs.includes(file),
    ...more,
  };
}

const EVERYWHERE = ["/custom/semlens", "/env/bin/semlens", "/opt/tools/semlens", "/home/me/.local/bin/semlens", OWN];

const FOUND: readonly [string, HostInfo, string, string][] = [
  ["1. the setting comes first", hostWith(EVERYWHERE, { setting: "/custom/semlens" }), "/custom/semlens", "setting"],
  ["2. then the Python environment", hostWith(EVERYWHERE, { python: "/env/bin/python" }), "/env/bin/semlens", "python"],
  ["3. then PATH", hostWith(EVERYWHERE), "/opt/tools/semlens", "path"],
  ["3. and where pipx puts programs", hostWith(EVERYWHERE.slice(3)), "/home/me/.local/bin/semlens", "path"],
  ["4. then the extension's own environment", hostWith([OWN]), OWN, "own"],
  [
    "a Python environment without the server is skipped",
    hostWith(["/opt/tools/semlens"], { python: "/env/bin/python" }),
    "/opt/tools/semlens",
    "path",
  ],
  [
    "an untrusted workspace uses neither the Python environment nor PATH",
    hostWith(EVERYWHERE, { python: "/env/bin/python", isTrusted: false }),
    OWN,
    "own",
  ],
  [
    "an untrusted workspace uses the user's setting",
    hostWith(EVERYWHERE, { setting: "/custom/semlens", isTrusted: false }),
    "/custom/semlens",
    "setting",
  ],
  [
    "relative folders of PATH are skipped",
    hostWith(["bin/semlens", "./semlens", "/opt/tools/semlens"], { pathVariable: "bin:.::/opt/tools" }),
    "/opt/tools/semlens",
    "path",
  ],
  [
    "folders of the workspace are skipped",
    hostWith(["/home/me/project/bin/semlens", "/home/me/project/semlens", OWN], {
      pathVariable: "/home/me/project/bin:/home/me/project",
    }),
    OWN,
    "own",
  ],
  [
    "folders with the same prefix as the workspace are not skipped",
    hostWith(["/home/me/projects/bin/semlens"], { pathVariable: "/home/me/projects/bin" }),
    "/home/me/projects/bin/semlens",
    "path",
  ],
  ["a tilde is the home folder", hostWith(["/home/me/s"], { setting: "~/s" }), "/home/me/s", "setting"],
  [
    "Windows has its own name and separators",
    hostWith(["C:\\tools\\semlens.exe"], { platform: "win32", pathVariable: "C:\\Windows;C:\\tools" }),
    "C:\\tools\\semlens.exe",
    "path",
  ],
];

for (const [name, host, command, from] of FOUND) {
  test(`server: ${name}`, () => {
    assert.deepEqual(resolveServer(host), { command, arguments: ["serve"], from });
  });
}

test("server: semlens.server.arguments replaces the default arguments", () => {
  const found = resolveServer(
    hostWith(["/p/python"], { setting: "/p/python", settingArguments: ["-m", "semlens", "serve"] }),
  );
  assert.deepEqual(found, { command: "/p/python", arguments: ["-m", "semlens", "serve"], from: "setting" });
});

const SHARED: readonly [string, Partial<HostInfo>, readonly string[]][] = [
  ["adds --shared", {}, ["serve", "--shared"]],
  ["adds it once", { setting: OWN, settingArguments: ["serve", "--shared"] }, ["serve", "--shared"]],
  ["adds it to semlens.server.arguments", { setting: OWN, settingArguments: ["-m", "x"] }, ["-m", "x", "--shared"]],
  ["has no effect in an untrusted workspace", { isTrusted: false }, ["serve"]],
];

for (const [name, more, expected] of SHARED) {
  test(`server: semlens.server.shared ${name}`, () => {
    const found = resolveServer(hostWith([OWN], { isShared: true, ...more }));
    assert.ok("arguments" in found);
    assert.deepEqual(found.arguments, expected);
    assert.equal(isShared(found), expected.includes("--shared"));
  });
}

test("server: the delay before a restart grows, and a server that fails quickly stays off", () => {
  const rows: readonly [number, number | undefined][] = [
    [0, 200],
    [9, 400],
    [30, 800],
    [0, 1600],
    [90, 200],
    [0, 400],
    [0, 800],
    [0, 1600],
    [0, 3200],
    [0, undefined],
    [0, 200],
  ]; // life in seconds, delay in milliseconds
  const backoff = new Backoff();
  assert.deepEqual(
    rows.map(([life]) => [life, backoff.lost(life * 1000)]),
    rows,
  );
  const delays = Array.from({ length: 10 }, () => backoff.lost(30_000));
  assert.equal(delays.at(-1), 30_000);
});

test("server: a wrong setting gives a problem that names it", () => {
  for (const setting of ["/nowhere/semlens", "semlens", "./semlens"]) {
    const found = resolveServer(hostWith([...EVERYWHERE, "semlens", "./semlens"], { setting }));
    assert.ok("problem" in found && found.reason === "wrong setting");
    assert.ok(found.problem.includes("semlens.server.path") && found.problem.includes(setting));
  }
});

test("server: the problem of a missing server says why", () => {
  const trusted = resolveServer(hostWith([]));
  assert.ok("problem" in trusted && trusted.reason === "not installed" && trusted.problem.includes("not installed"));
  const untrusted = resolveServer(hostWith(EVERYWHERE.slice(0, 4), { isTrusted: false }));
  assert.ok("problem" in untrusted && untrusted.problem.includes("do not trust"));
});

const PYTHONS = ["/env/bin/python", "/usr/bin/python3", "/usr/bin/python3.12", "/home/me/project/bin/python3"];

test("installing: the selected interpreter comes first, but not in an untrusted workspace", () => {
  const more = { python: "/env/bin/python", pathVariable: "/home/me/project/bin:/usr/bin" };
  const trusted = pythonCandidates(hostWith(PYTHONS, more));
  assert.deepEqual(trusted, ["/env/bin/python", "/usr/bin/python3", "/usr/bin/python3.12"]);
  const untrusted = pythonCandidates(hostWith(PYTHONS, { ...more, isTrusted: false }));
  assert.deepEqual(untrusted, ["/usr/bin/python3", "/usr/bin/python3.12"]);
});

const SOURCES: readonly [string, string][] = [
  ["semlens==1.2", "semlens==1.2"],
  ["/wheels/semlens-1.whl", "/wheels/semlens-1.whl"],
  ["~/semlens-1.whl", "/home/me/semlens-1.whl"],
];

for (const [setting, expected] of SOURCES) {
  test(`installing: the package "${setting}" installs ${expected}`, () => {
    const [venv, pip] = installSteps("/usr/bin/python3", "/storage/server", setting, hostWith([]));
    assert.equal(venv?.command, "/usr/bin/python3");
    assert.deepEqual(venv?.arguments, ["-m", "venv", "/storage/server"]);
    assert.equal(pip?.command, "/storage/server/bin/python");
    assert.equal(pip?.arguments.at(-1), expected);
  });
}

test("agents: the MCP server is the found program, with the folders of the workspace", () => {
  const server = { command: "/p", from: "setting" } as const;
  const arguments_ = (...args: string[]): unknown => mcpArguments({ ...server, arguments: args }, ["/w"]);
  assert.deepEqual(arguments_("-m", "semlens", "serve", "--shared"), ["-m", "semlens", "mcp", "--root", "/w"]);
  assert.equal(arguments_("other"), undefined);
});

test("installing: the program of an environment, by platform", () => {
  assert.equal(environmentProgram("/storage/server", "linux"), OWN);
  assert.equal(environmentProgram("C:\\s", "win32"), "C:\\s\\Scripts\\semlens.exe");
});

interface RecordingReporter {
  readonly reported: string[];
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
  readonly log: () => void;
}

function reporter(signal = new AbortController().signal): RecordingReporter {
  const reported: string[] = [];
  return { reported, signal, report: (line) => reported.push(line), log: () => undefined };
}

const shell = (script: string): { title: string; command: string; arguments: string[] } => ({
  title: "step",
  command: "/bin/sh",
  arguments: ["-c", script],
});

test("installing: packages are reported; a failure reports the last line and deletes the folder", async () => {
  const parent = await fs.mkdtemp(path.join(os.tmpdir(), "semlens-unit-"));
  const folder = path.join(parent, "deep", "server");
  try {
    const recorder = reporter();
    const good = shell(`mkdir -p "${folder}"; echo "Collecting numpy>=2"`);
    await install([good], folder, recorder);
    assert.deepEqual(recorder.reported, ["step", "step numpy>=2"]);
    const bad = shell("echo no such package >&2; exit 3");
    await fs.rm(folder, { recursive: true });
    await assert.rejects(install([good, bad], folder, reporter()), /step failed: no such package/);
    await assert.rejects(fs.stat(folder), /ENOENT/);
  } finally {
    await fs.rm(parent, { recursive: true });
  }
});

test("installing: the server of before is there again after a failure and after Cancel", async () => {
  const parent = await fs.mkdtemp(path.join(os.tmpdir(), "semlens-unit-"));
  const folder = path.join(parent, "server");
  const build = (version: string): ReturnType<typeof shell> => shell(`mkdir "${folder}"; touch "${folder}/${version}"`);
  const inside = (): Promise<string[]> => fs.readdir(folder);
  try {
    await install([build("1")], folder, reporter());
    await assert.rejects(install([build("2"), shell("exit 3")], folder, reporter()), /step failed/);
    assert.deepEqual(await inside(), ["1"]);
    const stop = new AbortController();
    const cancel = { ...reporter(stop.signal), report: () => stop.abort() };
    await assert.rejects(install([shell("exec sleep 600")], folder, cancel), /abort/i);
    assert.deepEqual(await inside(), ["1"]);
    await install([build("2")], folder, reporter());
    assert.deepEqual([await inside(), await fs.readdir(parent)], [["2"], ["server"]]);
  } finally {
    await fs.rm(parent, { recursive: true });
  }
});

test("installing: after a kill, the next installation starts over and still has the server of before", async () => {
  const parent = await fs.mkdtemp(path.join(os.tmpdir(), "semlens-unit-"));
  const folder = path.join(parent, "server");
  try {
    await fs.mkdir(path.join(folder, "incomplete"), { recursive: true });
    await fs.mkdir(path.join(`${folder}.old`, "1"), { recursive: true });
    await fs.mkdir(path.join(`${folder}.discarded`, "0"), { recursive: true });
    await assert.rejects(install([shell(`mkdir "${folder}" && exit 3`)], folder, reporter()), /exit code 3/);
    assert.deepEqual([await fs.readdir(folder), await fs.readdir(parent)], [["1"], ["server"]]);
  } finally {
    await fs.rm(parent, { recursive: true });
  }
});

test("installing: unsuitable interpreters are skipped, and none left is an error", async () => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "semlens-unit-"));
  try {
    await fs.writeFile(path.join(folder, "old"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    await fs.writeFile(path.join(folder, "good"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
    const [old, good] = [path.join(folder, "old"), path.join(folder, "good")];
    assert.equal(await choosePython([path.join(folder, "none"), old, good], reporter()), good);
    await assert.rejects(choosePython([old], reporter()), /Python 3\.11 or later/);
  } finally {
    await fs.rm(folder, { recursive: true });
  }
});
