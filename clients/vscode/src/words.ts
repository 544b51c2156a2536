// The index in words. Pure.

import type { Status } from "./wire";

const ICONS: Readonly<Record<string, string>> = {
  1: "file",
  2: "symbol-module",
  3: "symbol-namespace",
  4: "symbol-package",
  5: "symbol-class",
  6: "symbol-method",
  7: "symbol-property",
  8: "symbol-field",
  9: "symbol-constructor",
  10: "symbol-enum",
  11: "symbol-interface",
  12: "symbol-function",
  13: "symbol-variable",
  14: "symbol-constant",
  22: "symbol-enum-member",
  23: "symbol-struct",
  24: "symbol-event",
  25: "symbol-operator",
  26: "symbol-type-parameter",
};

/** The name of the theme icon of one of LSP's symbol kinds. */
export function iconOf(kind: number): string {
  return ICONS[kind] ?? "symbol-misc";
}

/** For the status bar. */
export function shortStatus(status: Status): string {
  if (status.complete) {
    return status.state === "ready" ? "$(search-sparkle) semlens" : `$(search-sparkle) semlens: ${status.state}`;
  }
  const nDone = status.roots.reduce((sum, root) => sum + root.files, 0);
  const nAll = status.roots.reduce((sum, root) => sum + root.files + root.pending, 0);
  const share = nAll > 0 && nDone < nAll ? ` ${Math.floor((100 * nDone) / nAll)}%` : "";
  return `$(sync~spin) semlens: ${status.state}${share}`;
}

/** A report of several lines. */
export function statusReport(status: Status): string {
  const lines = [`State: ${status.state}${status.refining ? ", refining" : ""}, generation ${status.generation}`];
  for (const root of status.roots) {
    const pending = root.pending > 0 ? `, ${root.pending.toLocaleString("en")} to go` : "";
    const counts = `${root.files.toLocaleString("en")} files, ${root.symbols.toLocaleString("en")} symbols${pending}`;
    lines.push(`${decodeURIComponent(root.uri.replace(/^file:\/\//, ""))}: ${counts}, watched: ${root.watching}`);
  }
  if (status.roots.length === 0) {
    lines.push("No folder is indexed: open one.");
  }
  for (const tier of status.tiers) {
    const pending = tier.pending > 0 ? `, ${tier.pending.toLocaleString("en")} to go` : "";
    lines.push(`${tier.model} (${tier.role}): ${tier.embedded.toLocaleString("en")} embedded${pending}`);
  }
  const megabytes = (nBytes: number): string => `${(nBytes / 1e6).toFixed(1)} MB`;
  lines.push(`Memory ${megabytes(status.rssBytes)}, index on disk ${megabytes(status.indexBytes)}`);
  for (const problem of status.problems.slice(0, 10)) {
    lines.push(`${problem.path}: ${problem.message}`);
  }
  return lines.join("\n");
}
