// Context for a prompt: from a question, a selection or the cursor; copied, or opened as a document.

import * as vscode from "vscode";
import type { Ctx } from "./ctx";
import type { Documents } from "./documents";
import type { ContextAnswer, Hit, Place, Span } from "./wire";
import { contextSummary, labelText } from "./words";

/** What a pack is made of, as `semlens/context` takes it. */
export interface Seed {
  readonly query?: string;
  readonly textDocument?: { readonly uri: string };
  readonly position?: Place;
  readonly range?: Span;
}

interface Choice extends vscode.QuickPickItem {
  readonly seed: Seed;
}

const MOST_TOKENS = 10_000_000;

export class Prompt {
  private nPacks = 0;

  constructor(
    private readonly ctx: Ctx,
    private readonly documents: Documents,
  ) {}

  /** :param given: a seed, the URI that an editor's menu hands over, or nothing: then the user chooses. */
  async copy(given?: unknown): Promise<ContextAnswer | undefined> {
    const pack = await this.pack(given);
    if (pack !== undefined) {
      await vscode.env.clipboard.writeText(pack.text);
      const open = "Open as Document";
      const told = `Copied for a prompt: ${contextSummary(pack)}.`;
      void vscode.window
        .showInformationMessage(told, open)
        .then((answer) => (answer === open ? this.show(pack) : undefined));
    }
    return pack;
  }

  async open(given?: unknown): Promise<ContextAnswer | undefined> {
    const pack = await this.pack(given);
    if (pack !== undefined) {
      await this.show(pack);
      void vscode.window.setStatusBarMessage(`Context: ${contextSummary(pack)}`, 10_000);
    }
    return pack;
  }

  private async show(pack: ContextAnswer): Promise<void> {
    this.nPacks += 1;
    await this.documents.show(`Context ${this.nPacks}.md`, pack.text);
  }

  private async pack(given: unknown): Promise<ContextAnswer | undefined> {
    const seed = given instanceof vscode.Uri ? here()[0]?.seed : isSeed(given) ? given : await choose();
    const budget = seed === undefined ? undefined : this.ctx.config.contextBudget || (await askBudget());
    if (seed === undefined || budget === undefined) {
      return undefined;
    }
    const progress = {
      location: vscode.ProgressLocation.Notification,
      title: "Packing context",
      cancellable: true,
    };
    return vscode.window.withProgress(progress, (_bar, token) =>
      this.ctx.ask<ContextAnswer>("semlens/context", { ...seed, budget }, token),
    );
  }
}

export function seedOf(hit: Hit): Seed {
  return { textDocument: { uri: hit.location.uri }, position: hit.selectionRange.start };
}

function isSeed(given: unknown): given is Seed {
  return typeof given === "object" && given !== null && ["query", "position", "range"].some((name) => name in given);
}

/** What the active editor offers, the most particular first. */
function here(): Choice[] {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined || !["file", "untitled"].includes(editor.document.uri.scheme)) {
    return [];
  }
  const textDocument = { uri: editor.document.uri.toString() };
  const { start, end, active } = editor.selection;
  const choices: Choice[] = [];
  if (!editor.selection.isEmpty) {
    const lines = start.line === end.line ? `line ${start.line + 1}` : `lines ${start.line + 1} to ${end.line + 1}`;
    const range = { start: placeOf(start), end: placeOf(end) };
    choices.push({ label: "$(list-selection) The selection", description: lines, seed: { textDocument, range } });
  }
  const line = editor.document.lineAt(active.line).text.trim();
  choices.push({
    label: "$(symbol-method) The symbol at the cursor",
    description: labelText(`line ${active.line + 1}: ${line.slice(0, 60)}`),
    seed: { textDocument, position: placeOf(active) },
  });
  return choices;
}

/** A position of the editor writes itself to JSON in a way of its own. */
function placeOf({ line, character }: vscode.Position): Place {
  return { line, character };
}

/** A list of what can be packed; what is typed is one more choice, and the first. */
function choose(): Promise<Seed | undefined> {
  const fixed: Choice[] = [
    ...here(),
    {
      label: "$(list-tree) A map of the workspace",
      description: "the most used symbols by folder",
      seed: { query: "" },
    },
  ];
  const pick = vscode.window.createQuickPick<Choice>();
  pick.title = "Context for Prompt";
  pick.placeholder = "Take one of these, or type what the prompt is about";
  pick.items = fixed;
  pick.onDidChangeValue((query) => {
    const typed = {
      label: `$(telescope) Code about “${labelText(query)}”`,
      alwaysShow: true,
      seed: { query: query.trim() },
    };
    pick.items = query.trim() === "" ? fixed : [typed, ...fixed];
  });
  return new Promise((resolve) => {
    pick.onDidAccept(() => {
      resolve(pick.activeItems[0]?.seed);
      pick.hide();
    });
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
}

async function askBudget(): Promise<number | undefined> {
  const answer = await vscode.window.showInputBox({
    title: "Budget of the Context",
    prompt: "Tokens that it may take at most",
    value: "4000",
    validateInput: (text) =>
      /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= MOST_TOKENS ? undefined : "A whole number, 1 or more.",
  });
  return answer === undefined ? undefined : Number(answer);
}
