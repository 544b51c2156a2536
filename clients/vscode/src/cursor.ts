// The place of the cursor in the active editor, for commands about the code there.

import * as vscode from "vscode";
import type { Position } from "./protocol";

/** The active editor if it shows code that the server knows. Outputs, settings and contexts are none. */
export function codeEditor(): vscode.TextEditor | undefined {
  const editor = vscode.window.activeTextEditor;
  return editor !== undefined && ["file", "untitled"].includes(editor.document.uri.scheme) ? editor : undefined;
}

/** Undefined: no file is active, and the user was told so. */
export function placeAtCursor(): { readonly uri: string; readonly position: Position } | undefined {
  const editor = codeEditor();
  if (editor === undefined) {
    void vscode.window.showInformationMessage("Open a file and put the cursor on a symbol first.");
    return undefined;
  }
  const { line, character } = editor.selection.active;
  return { uri: editor.document.uri.toString(), position: { line, character } };
}
