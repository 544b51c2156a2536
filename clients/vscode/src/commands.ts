// Every command of the palette, the menus and the views.

import * as vscode from "vscode";
import type { Ctx } from "./ctx";
import { History } from "./picker/history";
import { Picker, type Uses } from "./picker/picker";
import { searchSource, similarSource, type Source } from "./picker/source";
import { seedOf, type Prompt } from "./prompt";
import { duplicateGroups, groupByFile, type Node, type Results } from "./results";
import type { Setup } from "./server/setup";
import type { StatusItems } from "./status";
import type { DuplicatesAnswer, Hit, Place, Status } from "./wire";

export interface Parts {
  readonly ctx: Ctx;
  readonly setup: Setup;
  readonly status: StatusItems;
  readonly prompt: Prompt;
  readonly results: Results;
}

export function registerCommands({ ctx, setup, status, prompt, results }: Parts): void {
  const history = new History();
  const open = async (source: Source, text: string): Promise<void> => {
    if ((await ctx.ready()) !== undefined) {
      await new Picker(ctx, source, history, uses).open(text);
    }
  };
  const similar = (uri: string, position: Place, name: string): Promise<void> =>
    open(similarSource(ctx, uri, position, name), "");
  const uses: Uses = {
    pin: (source, text, hits) => pin(results, source, text, hits),
    copyContext: (hit) => prompt.copy(seedOf(hit)),
    similar: (hit) => similar(hit.location.uri, hit.selectionRange.start, hit.name),
  };
  const control = async (method: string, params: object): Promise<Status | undefined> => {
    const answer = await ctx.ask<Status>(method, params);
    if (answer !== undefined) {
      ctx.show(answer);
    }
    return answer;
  };

  const commands: Record<string, (...given: never[]) => unknown> = {
    find: (query: unknown) => open(searchSource(ctx), typeof query === "string" ? query : ""),
    similar: () => {
      const editor = vscode.window.activeTextEditor;
      const { line, character } = editor?.selection.active ?? { line: 0, character: 0 };
      return editor && similar(editor.document.uri.toString(), { line, character }, `Line ${line + 1}`);
    },
    duplicates: () => showDuplicates(ctx, results),
    "context.copy": (given: unknown) => prompt.copy(given),
    "context.open": (given: unknown) => prompt.open(given),
    status: () => status.report(),
    reindex: () => control("semlens/reindex", { full: true }),
    pause: () => control("semlens/pause", {}),
    resume: () => control("semlens/resume", {}),
    restart: () => ctx.restart(),
    setup: () => setup.run(),
    log: () => ctx.output.show(),
    "results.refresh": () => results.refresh(),
    "results.clear": () => results.clear(),
    "results.copyAll": () => results.copy(),
    "results.copy": (node: Node, nodes?: Node[]) => results.copy(nodes ?? [node]),
    "results.dismiss": (node: Node, nodes?: Node[]) => results.dismiss(nodes ?? [node]),
    "results.openBeside": (node: Node) => results.openBeside(node),
  };
  for (const [name, run] of Object.entries(commands)) {
    ctx.subscribe(vscode.commands.registerCommand(`semlens.${name}`, run));
  }
}

function pin(results: Results, source: Source, text: string, hits: readonly Hit[]): Promise<void> {
  return results.list({
    title: source.isLive ? text : source.title,
    groups: groupByFile(hits),
    again: async () => {
      const { token } = new vscode.CancellationTokenSource();
      const answer = await source.ask(text, () => undefined, token);
      return answer && groupByFile(answer.hits);
    },
  });
}

async function showDuplicates(ctx: Ctx, results: Results): Promise<void> {
  const progress = {
    location: vscode.ProgressLocation.Notification,
    title: "Looking for duplicates",
    cancellable: true,
  };
  const again = async (): Promise<ReturnType<typeof duplicateGroups> | undefined> => {
    const answer = await vscode.window.withProgress(progress, (_bar, token) =>
      ctx.ask<DuplicatesAnswer>("semlens/duplicates", {}, token),
    );
    return answer && duplicateGroups(answer);
  };
  const groups = await again();
  if (groups?.length === 0) {
    void vscode.window.showInformationMessage("No code of five lines or more is written twice here.");
  } else if (groups !== undefined) {
    await results.list({ title: "Duplicates", groups, again });
  }
}
