// What the language-model tools answer, as text.

import * as vscode from "vscode";
import { markOf, oneLine, printable } from "./format";
import { pathOf } from "./hits";
import type { Edge, EdgesResult, Hit, SearchResult, Status } from "./protocol";

const CHARACTERS_PER_TOKEN = 3; // of paths and names, rather too few than too many
const SURE = 0.8;
const LIKELY = 0.5;

export function searchText(result: SearchResult): string {
  const { confidence, nothingFits } = result;
  const sure =
    confidence === undefined
      ? []
      : [`confidence ${confidence.toFixed(2)}${nothingFits === true ? ": nothing here seems to fit" : "."}`];
  const incomplete = result.complete ? [] : ["The index is not complete yet. Search again later for more hits."];
  const notes = (result.notes ?? []).map(oneLine);
  const hits = result.hits.length === 0 ? "No hits." : result.hits.map(hitText).join("\n\n");
  return `${[...sure, ...incomplete, ...notes, hits].join("\n")}\n`;
}

function hitText(hit: Hit): string {
  const container = hit.containerName === undefined ? "" : ` in ${hit.containerName}`;
  const snippet = `${hit.snippet.range.start.line + 1}: ${printable(hit.snippet.text).trim()}`;
  return `${placeText(hit)}  ${oneLine(hit.name + container)}\n  ${oneLine(hit.signature)}\n  ${snippet}`;
}

function placeText(hit: Hit): string {
  const { start, end } = hit.location.range;
  return `${pathOf(hit)}:${start.line + 1}-${end.line + 1}${markOf(hit)}`;
}

/** Places, then code. `left` is the number of tokens that the places may take. */
export function exploreText(callers: EdgesResult, callees: EdgesResult, code: string, left: number): string {
  const others = (callers.others ?? []).map((hit) => `another of that name: ${placeText(hit)}  ${oneLine(hit.name)}`);
  const head = [`definition:`, `  ${placeText(callers.symbol)}  ${oneLine(callers.symbol.name)}`, ...others].join("\n");
  const room = left * CHARACTERS_PER_TOKEN - head.length;
  const usedBy = edgesText("used by", callers, room * 0.6);
  const uses = edgesText("uses", callees, room - usedBy.length);
  return `${[head, usedBy, uses, code.trim()].filter((part) => part.length > 0).join("\n")}\n`;
}

/** Each edge below the one through which it leads on. */
function edgesText(title: string, { edges, omitted }: EdgesResult, room: number): string {
  if (edges.length === 0) {
    return `${title}: none found`;
  }
  const lines: string[] = [];
  let used = title.length;
  const add = (through: number | undefined): void => {
    for (const [index, edge] of edges.entries()) {
      if (edge.through !== through) {
        continue;
      }
      const line = edgeLine(edge);
      used += line.length + 1;
      if (used <= room) {
        lines.push(line);
      }
      add(index);
    }
  };
  add(undefined);
  const more = omitted + edges.length - lines.length;
  return [`${title}:`, ...lines, ...(more > 0 ? [`  and ${more} more`] : [])].join("\n");
}

function edgeLine({ hit, confidence, distance, test, kind }: Edge): string {
  const marks = [
    ...(kind === "call" ? [] : [kind]),
    ...(confidence >= SURE ? [] : [confidence >= LIKELY ? "likely" : "possible"]),
    ...(test ? ["test"] : []),
  ];
  return `${"  ".repeat(distance)}${placeText(hit)}  ${oneLine(hit.name)}${marks.length > 0 ? `  (${marks.join(", ")})` : ""}`;
}

const STATES: Readonly<Record<Status["state"], string>> = {
  starting: "The index is being built. What is missing may exist.",
  scanning: "The index is being built. What is missing may exist.",
  indexing: "Some changes are not searchable yet.",
  ready: "Complete and up to date.",
  paused: "Stale: indexing is paused, so changes since then are not found.",
  degraded: "Degraded: see the problems below.",
  stopped: "Stale: the index is not updated any more.",
};

export function statusText(status: Status): string {
  const state = status.complete || status.state !== "indexing" ? STATES[status.state] : STATES.starting;
  const roots = status.roots.map((root) => {
    const uri = vscode.Uri.parse(root.uri);
    const path = oneLine(vscode.workspace.getWorkspaceFolder(uri)?.name ?? uri.fsPath);
    return `${path}: ${root.files} files, ${root.symbols} symbols, ${root.pending} pending`;
  });
  const refining = status.refining ? ["Better vectors are still being computed; results may improve."] : [];
  const problems = status.problems.slice(0, 10).map(({ path, message }) => oneLine(`problem: ${path} ${message}`));
  return `${[state, ...roots, ...refining, ...problems].join("\n")}\n`;
}
