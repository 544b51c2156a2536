// Collects context for a prompt from a query, a selection or the cursor. Copies it, or opens it as a document.

import * as vscode from "vscode";
import type { Ctx } from "./ctx";
import { codeEditor } from "./cursor";
import type { Documents } from "./documents";
import type { ContextResult, Hit, Position, Range } from "./protocol";
import { contextSummary, labelText } from "./format";

/** What a context is about, as parameters of `semlens/context`. */
export interface ContextSubject {
  readonly query?: string;
  readonly textDocument?: { readonly uri: string };
  readonly position?: Position;
  readonly range?: Range;
}

interface Choice extends vscode.QuickPickItem {
  readonly subject: ContextSubject;
}

const MAX_TOKENS = 10_000_000;

export class Prompt {
  private nPacks = 0;

  constructor(
    private readonly ctx: Ctx,
    private readonly documents: Documents,
  ) {}

  /** :param argument: a subject, the URI from an editor's menu, or nothing: then the user chooses. */
  async copy(argument?: unknown): Promise<ContextResult | undefined> {
    const pack = await this.pack(argument);
    if (pack !== undefined) {
      await vscode.env.clipboard.writeText(pack.text);
      const open = "Open as Document";
      const message = `Copied the context: ${contextSummary(pack)}.`;
      void vscode.window
        .showInformationMessage(message, open)
        .then((answer) => (answer === open ? this.show(pack) : undefined));
    }
    return pack;
  }

  async open(argument?: unknown): Promise<ContextResult | undefined> {
    const pack = await this.pack(argument);
    if (pack !== undefined) {
      await this.show(pack);
      void vscode.window.setStatusBarMessage(`Context: ${contextSummary(pack)}`, 10_000);
    }
    return pack;
  }

  private async show(pack: ContextResult): Promise<void> {
    this.nPacks += 1;
    await this.documents.show(`Context ${this.nPacks}.md`, pack.text);
  }

  private async pack(argument: unknown): Promise<ContextResult | undefined> {
    const subject =
      argument instanceof vscode.Uri ? editorChoices()[0]?.subject : isSubject(argument) ? argument : await choose();
    const budget = subject === undefined ? undefined : this.ctx.config.contextBudget || (await askBudget());
    if (subject === undefined || budget === undefined) {
      return undefined;
    }
    const progress = {
      location: vscode.ProgressLocation.Notification,
      title: "Collecting context",
      cancellable: true,
    };
    return vscode.window.withProgress(progress, (_bar, token) =>
      this.ctx.request<ContextResult>("semlens/context", { ...subject, budget }, token),
    );
  }
}

export function subjectOf(hit: Hit): ContextSubject {
  return { textDocument: { uri: hit.location.uri }, position: hit.selectionRange.start };
}

function isSubject(argument: unknown): argument is ContextSubject {
  return (
    typeof argument === "object" && argument !== null && ["query", "position", "range"].some((name) => name in argument)
  );
}

/** The choices that the active editor offers, most specific first. */
function editorChoices(): Choice[] {
  const editor = codeEditor();
  if (editor === undefined) {
    return [];
  }
  const textDocument = { uri: editor.document.uri.toString() };
  const { start, end, active } = editor.selection;
  const choices: Choice[] = [];
  if (!editor.selection.isEmpty) {
    const lines = start.line === end.line ? `line ${start.line + 1}` : `lines ${start.line + 1} to ${end.line + 1}`;
    const range = { start: toPosition(start), end: toPosition(end) };
    choices.push({ label: "$(list-selection) The selection", description: lines, subject: { textDocument, range } });
  }
  const line = editor.document.lineAt(active.line).text.trim();
  choices.push({
    label: "$(symbol-method) The symbol at the cursor",
    description: labelText(`line ${active.line + 1}: ${line.slice(0, 60)}`),
    subject: { textDocument, position: toPosition(active) },
  });
  return choices;
}

/** vscode.Position is not encoded as a protocol position in JSON. */
function toPosition({ line, character }: vscode.Position): Position {
  return { line, character };
}

/** Lets the user choose a subject from a list. Typed text becomes the first choice, as a query. */
function choose(): Promise<ContextSubject | undefined> {
  const fixed: Choice[] = [
    ...editorChoices(),
    {
      label: "$(list-tree) A map of the workspace",
      description: "the most used symbols by folder",
      subject: { query: "" },
    },
  ];
  const pick = vscode.window.createQuickPick<Choice>();
  pick.title = "Context for Prompt";
  pick.placeholder = "Choose one, or describe what the prompt is about";
  pick.items = fixed;
  pick.onDidChangeValue((query) => {
    const queryChoice = {
      label: `$(telescope) Code about “${labelText(query)}”`,
      alwaysShow: true,
      subject: { query: query.trim() },
    };
    pick.items = query.trim() === "" ? fixed : [queryChoice, ...fixed];
  });
  return new Promise((resolve) => {
    pick.onDidAccept(() => {
      resolve(pick.activeItems[0]?.subject);
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
    title: "Context Budget",
    prompt: "Maximum number of tokens",
    value: "4000",
    validateInput: (text) =>
      /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_TOKENS
        ? undefined
        : "Enter a whole number from 1 to 10,000,000.",
  });
  return answer === undefined ? undefined : Number(answer);
}
