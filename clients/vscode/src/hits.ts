// Converts a hit to what VS Code shows: path, icon, tooltip and range; and opens it in an editor.

import * as vscode from "vscode";
import type { Hit, Range } from "./protocol";
import { iconOf, oneLine, printable } from "./format";

export function uriOf(hit: Hit): vscode.Uri {
  return vscode.Uri.parse(hit.location.uri);
}

export function rangeOf(span: Range): vscode.Range {
  return new vscode.Range(span.start.line, span.start.character, span.end.line, span.end.character);
}

/** The path relative to the workspace folder. With several folders, the folder's name comes first; of a team, its repository. */
export function pathOf(hit: Hit): string {
  if (hit.team !== undefined && hit.path !== undefined) {
    return oneLine(`${hit.team}/${hit.path}`);
  }
  return oneLine(vscode.workspace.asRelativePath(uriOf(hit)));
}

export function locationText(hit: Hit): string {
  return `${pathOf(hit)}:${hit.selectionRange.start.line + 1}`;
}

export function themeIconOf(hit: Hit): vscode.ThemeIcon {
  const icon = iconOf(hit.kind);
  const colour = icon.startsWith("symbol-") ? `symbolIcon.${camelCase(icon.slice(7))}Foreground` : undefined;
  return new vscode.ThemeIcon(icon, colour === undefined ? undefined : new vscode.ThemeColor(colour));
}

export function tooltipOf(hit: Hit): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.appendMarkdown(`**${locationText(hit).replace(/[\\`*_{}[\]<>()#+\-.!|~&]/g, "\\$&")}**\n`);
  text.appendCodeblock(`${oneLine(hit.signature)}\n${printable(hit.snippet.text)}`, hit.language);
  return text;
}

export function isSame(first: Hit, second: Hit | undefined): boolean {
  return (
    first.location.uri === second?.location.uri &&
    first.name === second.name &&
    first.selectionRange.start.line === second.selectionRange.start.line
  );
}

/** Opens the hit with the cursor at its name. */
export async function openHit(hit: Hit, viewColumn: vscode.ViewColumn = vscode.ViewColumn.Active): Promise<void> {
  const start = rangeOf(hit.selectionRange).start;
  const selection = new vscode.Range(start, start);
  const options: vscode.TextDocumentShowOptions = { viewColumn, selection, preview: true };
  try {
    const editor = await vscode.window.showTextDocument(uriOf(hit), options);
    editor.revealRange(selection, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  } catch {
    // The file is gone, or too large for extensions. VS Code opens it or says why it cannot.
    await vscode.commands.executeCommand("vscode.open", uriOf(hit), options);
  }
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
