// Creates the rows and buttons of the picker.

import * as vscode from "vscode";
import { locationText, pathOf } from "../hits";
import type { Hit } from "../protocol";
import { containerOf, iconOf, labelText, markOf } from "../format";

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

/**
 * :param isLive: VS Code must not filter the list, because the server does.
 * :param isDim: the name is drawn as weakly as the place, and the signature is left out.
 */
export function hitItem(hit: Hit, isLive: boolean, isDim: boolean): Item {
  const container = containerOf(hit);
  const name = labelText(hit.name === "" ? pathOf(hit) : hit.name);
  const detail = isDim ? "" : labelText(hit.signature);
  const place = labelText(`${container === "" ? "" : `${container} · `}${locationText(hit)}${markOf(hit)}`);
  const icon = `$(${iconOf(hit.kind)})`;
  return {
    label: isDim
      ? icon
      : `${icon} ${name}${hit.dirty ? " $(circle-filled)" : ""}${hit.team === undefined ? "" : " $(organization)"}`,
    description: isDim ? `${name}  ${place}` : place,
    ...(detail === "" ? {} : { detail }),
    alwaysShow: isLive,
    buttons: ITEM_BUTTONS,
    hit,
  };
}

export function historyItem(query: string): Item {
  return { label: `$(history) ${labelText(query)}`, alwaysShow: true, query };
}
