// "Find Code by Meaning": a QuickPick over semlens/search. The list is the server's, in its order: VS Code must neither
// filter nor sort it. Every keystroke cancels the question before.

import * as vscode from "vscode";
import { ProgressType, type LanguageClient } from "vscode-languageclient/node";
import type { Context } from "./context";
import type { Hit, Partial, SearchAnswer } from "./wire";
import { iconOf } from "./words";

const LIMIT = 40;

interface Item extends vscode.QuickPickItem {
  readonly hit?: Hit;
}

const PARTIAL = new ProgressType<Partial>();
const BESIDE: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon("split-horizontal"),
  tooltip: "Open to the Side",
};

let lastQuery = "";
let nQuestions = 0;

export function toItem(hit: Hit, client: LanguageClient): Item {
  const uri = client.protocol2CodeConverter.asUri(hit.location.uri);
  const place = `${hit.path ?? vscode.workspace.asRelativePath(uri)}:${hit.selectionRange.start.line + 1}`;
  return {
    label: `$(${iconOf(hit.kind)}) ${hit.name}${hit.dirty ? " $(circle-filled)" : ""}`,
    description: `${place}${hit.dirty ? " (unsaved)" : ""}`,
    ...(hit.signature === "" ? {} : { detail: hit.signature.replace(/\s+/g, " ") }),
    alwaysShow: true,
    buttons: [BESIDE],
    hit,
  };
}

/** Open the picker, with a question or with the last one selected. */
export async function findCode(context: Context, query?: string): Promise<void> {
  const client = await context.ready();
  if (client === undefined) {
    return;
  }
  const editor = vscode.window.activeTextEditor;
  const near = editor === undefined ? undefined : { uri: editor.document.uri.toString() };
  const pick = vscode.window.createQuickPick<Item>();
  pick.title = "Find Code by Meaning";
  pick.placeholder = "Describe what the code does, or name it (lang: kind: path: test:)";
  // Not in the typings: VS Code keeps this one for extensions that rank by themselves.
  (pick as unknown as { sortByLabel: boolean }).sortByLabel = false;
  pick.matchOnDescription = false;
  pick.matchOnDetail = false;
  let cancellation: vscode.CancellationTokenSource | undefined;
  let isOpen = true;

  const show = (hits: readonly Hit[]): void => {
    const chosen = pick.activeItems[0]?.hit;
    const items = hits.map((hit) => toItem(hit, client));
    pick.items = items;
    const same = items.find((item) => item.hit !== undefined && isSame(item.hit, chosen));
    if (hasMoved && same !== undefined) {
      pick.activeItems = [same];
    }
  };
  let hasMoved = false;
  let isShowing = false;

  const ask = async (text: string): Promise<void> => {
    cancellation?.cancel();
    cancellation?.dispose();
    cancellation = undefined;
    hasMoved = false;
    if (text.trim() === "") {
      pick.items = [];
      pick.busy = false;
      return;
    }
    const source = new vscode.CancellationTokenSource();
    cancellation = source;
    pick.busy = true;
    const refineToken = `semlens-vscode-${++nQuestions}`;
    const isCurrent = (): boolean => isOpen && cancellation === source;
    const display = (hits: readonly Hit[]): void => {
      isShowing = true;
      show(hits);
      isShowing = false;
    };
    const listener = client.onProgress(PARTIAL, refineToken, (partial) => {
      if (isCurrent()) {
        display(partial.hits);
      }
    });
    try {
      const params = { query: text, limit: LIMIT, textDocument: near, refineToken };
      const answer = await client.sendRequest<SearchAnswer>("semlens/search", params, source.token);
      if (!isCurrent()) {
        return; // a newer question is under way
      }
      if (answer.hits.length > 0) {
        display(answer.hits);
      } else {
        const indexing = answer.complete ? "" : " so far: the index is not complete yet";
        pick.items = [{ label: `Nothing found${indexing}`, alwaysShow: true }];
      }
      pick.title = answer.notes?.[0] ?? "Find Code by Meaning";
    } catch (error) {
      if (isCurrent() && !source.token.isCancellationRequested) {
        context.output.error(`search: ${String(error)}`);
        pick.items = [{ label: "$(error) The search failed", detail: String(error), alwaysShow: true }];
      }
    } finally {
      listener.dispose();
      if (isCurrent()) {
        pick.busy = false;
      }
    }
  };

  pick.onDidChangeValue((text) => void ask(text));
  pick.onDidChangeActive(() => {
    hasMoved ||= !isShowing && pick.activeItems[0] !== pick.items[0];
  });
  pick.onDidAccept(() => {
    const hit = pick.selectedItems[0]?.hit ?? pick.activeItems[0]?.hit;
    if (hit !== undefined) {
      pick.hide();
      void open(hit, client, vscode.ViewColumn.Active);
    }
  });
  pick.onDidTriggerItemButton((event) => {
    if (event.item.hit !== undefined) {
      pick.hide();
      void open(event.item.hit, client, vscode.ViewColumn.Beside);
    }
  });
  pick.onDidHide(() => {
    isOpen = false;
    lastQuery = pick.value.trim() === "" ? lastQuery : pick.value;
    cancellation?.cancel();
    cancellation?.dispose();
    pick.dispose();
  });
  pick.value = query ?? lastQuery;
  pick.show();
  if (pick.value !== "") {
    await ask(pick.value);
  }
}

function isSame(one: Hit, other: Hit | undefined): boolean {
  return (
    one.location.uri === other?.location.uri &&
    one.name === other.name &&
    one.selectionRange.start.line === other.selectionRange.start.line
  );
}

async function open(hit: Hit, client: LanguageClient, viewColumn: vscode.ViewColumn): Promise<void> {
  const uri = client.protocol2CodeConverter.asUri(hit.location.uri);
  const place = client.protocol2CodeConverter.asRange(hit.selectionRange);
  const editor = await vscode.window.showTextDocument(uri, { viewColumn });
  editor.selection = new vscode.Selection(place.start, place.start);
  editor.revealRange(place, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}
