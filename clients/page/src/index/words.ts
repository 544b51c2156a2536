/** Numbers and states in words. */
import type { Status } from "../api/types";

export const STATES: Record<Status["state"], string> = {
  starting: "Starting",
  scanning: "Looking for files",
  indexing: "Indexing",
  ready: "Ready",
  paused: "Paused",
  degraded: "Ready, with problems",
  stopped: "Stopped",
};

export function summaryOf(now: Status): string {
  if (!now.complete) return "Searches are answered from what is indexed so far.";
  if (now.refining) return "Everything is searchable. A better model follows.";
  return now.state === "ready" ? "Everything is searchable." : "";
}

export function number(value: number): string {
  return value.toLocaleString("en");
}

export function size(bytes: number): string {
  const units = ["bytes", "KB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}
