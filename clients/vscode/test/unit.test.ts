// What needs no editor: where the server is found, what is said of the index.

import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveServer, type Surroundings } from "../src/resolve";
import type { Status } from "../src/wire";
import { iconOf, shortStatus, statusReport } from "../src/words";

function around(programs: readonly string[], more: Partial<Surroundings> = {}): Surroundings {
  return {
    setting: "",
    settingArguments: [],
    isTrusted: true,
    python: undefined,
    pathVariable: "/usr/bin:/opt/tools",
    home: "/home/me",
    platform: "linux",
    isProgram: (file) => programs.includes(file),
    ...more,
  };
}

const EVERYWHERE = ["/custom/semlens", "/env/bin/semlens", "/opt/tools/semlens", "/home/me/.local/bin/semlens"];

const FOUND: readonly [string, Surroundings, string, string][] = [
  ["the setting comes first", around(EVERYWHERE, { setting: "/custom/semlens" }), "/custom/semlens", "setting"],
  ["then the Python environment", around(EVERYWHERE, { python: "/env/bin/python" }), "/env/bin/semlens", "python"],
  [
    "which an untrusted workspace may have chosen",
    around(EVERYWHERE, { python: "/env/bin/python", isTrusted: false }),
    "/opt/tools/semlens",
    "path",
  ],
  ["then PATH", around(EVERYWHERE), "/opt/tools/semlens", "path"],
  [
    "whose relative folders do not count",
    around(["bin/semlens", "./semlens", "/opt/tools/semlens"], { pathVariable: "bin:.::/opt/tools" }),
    "/opt/tools/semlens",
    "path",
  ],
  ["then the home folder", around(["/home/me/.local/bin/semlens"]), "/home/me/.local/bin/semlens", "home"],
  ["a tilde is the home folder", around(["/home/me/s"], { setting: "~/s" }), "/home/me/s", "setting"],
  [
    "Windows has its own name and separators",
    around(["C:\\tools\\semlens.exe"], { platform: "win32", pathVariable: "C:\\Windows;C:\\tools" }),
    "C:\\tools\\semlens.exe",
    "path",
  ],
];

for (const [name, surroundings, command, from] of FOUND) {
  test(`server: ${name}`, () => {
    assert.deepEqual(resolveServer(surroundings), { command, arguments: ["serve"], from });
  });
}

test("server: arguments of the setting replace the usual one", () => {
  const found = resolveServer(
    around(["/p/python"], { setting: "/p/python", settingArguments: ["-m", "semlens", "serve"] }),
  );
  assert.deepEqual(found, { command: "/p/python", arguments: ["-m", "semlens", "serve"], from: "setting" });
});

test("server: a wrong setting is named and nothing else is taken", () => {
  for (const setting of ["/nowhere/semlens", "semlens", "./semlens"]) {
    const found = resolveServer(around([...EVERYWHERE, "semlens", "./semlens"], { setting }));
    assert.ok("problem" in found && found.problem.includes("semlens.server.path") && found.problem.includes(setting));
  }
});

test("server: where there is none, the sentence says how to install it", () => {
  const found = resolveServer(around([]));
  assert.ok("problem" in found && found.problem.includes("pipx install semlens"));
});

const STATUS: Status = {
  state: "indexing",
  complete: false,
  refining: false,
  roots: [{ uri: "file:///w/a%20b", files: 300, symbols: 12345, pending: 100, watching: "client" }],
  tiers: [{ model: "m", role: "first", embedded: 9, pending: 1 }],
  generation: 3,
  rssBytes: 2e8,
  indexBytes: 1e6,
  problems: [{ path: "x.py", message: "too deep" }],
};

test("status: short and long", () => {
  assert.equal(shortStatus(STATUS), "$(sync~spin) semlens: indexing 75%");
  assert.equal(shortStatus({ ...STATUS, complete: true, state: "ready" }), "$(search-sparkle) semlens");
  const report = statusReport(STATUS);
  for (const part of ["/w/a b: 300 files, 12,345 symbols, 100 to go", "200.0 MB", "x.py: too deep", "9 embedded"]) {
    assert.ok(report.includes(part), `${part} in ${report}`);
  }
});

test("icons: every kind has one", () => {
  assert.equal(iconOf(12), "symbol-function");
  assert.equal(iconOf(99), "symbol-misc");
});
