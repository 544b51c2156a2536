// Settings of the extension with a wrong value, which VS Code hands over as it is.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as vscode from "vscode";
import { Config } from "../../src/config";

/** A configuration with these values of the user, and the problems that the user was told. */
function configWith(values: Record<string, unknown>): { config: Config; told: string[] } {
  const settings = { get: (name: string, fallback: unknown) => (name in values ? values[name] : fallback) };
  (vscode.workspace as { getConfiguration: unknown }).getConfiguration = () => settings;
  const told: string[] = [];
  const config = new Config({ contributes: { configuration: [] } }, (problem) => told.push(problem));
  return { config, told };
}

const WRONG = [
  ["server.path", 5, (config: Config) => config.serverPath, "", "a string"],
  ["server.path", null, (config: Config) => config.serverPath, "", "a string"],
  ["server.arguments", "serve", (config: Config) => config.serverArguments, [], "a list of strings"],
  ["server.arguments", ["-m", 5], (config: Config) => config.serverArguments, [], "a list of strings"],
  ["server.package", {}, (config: Config) => config.serverPackage, "", "a string"],
  ["picker.preview", "no", (config: Config) => config.hasPreview, true, "true or false"],
  ["context.budget", "all", (config: Config) => config.contextBudget, 4000, "a number"],
] as const;

for (const [name, value, read, fallback, kind] of WRONG) {
  test(`config: ${name} = ${JSON.stringify(value)} is told once, and its default is used`, () => {
    const { config, told } = configWith({ [name]: value });
    assert.deepEqual(read(config), fallback);
    assert.deepEqual(read(config), fallback);
    assert.deepEqual(told, [`The setting semlens.${name} must be ${kind}. Its default is used.`]);
  });
}

test("config: a corrected setting that is wrong again is told again", () => {
  const values: Record<string, unknown> = { "server.path": 5 };
  const { config, told } = configWith(values);
  for (const value of [5, "/bin/semlens", 5]) {
    values["server.path"] = value;
    assert.equal(config.serverPath, value === 5 ? "" : value);
  }
  assert.equal(told.length, 2);
});

test("config: of a setting that the server checks too, the server tells", () => {
  const { config, told } = configWith({ "search.limit": "many", "server.shared": "yes" });
  assert.equal(config.searchLimit, 20);
  assert.equal(config.isShared, false);
  assert.deepEqual(told, []);
});
