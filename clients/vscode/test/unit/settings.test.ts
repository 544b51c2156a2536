// Which settings reach the server, by environment or by message.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerSettings, type SettingValues } from "../../src/server/settings";

const SETTINGS = new ServerSettings({
  "semlens.remote.url": { scope: "machine" },
  "semlens.models.refine": { scope: "machine" },
  "semlens.search.limit": { scope: "resource" },
  "semlens.files.exclude": { scope: "resource" },
});

const SET: Readonly<Record<string, SettingValues>> = {
  "remote.url": { workspaceValue: "http://evil", workspaceFolderValue: "http://evil" },
  "models.refine": { globalValue: "none", workspaceValue: "evil" },
  "search.limit": { globalValue: 10, workspaceValue: 20 },
  "files.exclude": { workspaceFolderValue: ["a"] },
};
const inspect = (name: string): SettingValues | undefined => SET[name];

test("the environment has the user's values, never those of a workspace", () => {
  assert.equal(SETTINGS.userOnly(inspect), '{"models.refine":"none"}');
  assert.equal(
    SETTINGS.userOnly(() => undefined),
    "{}",
  );
});

test("messages have no user-only settings", () => {
  assert.deepEqual(SETTINGS.shared(inspect, true), { "search.limit": 20, "files.exclude": ["a"] });
  assert.deepEqual(SETTINGS.shared(inspect, false), { "search.limit": 10 });
});
