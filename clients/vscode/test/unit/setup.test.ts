// The command Set Up Server, with a Python that only writes down what it is asked for.

import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { test } from "node:test";
import * as vscode from "vscode";
import type { Ctx } from "../../src/ctx";
import { Setup } from "../../src/server/setup";

const PYTHON = `#!/bin/sh
case "$*" in
*"-m venv"*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
*"-m pip"*) for requirement; do :; done; echo "$requirement" > "$(dirname "$0")/semlens" ;;
esac
`;
const CANCEL = undefined;

interface Asked {
  readonly buttons: string[];
  readonly messages: string[];
}

/** Runs the command with an old server in `folder`. The user answers with the button and the wheel. */
async function setUp(
  folder: string,
  serverPackage: string,
  button: string | undefined,
  wheel?: string,
): Promise<Asked> {
  const asked: Asked = { buttons: [], messages: [] };
  const python = path.join(path.dirname(folder), "python3");
  await fs.mkdir(path.join(folder, "bin"), { recursive: true });
  await fs.writeFile(path.join(folder, "bin", "semlens"), "old\n");
  await fs.writeFile(python, PYTHON, { mode: 0o755 });
  Object.assign(vscode.window, {
    showInformationMessage: (message: string, _options: unknown, ...buttons: string[]) => {
      asked.messages.push(message);
      asked.buttons.push(...buttons);
      return Promise.resolve(button);
    },
    showOpenDialog: () => Promise.resolve(wheel === undefined ? undefined : [{ fsPath: wheel }]),
  });
  const nothing = (): Promise<void> => Promise.resolve();
  const host = { platform: "linux", home: "/home/me", pathVariable: "", workspaceFolders: [], isTrusted: true, python };
  const ctx = {
    config: { serverPackage, setServerPackage: nothing },
    environmentFolder: folder,
    findServer: () => ({ command: path.join(folder, "bin", "semlens"), arguments: ["serve"], from: "own" }),
    hostInfo: () => ({ ...host, isProgram: () => false }),
    output: { info: () => undefined },
    problems: { show: (problem: string) => assert.fail(problem) },
    ensureRunning: nothing,
    restart: nothing,
    stop: nothing,
  };
  await new Setup(ctx as unknown as Ctx).run();
  return asked;
}

const AGAIN: readonly [string, string, string | undefined, string | undefined, string, string][] = [
  ["installs the package of the setting", "/w/semlens.whl", "Install", undefined, "Install", "/w/semlens.whl"],
  ["asks for a wheel without a package", "", "Choose Wheel...", "/w/new.whl", "Choose Wheel...", "/w/new.whl"],
  ["installs nothing without a wheel", "", "Choose Wheel...", undefined, "Choose Wheel...", "old"],
  ["installs nothing when the user cancels", "/w/semlens.whl", CANCEL, undefined, "Install", "old"],
];

for (const [name, serverPackage, button, wheel, offered, installed] of AGAIN) {
  test(`setup: Set Up Server again ${name}`, async () => {
    const parent = await fs.mkdtemp(path.join(os.tmpdir(), "semlens-unit-"));
    try {
      const folder = path.join(parent, "server");
      const asked = await setUp(folder, serverPackage, button, wheel);
      assert.deepEqual(asked.buttons, [offered]);
      assert.equal(await fs.readFile(path.join(folder, "bin", "semlens"), "utf8"), `${installed}\n`);
    } finally {
      await fs.rm(parent, { recursive: true });
    }
  });
}

test("setup: a cancelled installation says so, and that the server of before is kept", async (t) => {
  const parent = await fs.mkdtemp(path.join(os.tmpdir(), "semlens-unit-"));
  try {
    const cancelled = { onCancellationRequested: (stop: () => void) => stop() };
    t.mock.method(vscode.window, "withProgress", (_options: unknown, task: (...all: unknown[]) => unknown) =>
      task({ report: () => undefined }, cancelled),
    );
    const folder = path.join(parent, "server");
    const { messages } = await setUp(folder, "/w/semlens.whl", "Install");
    assert.match(messages[1] ?? "", /was cancelled\. The server that was installed before is kept\./);
    assert.equal(await fs.readFile(path.join(folder, "bin", "semlens"), "utf8"), "old\n");
  } finally {
    await fs.rm(parent, { recursive: true });
  }
});
