// What the Marketplace and VS Code read of the package: the manifest and the page.

import assert from "node:assert/strict";
import * as fs from "node:fs";
import { test } from "node:test";
import manifest from "../../package.json";

const page = fs.readFileSync("README.md", "utf8");
const packed = fs
  .readFileSync(".vscodeignore", "utf8")
  .split("\n")
  .filter((line) => line.startsWith("!"))
  .map((line) => new RegExp(`^${line.slice(1).replaceAll(".", "\\.").replaceAll("*", "[^/]*")}$`));

test("the page's pictures and links are files of the package", () => {
  const targets = [...page.matchAll(/\]\(([^)]+)\)/g)].map((match) => match[1] ?? "");
  assert.ok(targets.length >= 4);
  for (const target of targets) {
    assert.ok(packed.some((one) => one.test(target)) && fs.existsSync(target), target);
  }
});

test("the walkthrough's pictures are files of the package", () => {
  const pictures = manifest.contributes.walkthroughs.flatMap((one) => one.steps.map((step) => step.media.image));
  assert.deepEqual(
    pictures.filter((picture) => !fs.existsSync(picture) || !packed.some((one) => one.test(picture))),
    [],
  );
});

test("everything has one name", () => {
  const { commands, configuration, viewsContainers } = manifest.contributes;
  assert.deepEqual([...new Set(commands.map((command) => command.category))], ["semlens"]);
  assert.deepEqual(
    viewsContainers.activitybar.map((one) => one.title),
    ["semlens"],
  );
  const titles = configuration.map((section) => section.title);
  assert.deepEqual(titles, [
    "Search",
    "Files",
    "Models",
    "Remote service",
    "Agents",
    "Shared index and team",
    "Server",
  ]);
});

test("no default key types a character or belongs to VS Code", () => {
  for (const { key, when } of manifest.contributes.keybindings) {
    assert.doesNotMatch(key, /ctrl\+alt/, "Ctrl+Alt is AltGr");
    assert.ok(when);
  }
});
