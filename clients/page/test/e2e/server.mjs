// The real `semlens http` on a copy of some code, in folders of its own.
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const repository = fileURLToPath(new URL("../../../..", import.meta.url));
const PYTHON = process.env.SEMLENS_PYTHON ?? path.join(repository, ".venv/bin/python");
const LINK = /https?:\/\/\S+[?&]token=\S+/;
export const DEADLINE_MS = Number(process.env.DEADLINE_MS ?? 120_000);

export function scratchFolder() {
  return fs.mkdtempSync(path.join(os.tmpdir(), "semlens-page-"));
}

/** Waits until `state` gives something. */
export async function until(state, what, deadlineMs = DEADLINE_MS) {
  for (const end = Date.now() + deadlineMs; ;) {
    const found = await state();
    if (found) return found;
    if (Date.now() > end) throw new Error(`This did not happen in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export class Server {
  constructor(scratch) {
    this.scratch = scratch;
    this.environment = {
      ...process.env,
      PYTHONPATH: [path.join(repository, "server"), process.env.PYTHONPATH].filter(Boolean).join(":"),
      SEMLENS_CACHE_DIR: path.join(scratch, "cache"),
      SEMLENS_CONFIG_DIR: path.join(scratch, "config"),
    };
    this.output = "";
  }

  command(...args) {
    return execFileSync(PYTHON, ["-m", "semlens", ...args], {
      env: this.environment,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Starts the server; `link` then has the URL with the one-time token, `origin` the address. */
  async start(...args) {
    this.process = spawn(PYTHON, ["-m", "semlens", "http", ...args], {
      env: this.environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on("data", (data) => (this.output += data));
    this.link = await until(() => {
      if (this.process.exitCode !== null) throw new Error(`semlens http ended: ${this.output}`);
      return LINK.exec(this.output)?.[0];
    }, "semlens http prints a link");
    this.origin = new URL(this.link).origin;
  }

  get residentProcess() {
    return JSON.parse(this.command("daemon", "status", "--json")).processId;
  }

  async stop() {
    if (this.process && this.process.exitCode === null) {
      const ended = new Promise((resolve) => this.process.once("exit", resolve));
      this.process.kill("SIGTERM");
      await ended;
    }
    try {
      this.command("daemon", "stop");
    } catch {
      // it ended by itself
    }
    fs.rmSync(this.scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}
