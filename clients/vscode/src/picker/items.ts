// Creates the rows and buttons of the picker.

import * as vscode from "vscode";
import { containerOf, pathOf, locationText } from "../hits";
import type { Hit } from "../protocol";
import { iconOf, labelText } from "../format";

export interface Item extends vscode.QuickPickItem {
  readonly hit?: Hit;
  /** An earlier query. */
  readonly query?: string;
}

function button(icon: string, tooltip: string): vscode.QuickInputButton {
  return { iconPath: new vscode.ThemeIcon(icon), tooltip };
}

export const BESIDE = button("split-horizontal", "Open to the Side");
export const COPY_CONTEXT = button("copy", "Copy Context for Prompt");
export const SIMILAR = button("references", "Find Similar Code");

export const LAST_QUERY = button("history", "Repeat Last Query");
export const LANGUAGE = button("code", "Filter by Language");
export const KIND = button("symbol-class", "Filter by Kind");
export const TESTS = button("beaker", "With Tests, Without Tests, Tests Only");
export const PIN = button("pin", "Pin Results");

const ITEM_BUTTONS = [BESIDE, COPY_CONTEXT, SIMILAR];

/** :param isLive: VS Code must not filter the list, because the server does. */
export function hitItem(hit: Hit, isLive: boolean): Item {
  const container = containerOf(hit);
  const name = labelText(hit.name === "" ? pathOf(hit) : hit.name);
  const detail = labelText(hit.signature);
  return {
    label: `$(${iconOf(hit.kind)}) ${name}${hit.dirty ? " $(circle-filled)" : ""}`,
    description: labelText(
      `${container === "" ? "" : `${container} · `}${locationText(hit)}${hit.dirty ? " (unsaved)" : ""}`,
    ),
    ...(detail === "" ? {} : { detail }),
    alwaysShow: isLive,
    buttons: ITEM_BUTTONS,
    hit,
  };
}

export function historyItem(query: string): Item {
  return { label: `$(history) ${labelText(query)}`, alwaysShow: true, query };
}

export function messageItem(label: string, detail?: string): Item {
  return { label, alwaysShow: true, ...(detail === undefined ? {} : { detail: labelText(detail) }) };
}
