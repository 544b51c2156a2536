// Formats values of the protocol as text for the user. Pure functions.

import type { ContextResult, Hit, SearchResult, Status } from "./protocol";

const ICONS: Readonly<Record<number, string>> = {
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
  15: "symbol-string",
  16: "symbol-number",
  17: "symbol-boolean",
  18: "symbol-array",
  19: "symbol-object",
  20: "symbol-key",
  21: "symbol-null",
  22: "symbol-enum-member",
  23: "symbol-struct",
  24: "symbol-event",
  25: "symbol-operator",
  26: "symbol-type-parameter",
};

/** The name of the theme icon for an LSP symbol kind. */
export function iconOf(kind: number): string {
  return ICONS[kind] ?? "symbol-misc";
}

// Control characters except tab and line feed, bidirectional marks, line separators, zero-width characters, tags, and
// lone surrogates.
const UNPRINTABLE =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\ud800-\udfff]/gu;

/** Escapes invisible characters in untrusted text of a repository. The server's core/text/printable.py says why. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** What is said behind the place of a hit that is not simply a file on disk. */
export function markOf(hit: Pick<Hit, "dirty" | "team">): string {
  return `${hit.dirty ? " (unsaved)" : ""}${hit.team === undefined ? "" : " (team)"}`;
}

/** The name of the class or other container; empty if that is the file or its folder, which are shown anyway. */
export function containerOf(hit: Hit): string {
  const container = hit.containerName ?? "";
  return `${hit.path ?? ""}/`.startsWith(`${container}/`)
    ? ""
    : oneLine(container.slice(container.lastIndexOf(".") + 1));
}

/** Like `printable`, on one line. */
export function oneLine(text: string): string {
  return printable(text.replace(/[ \t\r\n]+/g, " ").trim());
}

/** Like `oneLine`, for a label. Escapes `$(name)`, which VS Code would draw as an icon. */
export function labelText(text: string): string {
  return oneLine(text).replace(/\$\([A-Za-z0-9-]+(~[A-Za-z]+)?\)/g, "\\$&");
}

/** Like `oneLine`, for a notification. Breaks `[label](command:...)`, which VS Code would make a link. */
export function messageText(text: string): string {
  return oneLine(text).replace(/\](?=[([])/g, "] ");
}

/**
 * What a list says above its hits: how many there are, or that none fits.
 *
 * :param limit: how many hits the server returns at most. With as many, there may be more.
 */
export function listTitle(title: string, answer: SearchResult, limit: number): string {
  const notes = (answer.notes ?? []).slice(0, 1);
  if (!answer.complete) {
    notes.push("The index is not complete yet.");
  }
  const n = answer.hits.length;
  if (n === 0) {
    return ["Nothing found.", ...notes].join(" ");
  }
  if (answer.nothingFits === true) {
    return ["Nothing here seems to fit. The nearest code:", ...notes].join(" ");
  }
  return [`${title}: ${hitCount(n, limit)}`, ...notes].join(". ");
}

/** The number of hits, as in `20+ hits` where there may be more. */
export function hitCount(n: number, limit: number): string {
  return `${n}${n >= limit ? "+" : ""} ${n === 1 && limit > 1 ? "hit" : "hits"}`;
}

/** Text for the status bar. */
export function shortStatus(status: Status): string {
  const name = "$(telescope) semlens";
  if (status.problems.length > 0 && status.state === "degraded") {
    return "$(warning) semlens: degraded";
  }
  if (status.complete) {
    return status.state === "ready" ? name : `${name}: ${status.state}`;
  }
  const nAll = sum(status, "files");
  const nDone = nAll - sum(status, "pending");
  const progress = nAll > 0 && status.state === "indexing" ? ` ${Math.floor((100 * Math.max(nDone, 0)) / nAll)}%` : "";
  return `${name}: ${status.state}${progress}`;
}

/** The status report, several lines. */
export function statusReport(status: Status): string {
  const lines = [
    `State       ${status.state}${status.complete ? ", complete" : ""}${status.refining ? ", refining" : ""}`,
  ];
  for (const root of status.roots) {
    lines.push("", `Folder      ${oneLine(decodeURIComponent(root.uri.replace(/^file:\/\//, "")))}`);
    const pending = root.pending > 0 ? `, ${count(root.pending)} pending` : "";
    lines.push(
      `            ${count(root.files)} files, ${count(root.symbols)} symbols${pending}; watched: ${root.watching}`,
    );
    const skipped = Object.entries(root.skipped).map(([reason, n]) => `${count(n)} ${reason}`);
    if (skipped.length > 0) {
      lines.push(`            skipped: ${skipped.join(", ")}`);
    }
  }
  if (status.roots.length === 0) {
    lines.push("", "No folder is indexed. Open a folder.");
  }
  lines.push("");
  for (const tier of status.tiers) {
    const pending = tier.pending > 0 ? `, ${count(tier.pending)} pending` : "";
    lines.push(`Model       ${tier.model} (${tier.role}): ${count(tier.embedded)} passages${pending}`);
  }
  const megabytes = (nBytes: number): string => `${(nBytes / 1e6).toFixed(1)} MB`;
  lines.push(`Memory      ${megabytes(status.rssBytes)}`, `On disk     ${megabytes(status.indexBytes)}`);
  for (const { service, texts, bytes, redactions } of status.remote ?? []) {
    lines.push(
      `Sent        ${count(texts)} texts, ${megabytes(bytes)}, ${count(redactions)} secrets masked: to ${service}`,
    );
  }
  if ((status.remote ?? []).length === 0) {
    lines.push("Sent        nothing leaves this machine");
  }
  if (status.problems.length > 0) {
    lines.push(
      "",
      "Problems",
      ...status.problems.map((problem) => `  ${oneLine(`${problem.path}: ${problem.message}`)}`),
    );
  }
  return `${lines.join("\n")}\n`;
}

/** The size of a context, and what was omitted or masked. */
export function contextSummary(answer: ContextResult): string {
  const plural = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
  const parts = [`${count(answer.tokens)} of ${count(answer.budget)} tokens`, plural(answer.items.length, "piece")];
  if (answer.omitted > 0) {
    parts.push(`${count(answer.omitted)} omitted`);
  }
  if (answer.masked > 0) {
    parts.push(`${plural(answer.masked, "secret")} masked`);
  }
  return parts.join(", ");
}

function count(n: number): string {
  return n.toLocaleString("en");
}

function sum(status: Status, field: "files" | "pending"): number {
  return status.roots.reduce((total, root) => total + root[field], 0);
}
