// Which settings reach the server, and on which way.

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

test("the environment carries what the user has set, whatever the workspace says", () => {
  assert.equal(SETTINGS.userOnly(inspect), '{"models.refine":"none"}');
  assert.equal(
    SETTINGS.userOnly(() => undefined),
    "{}",
  );
});

test("an answer to the server carries nothing that is the user's", () => {
  assert.deepEqual(SETTINGS.shared(inspect, true), { "search.limit": 20, "files.exclude": ["a"] });
  assert.deepEqual(SETTINGS.shared(inspect, false), { "search.limit": 10 });
});
