// A small test runner for the extension host. Prints TAP to the workbench's log.

import * as vscode from "vscode";
import type { Ctx } from "../../src/ctx";

const DEADLINE_MS = 300_000;
const PAUSE_MS = 25;

interface Test {
  readonly name: string;
  readonly body: () => Promise<void>;
}

const tests: Test[] = [];

export function test(name: string, body: () => Promise<void>): void {
  tests.push({ name, body });
}

/** Waits until the probe returns a true value. :raises Error: after the deadline, with `what`. */
export async function until<T>(what: string, probe: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (const end = Date.now() + DEADLINE_MS; ;) {
    const value = await probe();
    if (value) {
      return value;
    }
    if (Date.now() > end) {
      throw new Error(`still waiting: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** The context of the installed extension. */
export async function context(): Promise<Ctx> {
  const extension = vscode.extensions.getExtension<Ctx>("semlens.semlens");
  if (extension === undefined) {
    throw new Error("The extension is not installed.");
  }
  return extension.activate();
}

export async function closeEditors(): Promise<void> {
  await vscode.commands.executeCommand("workbench.action.closeQuickOpen");
  await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
}

export async function runTests(): Promise<void> {
  const failed: string[] = [];
  for (const { name, body } of tests) {
    const started = Date.now();
    try {
      await body();
      console.log(`ok - ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failed.push(name);
      console.log(`not ok - ${name}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }
  console.log(`# ${tests.length - failed.length} passed, ${failed.length} failed`);
  if (failed.length > 0) {
    throw new Error(`failed: ${failed.join("; ")}`);
  }
}
